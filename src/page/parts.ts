import { gatesSection } from './gates.js';
import { html, type Markup } from './html.js';
import { looksSection } from './looks.js';
import { sign } from './marks.js';
import { processesSection } from './processes.js';
import { quarantineSection } from './quarantine.js';
import { rulesSection } from './rules.js';
import { runsSection } from './runs.js';
import { stateSection } from './state.js';
import type { RootFacts, RootView, Telling } from './view.js';

/** A part of a page that is brought up to date by itself. */
export interface PagePart {
  readonly id: string;
  /** Whether it stands beside the others, where there is room. */
  readonly aside: boolean;
  readonly markup: Markup;
}

type Section = (facts: RootFacts, telling: Telling) => Markup | null;

const SECTIONS: readonly { name: string; aside: boolean; section: Section }[] = [
  { name: 'state', aside: false, section: stateSection },
  { name: 'gates', aside: false, section: gatesSection },
  { name: 'processes', aside: false, section: processesSection },
  { name: 'runs', aside: false, section: runsSection },
  { name: 'quarantine', aside: true, section: quarantineSection },
  { name: 'looks', aside: true, section: looksSection },
  { name: 'rules', aside: true, section: rulesSection },
];

/** The parts of a root, in their order: always the same ones, so that each finds its place again. */
export function rootParts(view: RootView, index: number, telling: Telling): PagePart[] {
  return SECTIONS.map(({ name, aside, section }) => {
    const id = `r${index}-${name}`;
    const content = view.read ? section(view, telling) : name === 'state' ? unread(view) : null;
    return {
      id,
      aside,
      markup: html`<section id="${id}" ${content === null ? HIDDEN : null}>${content}</section>`,
    };
  });
}

const HIDDEN = html` hidden`;

function unread({ problem, hint }: Extract<RootView, { read: false }>): Markup {
  return html`<div class="state bad">
    <h3>${sign('bad')} This root could not be read</h3>
    <p class="why">${problem}</p>
    ${hint === null ? null : html`<p class="quiet">→ ${hint}</p>`}
  </div>`;
}
