import type { Instant } from '../domain/release.js';
import type { LastPoll, OutageStatus } from '../domain/status.js';
import { html, type Markup } from './html.js';
import { marked } from './marks.js';
import { distance, moment, span } from './moments.js';
import type { RootFacts, Telling } from './view.js';

/** When the machine looked last and looks next, and when it may change. */
export function looksSection({ status, opening, missed }: RootFacts, telling: Telling): Markup {
  const { lastPoll, nextPoll } = status;
  return html`<h3>Looks and windows</h3>
    <dl class="facts">
      <dt>last look</dt>
      <dd>${lastPoll === null ? 'not yet' : lastLook(lastPoll, missed, telling)}</dd>
      ${
        lastPoll?.outage == null
          ? null
          : html`<dt>outage</dt>
              <dd>${outage(lastPoll.outage, telling)}</dd>`
      }
      <dt>next look</dt>
      <dd>${moment(nextPoll, telling)}, ${distance(nextPoll, telling.now)}</dd>
      <dt>may change</dt>
      <dd>${openingText(opening, telling)}</dd>
    </dl>`;
}

function lastLook({ at, ok, error }: LastPoll, missed: Instant | null, telling: Telling): Markup {
  const failure = ok ? null : html`<br />${marked('bad', 'failed:')} ${error ?? ''}`;
  const nobody =
    missed === null
      ? null
      : html`<br />${marked('bad', 'does a poller run?')} nobody took the turn of ${moment(missed, telling)}`;
  return html`${moment(at, telling)}, ${distance(at, telling.now)}${failure}${nobody}`;
}

function openingText(opening: RootFacts['opening'], telling: Telling): Markup | string {
  if (opening === null) return 'at any time';
  if (opening === 'never') return 'never within a year: see window and freeze';
  const { from, to } = opening;
  const end = to === Infinity ? null : html`, for ${span(to - from)}`;
  if (from <= telling.now)
    return to === Infinity ? 'now' : html`now, until ${moment(to, telling)} (${span(to - telling.now)} left)`;
  return html`${moment(from, telling)}, ${distance(from, telling.now)}${end}`;
}

function outage({ failures, since, until, by }: OutageStatus, telling: Telling): Markup {
  const count = html`${failures} ${failures === 1 ? 'look' : 'looks'} failed since ${moment(since, telling)}`;
  if (until === null) return count;
  return by === 'server'
    ? html`${count}; the server asked to be left alone until ${moment(until, telling)}`
    : html`${count}; turns until ${moment(until, telling)} do not look`;
}
