import { headlineOf, type Headline } from './headline.js';
import { html } from './html.js';
import { sign } from './marks.js';
import type { PagePart } from './parts.js';
import type { RootView } from './view.js';

/** The way to each root, with how it fares. */
export function overviewOf(roots: readonly RootView[]): PagePart {
  const items = roots.map((root, index) => {
    const { tone, title } = glanceOf(root);
    return html`<li>
      ${sign(tone)} <a href="#r${index}">${nameOf(root)}</a> <span class="quiet">${title}</span>
    </li>`;
  });
  const markup = html`<nav id="roots" aria-label="Roots">
    <ul>
      ${items}
    </ul>
  </nav>`;
  return { id: 'roots', aside: false, markup };
}

/** How a root fares, in a few words. */
export function glanceOf(root: RootView): Pick<Headline, 'tone' | 'title'> {
  return root.read ? headlineOf(root.status) : { tone: 'bad', title: 'Could not be read' };
}

/** What a root is called: the last part of its path. */
export function nameOf(view: RootView): string {
  const path = view.read ? view.status.root : view.root;
  return /[^\\/]+(?=[\\/]*$)/.exec(path)?.[0] ?? path;
}
