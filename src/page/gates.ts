import type { GateReport } from '../domain/gates.js';
import type { Closed } from '../domain/verdict.js';
import { html, type Markup } from './html.js';
import { marked } from './marks.js';
import { distance } from './moments.js';
import type { RootFacts, Telling } from './view.js';

/** What each gate says of the desired release. Nothing where there is nothing to change. */
export function gatesSection({ gates, status }: RootFacts, telling: Telling): Markup | null {
  if (gates.length === 0) return null;
  const closed = gates.filter(({ verdict }) => !verdict.open);
  const open = gates.filter(({ verdict }) => verdict.open).map(({ gate }) => gate);
  return html`<h3>Gates of ${status.desired?.tag ?? 'the release'}</h3>
    <ul class="gates">
      ${closed.map((report) => closedGate(report, status.why, telling))}${
        open.length === 0
          ? null
          : html`<li>${marked('good', 'open')} <span class="quiet">${open.join(', ')}</span></li>`
      }
    </ul>`;
}

function closedGate({ gate, verdict }: GateReport, why: Closed | null, { now }: Telling): Markup | null {
  if (verdict.open) return null;
  const detail = verdict.detail === why?.detail ? 'as told above' : verdict.detail;
  const until = verdict.until === null ? '' : ` (${distance(verdict.until, now)})`;
  return html`<li>
    ${marked('waiting', `${gate}: closed`)} <span>${detail}<span class="quiet">${until}</span></span>
  </li>`;
}
