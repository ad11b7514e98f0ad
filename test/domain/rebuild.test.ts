import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { rebuild, type Traces } from '../../src/domain/rebuild.js';
import { mayBeWhole, type Outcome, type Run } from '../../src/domain/run.js';
import { next } from '../../src/domain/next.js';
import { FRESH, type Event, type Upgrade } from '../../src/domain/upgrade.js';
import { release } from './releases.js';

const [V10, V11, V12] = [release('v1.0.0', 1), release('v1.1.0', 2), release('v1.2.0', 3)];
const TRACES: Traces = { pointed: null, adopts: false, runs: [], run: 'new', tagPrefix: '', now: 99 };

function ran(id: number, [from, to]: readonly [Run['from'], Run['to']], outcome: Outcome | null): Run {
  const ended = {
    endedAt: outcome === null ? null : id * 10 + 5,
    problem: outcome === 'rolledBack' ? 'it crashed' : null,
    reason: null,
  };
  return { id: `r${id}`, cause: 'schedule', from, to, startedAt: id * 10, outcome, phases: [], ...ended };
}

const FIRST = ran(1, [null, V10], 'activated');

test('without any trace nothing has happened', () => {
  assert.equal(rebuild(TRACES), FRESH);
  assert.equal(rebuild({ ...TRACES, adopts: true }), FRESH);
});

test('a release that serves, and of which no run tells, is taken as it stands', () => {
  const upgrade = rebuild({ ...TRACES, pointed: V11 });
  assert.deepEqual(upgrade, {
    ...FRESH,
    active: { release: V11, since: 99, apps: null },
    highest: V11,
    trail: [{ commit: V11.commit, at: 0 }],
  });
});

test('the newest proven release is active, the one before it previous, what was taken back in quarantine', () => {
  const runs = [
    FIRST,
    ran(2, [V10, V12], 'rolledBack'),
    ran(3, [V10, V11], 'activated'),
    ran(4, [V11, V12], 'failed'),
  ];
  const upgrade = rebuild({ ...TRACES, pointed: V11, runs });
  assert.deepEqual(
    [upgrade.phase.at, upgrade.active?.release, upgrade.active?.since, upgrade.previous, upgrade.highest],
    ['idle', V11, 35, V10, V11],
  );
  assert.deepEqual(upgrade.quarantine, [{ release: V12, cause: 'it crashed', since: 25 }]);
  assert.deepEqual(
    upgrade.trail.map(({ commit }) => commit),
    [V10.commit, V11.commit],
  );
});

test('where the root names another release than the proven one, that change is gone on with in its run', () => {
  const cutOff = [FIRST, ran(2, [V10, V11], null)];
  const phase = { at: 'activating', release: V11, starts: 1, old: [] };
  assert.deepEqual(rebuild({ ...TRACES, pointed: V11, runs: cutOff }).phase, { ...phase, run: 'r2' });
  assert.deepEqual(rebuild({ ...TRACES, pointed: V11, runs: [FIRST] }).phase, { ...phase, run: 'new' });
});

test('what failed here is not proven again only because the root names it: it goes back', () => {
  const runs = [FIRST, ran(2, [V10, V11], 'rolledBack')];
  const upgrade = rebuild({ ...TRACES, pointed: V11, runs });
  assert.deepEqual(upgrade.phase, {
    ...{ at: 'rollingBack', release: V11, run: 'new', starts: 1, cause: 'it crashed', old: [], bad: null },
  });
  assert.deepEqual(upgrade.active?.release, V10);
});

test('a root that names nothing goes back to the proven release; a checkout is adopted again, and keeps its quarantine', () => {
  const runs = [FIRST, ran(2, [V10, V11], 'rolledBack')];
  const { phase, active } = rebuild({ ...TRACES, runs });
  assert.deepEqual(
    [phase.at, phase.at === 'rollingBack' && phase.release, active?.release],
    ['rollingBack', V10, V10],
  );
  const adopted = rebuild({ ...TRACES, runs, adopts: true });
  assert.deepEqual([adopted.active, adopted.phase.at, adopted.quarantine.length], [null, 'idle', 1]);
});

