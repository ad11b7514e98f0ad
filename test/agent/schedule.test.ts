import assert from 'node:assert/strict';
import test from 'node:test';
import { pollEveryMs, scheduleOf } from '../../src/agent/schedule.js';
import { afterLook } from '../../src/domain/observed.js';
import { spread } from '../../src/domain/turn.js';
import { writeObserved } from '../../src/state/observed-store.js';
import { ownRoot } from './place.js';

const MINUTE_MS = 60_000;
// Two machines: one that turns early in the spread of a cron, one that turns late.
const IDS = Array.from({ length: 100 }, (_, n) => `vps-${n}`).sort((a, b) => spread(a) - spread(b));
const [EARLY = '', LATE = ''] = [IDS.at(0), IDS.at(-1)];

test('an interval has its turns on a grid of the machine, the due one first', async (context) => {
  const root = await ownRoot(context, { poll: '5m' });
  const now = root.host.clock.now();
  const schedule = await scheduleOf(root);
  const { first } = schedule;
  assert.ok(first !== null && first <= now && first > now - 5 * MINUTE_MS);
  assert.equal(schedule.following(first), first + 5 * MINUTE_MS);
  assert.equal(schedule.following(first + 5 * MINUTE_MS - 1), first + 5 * MINUTE_MS);
  assert.equal(schedule.following(first - 1), first);
});

test('a cron: a machine that has never looked looks at once, any other waits for its turn', async (context) => {
  const root = await ownRoot(context, { poll: '0 3 * * *', timezone: 'Europe/Berlin' });
  assert.ok((await scheduleOf(root)).first !== null);
  await writeObserved(root.layout, afterLook(null, [], { turn: 1, at: 1, tagPrefix: '' }));
  assert.equal((await scheduleOf(root)).first, null);
});

test('a cron: the turn is the named minute of the zone, a little later on each machine', async (context) => {
  for (const id of [EARLY, LATE]) {
    const root = await ownRoot(context, { poll: '0 3 * * *', timezone: 'Europe/Berlin' }, id);
    const now = root.host.clock.now();
    const turn = (await scheduleOf(root)).following(now);
    assert.ok(turn > now && turn <= now + 25 * 60 * MINUTE_MS);
    const berlin = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'medium' });
    assert.match(berlin.format(turn), /^03:00:[0-2]\d$/);
  }
  assert.ok(spread(EARLY) < 0.1 && spread(LATE) > 0.9);
});

test('a cron: a turn is not lost because its minute has begun before the machine asks', async (context) => {
  // Every second is a run, so on this machine every second has a turn, most of them of runs half a minute ago.
  const root = await ownRoot(context, { poll: '* * * * * *' }, LATE);
  const delayMs = Math.floor(spread(LATE) * 30_000);
  const schedule = await scheduleOf(root);
  const now = root.host.clock.now();
  const turn = schedule.following(now);
  assert.ok(turn > now && turn - now <= 1_000, `the next turn is ${turn - now} ms away`);
  assert.equal((turn - delayMs) % 1_000, 0);
  assert.equal(schedule.following(turn), turn + 1_000);
});

test('the pace of a machine is its interval, and that of a cron the time between its next two turns', async (context) => {
  assert.equal(await pollEveryMs(await ownRoot(context, { poll: '7m' })), 7 * MINUTE_MS);
  for (const id of [EARLY, LATE]) {
    assert.equal(await pollEveryMs(await ownRoot(context, { poll: '*/10 * * * *' }, id)), 10 * MINUTE_MS);
    assert.equal(await pollEveryMs(await ownRoot(context, { poll: '0 3 * * *' }, id)), 24 * 60 * MINUTE_MS);
  }
});
