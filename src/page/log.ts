import { html, type Markup } from './html.js';
import { span, timeOfDay } from './moments.js';
import type { LoggedLine, RunView } from './view.js';

/** What a run did and said, a line each; a step with how long it took until the next one. */
export function logOf({ id, log, logAddress, endedAt }: RunView, zone: string): Markup | null {
  if (log === null) return logAddress === null ? null : html`<p><a href="${logAddress}">Its log</a></p>`;
  const { lines, omitted } = log;
  if (lines.length === 0) return html`<p class="quiet">It has said nothing yet.</p>`;
  const before =
    omitted === 0
      ? null
      : html`<p class="quiet">
          ${omitted} earlier lines:
          ${logAddress === null ? html`<code>pm2-gitops logs ${id}</code>` : html`<a href="${logAddress}">all of its log</a>`}
        </p>`;
  const ends = nextSteps(lines, endedAt);
  const items = lines.map((line, index) => item(line, { zone, end: ends[index] ?? null }));
  return html`${before}
    <div class="log" id="log-${id}" tabindex="0" role="group" aria-label="Log of run ${id}">
      <ol>
        ${items}
      </ol>
    </div>`;
}

/** For each line the moment of the next step, or null. */
function nextSteps(lines: readonly LoggedLine[], endedAt: number | null): (number | null)[] {
  let next = endedAt;
  const ends: (number | null)[] = [];
  for (const { at, kind } of lines.toReversed()) {
    ends.push(next);
    if (kind === 'step') next = at;
  }
  return ends.reverse();
}

// Shorter steps need no figure.
const TOLD_FROM_MS = 1_000;

function item({ at, kind, text }: LoggedLine, { zone, end }: { zone: string; end: number | null }): Markup {
  const ms = end === null ? 0 : end - at;
  const took = kind === 'step' && ms >= TOLD_FROM_MS ? html` <span class="took">${span(ms)}</span>` : null;
  return html`<li class="${kind}">
    <time datetime="${new Date(at).toISOString()}">${timeOfDay(at, zone)}</time>
    <span class="text">${text}</span>${took}
  </li>`;
}
