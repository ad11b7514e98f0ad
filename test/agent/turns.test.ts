import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Root } from '../../src/agent/root.js';
import { scheduleOf } from '../../src/agent/schedule.js';
import { turnsOf } from '../../src/agent/turns.js';
import { openingTurn } from '../../src/domain/opening.js';
import { spread } from '../../src/domain/turn.js';
import type { Freeze, Windows } from '../../src/domain/window.js';
import { ownRoot } from './place.js';

const MINUTE_MS = 60_000;
/** The next midnight; nothing here lies further away than the night before and after it. */
const MIDNIGHT = Date.UTC(2026, 5, 2);

/** A root in which it is so late, on a machine whose turns of an hour lie at the beginning of it. */
async function rootAt(
  context: TestContext,
  now: number,
  { windows, freezes = [], poll = '1h' }: { windows: Windows | null; freezes?: Freeze[]; poll?: string },
): Promise<Root> {
  const id = Array.from({ length: 10_000 }, (_, n) => `vps-${n}`).find((name) => spread(name) * 3_600 < 1);
  const root = await ownRoot(context, { poll, timezone: 'UTC' }, id);
  const rules = { ...root.config.rules, windows, freezes };
  const clock = { ...root.host.clock, now: () => now };
  return { ...root, config: { ...root.config, rules }, host: { ...root.host, clock } };
}

/** Every night from one minute to another. */
function nightly(from: number, to: number): Windows {
  const days = [0, 1, 2, 3, 4, 5, 6];
  return { zone: 'UTC', allow: [{ kind: 'days', days, from, to }], deny: [] };
}

test('a turn in the first half of an opening is early enough; else each machine has one of its own there', () => {
  const spell = { from: 1_000, to: 2_000 };
  const table: [number, number, number | null][] = [
    [1_000, 0.5, null],
    [1_500, 0.5, null],
    [1_501, 0.5, 1_250],
    [9_000, 0, 1_000],
    [9_000, 0.999, 1_499],
  ];
  for (const [next, share, turn] of table) assert.equal(openingTurn(spell, { next, share }), turn);
  assert.equal(openingTurn({ from: 0, to: Infinity }, { next: 5, share: 0.5 }), null);
});

test('a machine that looks each hour looks in an opening of four minutes too, once, and goes on as ever', async (context) => {
  // 00:20 to 00:24, and its turns are at the hour.
  const windows = nightly(20, 24);
  const share = spread((await rootAt(context, MIDNIGHT, { windows })).machine.id);
  const opens = MIDNIGHT + 20 * MINUTE_MS;
  const extra = opens + Math.floor(share * 2 * MINUTE_MS);
  const table: [number, number][] = [
    [-70, -60],
    [-1, 0],
    [1, extra - MIDNIGHT],
    [21, 60],
    [25, 60],
    [59, 60],
  ];
  for (const [minute, expected] of table) {
    const root = await rootAt(context, MIDNIGHT + minute * MINUTE_MS, { windows });
    const next = (await turnsOf(root)).following(root.host.clock.now());
    const wanted = expected > 1_000 ? expected : expected * MINUTE_MS;
    assert.ok(Math.abs(next - MIDNIGHT - wanted) <= 1_000, `${minute}: ${next - MIDNIGHT} ms`);
  }
});

test('a poller that starts within such an opening takes its turn, if nobody has', async (context) => {
  const windows = nightly(20, 24);
  const root = await rootAt(context, MIDNIGHT + 22 * MINUTE_MS, { windows });
  const { first } = await turnsOf(root);
  assert.ok(first !== null && first >= MIDNIGHT + 20 * MINUTE_MS && first < MIDNIGHT + 22 * MINUTE_MS);
  const after = await rootAt(context, MIDNIGHT + 25 * MINUTE_MS, { windows });
  assert.equal((await turnsOf(after)).first, (await scheduleOf(after)).first);
});

test('long openings, frozen ones and machines without windows have the turns of their schedule alone', async (context) => {
  const now = MIDNIGHT + MINUTE_MS;
  const frozen = [{ from: MIDNIGHT, to: MIDNIGHT + 30 * MINUTE_MS, reason: null }];
  for (const terms of [
    { windows: null },
    { windows: nightly(20, 300) },
    { windows: nightly(20, 24), freezes: frozen },
  ]) {
    const root = await rootAt(context, now, terms);
    const schedule = await scheduleOf(root);
    const turns = await turnsOf(root);
    assert.deepEqual([turns.first, turns.following(now)], [schedule.first, schedule.following(now)]);
  }
});

test('a machine that looks once a day, by cron, looks in the window of its nights too', async (context) => {
  const opens = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS + 20 * MINUTE_MS;
  const at = new Date(opens);
  const from = at.getUTCHours() * 60 + at.getUTCMinutes();
  const poll = `0 ${(at.getUTCHours() + 12) % 24} * * *`;
  const root = await ownRoot(context, { poll, timezone: 'UTC' });
  const rules = { ...root.config.rules, windows: nightly(from, (from + 10) % 1_440) };
  const turns = await turnsOf({ ...root, config: { ...root.config, rules } });
  const next = turns.following(root.host.clock.now());
  assert.ok(next >= opens && next < opens + 5 * MINUTE_MS, new Date(next).toISOString());
});
