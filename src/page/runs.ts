import { html, type Markup } from './html.js';
import { logOf } from './log.js';
import { causeBox, outcomeOf, release, sign } from './marks.js';
import { moment, span } from './moments.js';
import { lastedOf, phaseBar, phaseList } from './phases.js';
import type { RootFacts, RunView, Telling } from './view.js';

/** The runs, newest first: what each went through, how long that took, and its log. */
export function runsSection({ runs }: RootFacts, telling: Telling): Markup {
  if (runs.length === 0)
    return html`<h3>Runs</h3>
      <p class="quiet">No run yet: the first release to come begins one.</p>`;
  return html`<h3>Runs <span class="count">${runs.length}</span></h3>
    <ol class="runs">
      ${runs.map((run) => html`<li>${runItem(run, telling)}</li>`)}
    </ol>`;
}

function runItem(run: RunView, telling: Telling): Markup {
  const { id, startedAt, endedAt } = run;
  const { tone, word } = outcomeOf(run);
  const lasted = lastedOf(run, telling.now);
  const took = span((endedAt ?? telling.now) - startedAt);
  return html`<details id="run-${id}" ${run.outcome === null ? OPEN : null}>
    <summary id="summary-${id}">
      ${sign(tone)} <span class="what">${way(run)}</span> <span class="outcome">${word}</span>
      <span class="when quiet">${moment(startedAt, telling)} · ${took}</span
      >${phaseBar(lasted)}${firstLine(run)}
    </summary>
    <div class="run">
      ${phaseList(lasted)}
      <dl class="facts">
        <dt>begun by</dt>
        <dd>${run.cause}</dd>
        <dt>run</dt>
        <dd><code>${id}</code></dd>
      </dl>
      ${run.problem === null ? null : causeBox(run.problem)} ${logOf(run, telling.zone)}
    </div>
  </details>`;
}

const OPEN = html` open`;

function way({ from, to, cause }: RunView): Markup {
  if (cause === 'drift') return html`repair of ${release(to)}`;
  return html`${from === null ? 'nothing' : from.tag} <span aria-hidden="true">→</span
    ><span class="unseen"> to </span> ${release(to)}`;
}

/** What went wrong, in a line, for whoever does not open it. */
function firstLine({ problem }: RunView): Markup | null {
  return problem === null ? null : html`<span class="problem">${problem.split('\n')[0] ?? ''}</span>`;
}
