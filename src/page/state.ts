import { headlineOf } from './headline.js';
import { html, type Markup } from './html.js';
import { commitMark, sign } from './marks.js';
import { distance, moment, span } from './moments.js';
import type { RootFacts, Telling } from './view.js';

/** What a root should serve and what it serves, why it does not yet, and what else people should know. */
export function stateSection({ status }: RootFacts, telling: Telling): Markup {
  const { tone, title, detail, until } = headlineOf(status);
  return html`<div class="state ${tone}">
    <h3>${sign(tone)} ${title}</h3>
    ${detail === '' ? null : html`<p class="why">${detail}${until === null ? null : html` <span class="quiet nowrap">(${distance(until, telling.now)})</span>`}</p>`}
    <dl class="way">${activeEntry(status, telling)}${desiredEntry(status)}</dl>
    ${notices(status, telling)}
  </div>`;
}

type Shown = RootFacts['status'];

function activeEntry({ active }: Shown, { now }: Telling): Markup {
  const what =
    active === null
      ? html`<dd class="tag none">nothing</dd>
          <dd>nothing was proven here yet</dd>`
      : html`<dd class="tag">${active.tag}</dd>
          <dd>${commitMark(active.commit)} for ${span(now - active.since)}</dd>`;
  return html`<div>
    <dt>active</dt>
    ${what}
  </div>`;
}

function desiredEntry({ desired, behind, staged, pin, channel, lastPoll }: Shown): Markup {
  if (desired === null)
    return html`<div>
      <dt>desired</dt>
      <dd class="tag none">nothing</dd>
      <dd>${lastPoll === null ? 'not looked yet' : `nothing fits ${channel}`}</dd>
    </div>`;
  const from = pin === null ? `channel ${channel}` : 'pinned';
  const how = staged === null ? from : `${from}, staged`;
  return html`<div class="${behind ? 'ahead' : 'same'}">
    <dt>desired</dt>
    <dd class="tag">${desired.tag}</dd>
    <dd>${commitMark(desired.commit)} ${how}</dd>
  </div>`;
}

/** Drift, what apps left behind, and warnings: rare, so they stand where they are seen. */
function notices({ drift, orphans, warnings }: Shown, telling: Telling): Markup | null {
  const items = [
    ...drift.map(({ detail, repair, until, mend }) => {
      const then = {
        poll: 'the next poll repairs it',
        later: html`repaired again ${until === null ? 'later' : html`after ${moment(until, telling)}`}`,
        person: mend,
      }[repair];
      return html`<li><b>Drift:</b> ${detail} <span class="quiet">→ ${then}</span></li>`;
    }),
    ...orphans.map(
      ({ name, pmId, pid, command, since, count }) =>
        html`<li>
          <b>Left behind:</b> ${name} ${pmId} left ${pid}: <code>${command}</code>
          <span class="quiet"
            >for ${span(telling.now - since)}${count > 1 ? `, ${count} processes` : ''}</span
          >
        </li>`,
    ),
    ...warnings.map((warning) => html`<li>${warning}</li>`),
  ];
  return items.length === 0
    ? null
    : html`<ul class="notices" aria-label="What you should know">
        ${items}
      </ul>`;
}