test('a lower release that was active here does not lower the mark of the highest', () => {
  const runs = [ran(1, [null, V12], 'activated'), ran(2, [V12, V10], 'activated')];
  const upgrade = rebuild({ ...TRACES, pointed: V10, runs });
  assert.deepEqual([upgrade.active?.release, upgrade.highest], [V10, V12]);
});

const anyEnd = fc.record({
  to: fc.constantFrom(V10, V11, V12),
  outcome: fc.constantFrom<Outcome>('activated', 'rolledBack'),
});

test('whatever runs there were: what they tell is what the journal told', () => {
  fc.assert(
    fc.property(fc.array(anyEnd, { minLength: 1, maxLength: 12 }), (ends) => {
      const told = [{ to: V10, outcome: 'activated' as const }, ...ends].reduce<{
        upgrade: Upgrade;
        runs: Run[];
      }>(retell, {
        upgrade: FRESH,
        runs: [],
      });
      const traces = { ...TRACES, pointed: told.upgrade.active?.release ?? null, runs: told.runs };
      assert.deepEqual(essence(rebuild(traces)), essence(told.upgrade));
    }),
  );
});

function retell(
  { upgrade, runs }: { upgrade: Upgrade; runs: Run[] },
  { to, outcome }: { to: Run['to']; outcome: Outcome },
): { upgrade: Upgrade; runs: Run[] } {
  const run = ran(runs.length + 1, [upgrade.active?.release ?? null, to], outcome);
  const at = run.endedAt ?? 0;
  const last: Event[] =
    outcome === 'activated'
      ? [{ type: 'healthy', apps: null, ranks: (upgrade.highest?.tag ?? '') <= to.tag, at }]
      : [
          { type: 'unhealthy', cause: 'it crashed', at },
          { type: 'switchedBack', bad: [], at },
          { type: 'rolledBack' },
        ];
  const events: Event[] = [
    { type: 'desired', release: to, run: run.id },
    { type: 'staged' },
    { type: 'opened', old: [] },
    { type: 'activated', old: [], at: run.startedAt },
    ...last,
  ];
  return { upgrade: events.reduce(next, upgrade), runs: [...runs, run] };
}

/** Without the trail: what was tried in between and taken back nobody can tell any more. */
function essence({ phase, active, previous, highest, quarantine, begun }: Upgrade): unknown {
  return { phase, active, previous, highest, quarantine, begun };
}

test('a journal that ends before what its newest run came to has lost its end', () => {
  const idle = { ...FRESH, active: { release: V10, since: 15, apps: null }, begun: 'r1' };
  const under = (at: 'staging' | 'staged'): Upgrade => ({
    ...idle,
    begun: 'r2',
    phase: { at, release: V11, run: 'r2', starts: 1 },
  });
  const proving: Upgrade = {
    ...under('staged'),
    phase: { at: 'proving', release: V11, run: 'r2', starts: 1, old: [] },
  };
  const going = (outcome: Outcome | null): Run => ran(2, [V10, V11], outcome);
  const table: [string, Upgrade, Run, boolean][] = [
    ['at rest after it', idle, FIRST, true],
    ['at rest, and a later one ended', idle, going('failed'), false],
    ['at rest, and none ever began', { ...idle, begun: null }, FIRST, false],
    ['begun, and not yet on record', under('staging'), FIRST, true],
    ['begun, and the journal does not know yet', idle, going(null), true],
    ['under way', under('staging'), going(null), true],
    ['cut off as it ended', proving, going('activated'), true],
    ['waits after a no', under('staged'), going('blocked'), true],
    ['staged, and it was activated', under('staged'), going('activated'), false],
    ['staging, and it was taken back', under('staging'), going('rolledBack'), false],
  ];
  for (const [what, upgrade, run, expected] of table) assert.equal(mayBeWhole(upgrade, run), expected, what);
});
