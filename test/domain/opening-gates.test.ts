import assert from 'node:assert/strict';
import test from 'node:test';
import { decide, wishFacts } from '../../src/domain/decide.js';
import { NO_REQUEST, type Facts } from '../../src/domain/facts.js';
import { askGates, firstClosed, OPENING_GATES } from '../../src/domain/gates.js';
import { afterLook } from '../../src/domain/observed.js';
import { FRESH } from '../../src/domain/upgrade.js';
import type { Freeze, Window, Windows } from '../../src/domain/window.js';
import { factsWith, ownRules } from './facts.js';
import { release, tagRefs } from './releases.js';

const V11 = release('v1.1.0', 2);
const utc = (text: string): number => Date.parse(`${text}Z`);
/** A Wednesday, ten in the evening in Berlin. */
const NOW = utc('2026-06-03T20:00');
const days = (from: number, to: number, ...on: number[]): Window => ({
  ...{ kind: 'days', from, to },
  days: on.length === 0 ? [0, 1, 2, 3, 4, 5, 6] : on,
});
const night = days(120, 180);
const windows = (allow: Window[], deny: Window[] = [], zone = 'Europe/Berlin'): Windows => ({
  ...{ zone, allow, deny },
});
const freeze = (from: string, to: string, reason: string | null = null): Freeze => ({
  ...{ from: utc(from), to: utc(to), reason },
});

interface Case {
  readonly windows?: Windows;
  readonly freezes?: Freeze[];
  readonly more?: Partial<Facts>;
}

function factsOf({ windows: own = windows([]), freezes = [], more = {} }: Case): Facts {
  return factsWith({ now: NOW, own: ownRules({ windows: own, freezes }), ...more });
}

function verdictOf(situation: Case): unknown {
  const { gates } = wishFacts(factsOf(situation));
  const verdict = firstClosed(askGates(V11, gates, OPENING_GATES));
  return verdict.open ? 'open' : [verdict.reason, verdict.until, verdict.detail];
}

test('a closed window and a freeze say until when, as a person in the zone of the machine says it', () => {
  const fair = freeze('2026-06-03T18:00', '2026-06-04T22:00', 'the fair');
  const table: [Case, string, string | null, string][] = [
    [{ windows: windows([night]) }, 'window', '2026-06-04T00:00', 'opens 02:00 Europe/Berlin'],
    [
      { windows: windows([days(120, 180, 6)]) },
      ...(['window', '2026-06-06T00:00', 'opens Sat 02:00 Europe/Berlin'] as const),
    ],
    [
      { windows: windows([days(1_200, 1_260, 3)]) },
      ...(['window', '2026-06-10T18:00', 'opens 10 Jun 2026 20:00 Europe/Berlin'] as const),
    ],
    // The fleet's policy has windows of another zone: the person is at this machine.
    [
      { windows: windows([night], [], 'America/New_York') },
      ...(['window', '2026-06-04T06:00', 'opens 08:00 Europe/Berlin'] as const),
    ],
    [
      { windows: windows([night]), more: { zone: 'UTC' } },
      ...(['window', '2026-06-04T00:00', 'opens 00:00 UTC'] as const),
    ],
    [
      { windows: windows([], [days(1_260, 1_380)]) },
      ...(['window', '2026-06-03T21:00', 'opens 23:00 Europe/Berlin'] as const),
    ],
    [
      { windows: windows([night], [days(0, 1_440)]) },
      ...([
        'window',
        null,
        "no window opens within a year: see window and freeze in gitops.json and the fleet's policy",
      ] as const),
    ],
    [
      { freezes: [fair] },
      ...([
        'frozen',
        '2026-06-04T22:00',
        'changes are frozen until Fri 00:00 Europe/Berlin: the fair',
      ] as const),
    ],
    [
      { freezes: [freeze('2026-06-01T00:00', '2027-01-01T00:00')], windows: windows([night]) },
      ...(['frozen', '2027-01-01T00:00', 'changes are frozen until 1 Jan 2027 01:00 Europe/Berlin'] as const),
    ],
    // Freezes that touch are one.
    [
      { freezes: [fair, freeze('2026-06-04T22:00', '2026-06-05T22:00')] },
      ...([
        'frozen',
        '2026-06-05T22:00',
        'changes are frozen until Sat 00:00 Europe/Berlin: the fair',
      ] as const),
    ],
    // A freeze to come lies over the next night.
    [
      { windows: windows([night]), freezes: [freeze('2026-06-03T22:00', '2026-06-05T22:00')] },
      ...(['window', '2026-06-06T00:00', 'opens Sat 02:00 Europe/Berlin'] as const),
    ],
  ];
  for (const [situation, reason, until, detail] of table)
    assert.deepEqual(verdictOf(situation), [reason, until === null ? null : utc(until), detail]);
});

test('they open at the very moment that was named, and --now passes a window, never a freeze', () => {
  const hurried = { ...NO_REQUEST, hurried: true };
  const closed = windows([night]);
  const fair = freeze('2026-06-03T18:00', '2026-06-04T00:30');
  const table: [Case, string][] = [
    [{}, 'open'],
    [{ windows: closed, more: { now: utc('2026-06-04T00:00') - 1 } }, 'window'],
    [{ windows: closed, more: { now: utc('2026-06-04T00:00') } }, 'open'],
    [{ windows: closed, more: { now: utc('2026-06-04T01:00') - 1 } }, 'open'],
    [{ windows: closed, more: { now: utc('2026-06-04T01:00') } }, 'window'],
    [{ windows: closed, freezes: [fair], more: { now: utc('2026-06-04T00:29') } }, 'frozen'],
    [{ windows: closed, freezes: [fair], more: { now: utc('2026-06-04T00:30') } }, 'open'],
    [{ windows: closed, more: { request: hurried } }, 'open'],
    [{ freezes: [fair], more: { request: hurried } }, 'frozen'],
    [{ freezes: [fair], windows: closed, more: { request: hurried } }, 'frozen'],
  ];
  for (const [situation, expected] of table) {
    const verdict = verdictOf(situation);
    assert.equal(Array.isArray(verdict) ? verdict[0] : verdict, expected, JSON.stringify(situation));
  }
});

test('a release is staged while the window is closed, waits, and is activated when it opens; what is under way goes on', () => {
  const active = release('v1.0.0', 1);
  const serving = {
    ...{ ...FRESH, active: { release: active, since: 1, apps: null }, highest: active },
    trail: [{ commit: active.commit, at: 1 }],
  };
  const staged = { ...serving, phase: { at: 'staged', release: V11, run: 'r', starts: 1 } as const };
  const observed = afterLook(null, tagRefs('v1.0.0', 'v1.1.0'), { turn: 1, at: 1, tagPrefix: '' });
  const opens = utc('2026-06-04T00:00');
  const table: [Partial<Facts>, string, string | null][] = [
    [{ upgrade: serving }, 'stage', 'window'],
    [{ upgrade: staged }, 'wait', 'window'],
    [{ upgrade: staged, now: opens }, 'activate', null],
    [{ upgrade: staged, underWay: true }, 'activate', null],
    [{ upgrade: staged, now: opens + 3_600_000 }, 'wait', 'window'],
  ];
  for (const [more, step, reason] of table) {
    const decision = decide(factsOf({ windows: windows([night]), more: { observed, ...more } }));
    assert.deepEqual([decision.step, decision.why?.reason ?? null], [step, reason]);
  }
});
