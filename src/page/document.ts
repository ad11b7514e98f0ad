import { html, Markup } from './html.js';
import { timeOfDay } from './moments.js';
import { glancesOf, overviewOf, type Glance } from './overview.js';
import { rootParts, type PagePart } from './parts.js';
import { SCRIPT } from './script.js';
import { STYLE } from './style.js';
import type { PageView } from './view.js';

/** How a page comes to whoever reads it: from a server that goes on telling, or as a file. */
export type Delivery =
  | { readonly kind: 'live'; readonly version: string }
  /** `policy`: the Content-Security-Policy, which nobody sends with a file. */
  | { readonly kind: 'file'; readonly policy: string };

/** A page, taken apart: a live one is brought up to date part by part. */
export interface Page {
  /** The state of all roots in a few words; also what is told to those who hear the page. */
  readonly title: string;
  readonly machines: string;
  /** The time of day at which all this was so, and in which zone the page tells moments. */
  readonly asOf: string;
  readonly zone: string;
  /** The way to each root, where there are several. */
  readonly overview: PagePart | null;
  readonly roots: readonly (Pick<Glance, 'name' | 'folder'> & { readonly parts: readonly PagePart[] })[];
}

/** Renders what is known. */
export function pageOf(view: PageView): Page {
  const { roots, now, zone } = view;
  const glances = glancesOf(roots);
  const names = roots.flatMap((root) => (root.read ? [root.status.machine.name] : []));
  return {
    title: glances.map(({ name, title }) => `${name}: ${title}`).join('; '),
    machines: [...new Set(names)].join(', ') || 'pm2-gitops',
    ...{ asOf: timeOfDay(now, zone), zone },
    overview: roots.length < 2 ? null : overviewOf(glances),
    roots: glances.map(({ name, folder, root }, index) => ({
      ...{ name, folder },
      parts: rootParts(root, index, view),
    })),
  };
}

/** All parts of a page. */
export function partsOf({ overview, roots }: Page): PagePart[] {
  return [...(overview === null ? [] : [overview]), ...roots.flatMap(({ parts }) => parts)];
}

/** The whole document. */
export function documentOf(page: Page, delivery: Delivery): string {
  return html`<!doctype html>
    <html lang="en">
      ${head(page, delivery)} ${body(page, delivery)}
    </html> `.text;
}

function head({ title }: Page, delivery: Delivery): Markup {
  const policy =
    delivery.kind === 'live'
      ? null
      : html`<meta http-equiv="Content-Security-Policy" content="${delivery.policy}" />`;
  return html`<head>
    <meta charset="utf-8" />
    ${policy}
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="robots" content="noindex" />
    <title>${title}</title>
    <link rel="icon" href="data:," />
    ${STYLE_ELEMENT}
  </head>`;
}

function body(page: Page, delivery: Delivery): Markup {
  const live = delivery.kind === 'live';
  return html`<body>
    <a class="skip" href="#main">To the state</a>
    <header>
      <p class="brand">pm2-gitops</p>
      <h1>${page.machines}</h1>
      <p class="as-of quiet">
        ${live ? html`<span id="live"></span>` : null}as of
        <span id="as-of">${page.asOf}</span> ${page.zone}
      </p>
    </header>
    ${page.overview?.markup ?? null}
    <main id="main" tabindex="-1" data-version="${live ? delivery.version : ''}">
      ${page.roots.map(article)}
    </main>
    <footer class="quiet">
      <p>This page only shows. What changes the machine is told to <code>pm2-gitops</code> there.</p>
    </footer>
    <p id="said" class="unseen" role="status"></p>
    ${live ? SCRIPT_ELEMENT : null}
  </body>`;
}

// As they stand here they are hashed: not a space may come between.
const STYLE_ELEMENT = new Markup(`<style>${STYLE}</style>`);
const SCRIPT_ELEMENT = new Markup(`<script>${SCRIPT}</script>`);

function article({ name, folder, parts }: Page['roots'][number], index: number): Markup {
  const columns = [false, true].map((aside) => parts.filter((part) => part.aside === aside));
  return html`<article id="r${index}" aria-labelledby="r${index}-name">
    <h2 id="r${index}-name">${name} <small>${folder}</small></h2>
    <div class="columns">
      ${columns.map((column) => html`<div>${column.map(({ markup }) => markup)}</div>`)}
    </div>
  </article>`;
}
