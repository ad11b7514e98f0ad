import type { Instant } from '../domain/release.js';
import type { Run, RunPhase } from '../domain/run.js';
import { phaseWord } from './headline.js';
import { html, type Markup } from './html.js';
import { span } from './moments.js';

/** A phase and how long it lasted, in milliseconds; `goesOn`: until now. */
export interface Lasted {
  readonly phase: RunPhase['at'];
  readonly ms: number;
  readonly goesOn: boolean;
}

/** How long each phase of a run lasted. */
export function lastedOf({ phases, endedAt }: Pick<Run, 'phases' | 'endedAt'>, now: Instant): Lasted[] {
  return phases.map(({ at, since }, index) => {
    const next = phases[index + 1]?.since ?? endedAt;
    return { phase: at, ms: Math.max(0, (next ?? now) - since), goesOn: next === null };
  });
}

const WIDTH = 1000;
// What took no time to speak of is seen all the same.
const LEAST = 12;

/** The phases as a bar, for the eye; the list below it says the same in words. */
export function phaseBar(lasted: readonly Lasted[]): Markup | null {
  const all = lasted.reduce((sum, { ms }) => sum + ms, 0);
  if (lasted.length === 0) return null;
  const widths = lasted.map(
    ({ ms }) => LEAST + (all === 0 ? 0 : (ms / all) * (WIDTH - LEAST * lasted.length)),
  );
  const bars = lasted.map(({ phase }, index) => {
    const x = widths.slice(0, index).reduce((sum, width) => sum + width, 0);
    return html`<rect
      class="${phase}"
      x="${x.toFixed(1)}"
      width="${Math.max(4, (widths[index] ?? 0) - 4).toFixed(1)}"
      height="10"
    ></rect>`;
  });
  return html`<svg class="bar" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">
    ${bars}
  </svg>`;
}

/** The same as a list. */
export function phaseList(lasted: readonly Lasted[]): Markup | null {
  if (lasted.length === 0) return null;
  const items = lasted.map(
    ({ phase, ms, goesOn }) =>
      html`<li>
        <svg class="key" viewBox="0 0 10 10" aria-hidden="true">
          <rect class="${phase}" width="10" height="10"></rect>
        </svg>
        ${phaseWord(phase)} <span class="quiet">${span(ms)}${goesOn ? ' so far' : ''}</span>
      </li>`,
  );
  return html`<ol class="phases" aria-label="Phases">
    ${items}
  </ol>`;
}
