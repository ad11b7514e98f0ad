import { html, type Markup } from './html.js';
import { causeBox, release } from './marks.js';
import { moment } from './moments.js';
import type { RootFacts, Telling } from './view.js';

/** The releases that failed here. */
export function quarantineSection({ status: { quarantine } }: RootFacts, telling: Telling): Markup | null {
  if (quarantine.length === 0) return null;
  const items = quarantine.map(
    (entry) =>
      html`<li>
        ${release(entry)} <span class="quiet">since ${moment(entry.since, telling)}</span>
        ${causeBox(entry.cause)}
      </li>`,
  );
  return html`<h3>Quarantine <span class="count">${quarantine.length}</span></h3>
    <p class="quiet">Failed here, and not tried again before <code>pm2-gitops retry</code>.</p>
    <ul class="entries">
      ${items}
    </ul>`;
}
