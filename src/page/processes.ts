import { html, type Markup } from './html.js';
import { commitMark, marked } from './marks.js';
import { span } from './moments.js';
import type { ProcessStatus } from '../domain/status.js';
import type { RootFacts, Telling } from './view.js';

/** What runs in each process. */
export function processesSection({ status }: RootFacts, telling: Telling): Markup {
  const { processes } = status;
  if (processes.length === 0)
    return html`<h3>Processes</h3>
      <p class="quiet">pm2 runs no process of this root.</p>`;
  return html`<h3>Processes <span class="count">${processes.length}</span></h3>
    <table>
      <thead>
        <tr>
          <th scope="col">app</th>
          <th scope="col" class="status">status</th>
          <th scope="col" class="release">runs</th>
          <th scope="col" class="number">up</th>
          <th scope="col" class="number wide">pid</th>
        </tr>
      </thead>
      <tbody>
        ${processes.map((process) => row(process, status, telling))}
      </tbody>
    </table>`;
}

function row(
  { pmId, name, pid, status, commit, since }: ProcessStatus,
  { active, desired, staged, worker }: RootFacts['status'],
  { now }: Telling,
): Markup {
  const known = [active, desired, staged].find((release) => release?.commit === commit) ?? null;
  const tone = status === 'online' ? 'good' : status === 'stopped' ? 'waiting' : 'bad';
  const runs = known === null ? (commit === null ? '' : commitMark(commit)) : known.tag;
  // While a worker is at it they change over.
  const strays = worker === null && active !== null && commit !== null && commit !== active.commit;
  return html`<tr>
    <th scope="row"><span class="quiet">${pmId}</span> ${name}</th>
    <td>${marked(tone, status)}</td>
    <td>${runs}${strays ? html` <span class="quiet">not active</span>` : null}</td>
    <td class="number">${since === null ? '' : span(now - since)}</td>
    <td class="number wide">${pid ?? ''}</td>
  </tr>`;
}
