import { nameRoots } from '../domain/root-names.js';
import { headlineOf, type Headline } from './headline.js';
import { html } from './html.js';
import { sign } from './marks.js';
import type { PagePart } from './parts.js';
import type { RootView } from './view.js';

/** How a root is called, and how it fares, in a few words. */
export interface Glance extends Pick<Headline, 'tone' | 'title'> {
  readonly name: string;
  readonly folder: string;
  readonly root: RootView;
}

/** Each root at a glance. */
export function glancesOf(roots: readonly RootView[]): Glance[] {
  const folders = roots.map((root) => (root.read ? root.status.root : root.root));
  const names = new Map([...nameRoots(folders)].map(([name, folder]) => [folder, name]));
  return roots.map((root, index) => {
    const folder = folders[index] ?? '';
    const { tone, title } = root.read ? headlineOf(root.status) : UNREAD;
    return { name: names.get(folder) ?? folder, folder, root, tone, title };
  });
}

const UNREAD = { tone: 'bad', title: 'Could not be read' } as const;

/** The way to each root. */
export function overviewOf(glances: readonly Glance[]): PagePart {
  const items = glances.map(
    ({ name, tone, title }, index) =>
      html`<li>${sign(tone)} <a href="#r${index}">${name}</a> <span class="quiet">${title}</span></li>`,
  );
  const markup = html`<nav id="roots" aria-label="Roots">
    <ul>
      ${items}
    </ul>
  </nav>`;
  return { id: 'roots', aside: false, markup };
}
