import assert from 'node:assert/strict';
import test from 'node:test';
import { next } from '../../src/domain/next.js';
import { FRESH, commitAt, quarantined, type Event, type Phase } from '../../src/domain/upgrade.js';
import { sourceOf } from '../sources.js';
import { commit } from './releases.js';
import { BAD, EVENTS, NEW, OLD, PHASES, TABLE, failed, upgradeIn, type EventName } from './upgrade-table.js';

function keysOf<K extends string>(table: Readonly<Record<K, unknown>>): K[] {
  return Object.keys(table).filter((key): key is K => key in table);
}

for (const phaseName of keysOf(PHASES)) {
  test(`${phaseName}: every event leads where the table says, and any other changes nothing`, () => {
    for (const eventName of keysOf(EVENTS)) {
      const before = upgradeIn(PHASES[phaseName]);
      const after = next(before, EVENTS[eventName]);
      const expected = TABLE[phaseName][eventName];
      if (expected === undefined) assert.equal(after, before, `${eventName} must give the very same object`);
      else {
        assert.notEqual(after, before, eventName);
        assert.equal(after.phase.at, expected, eventName);
      }
    }
  });
}

test('the picture in the source names the same phases and events as the table', () => {
  const source = sourceOf('src/domain/upgrade.ts');
  const picture = /one table of phase × event\.\n(.*?)\n \*\n \* Each phase/s.exec(source)?.[1] ?? '';
  const drawn = new Set(picture.replace('only an operator leads out', '').match(/[A-Za-z]+/g));
  const phases = new Set<string>(Object.values(PHASES).map(({ at }) => at));
  const events = new Set<string>(Object.values(EVENTS).map(({ type }) => type));
  const named = [...drawn].filter((word) => phases.has(word) || events.has(word));
  assert.deepEqual([...drawn], named, 'the picture has words that are no phase and no event');
  assert.deepEqual(
    [...phases].filter((phase) => !drawn.has(phase)),
    [],
  );
  // What leads to no other phase is not drawn; a start over is told in words.
  assert.deepEqual(
    [...events].filter((event) => !drawn.has(event)),
    ['adopted', 'switchedBack', 'resumed'],
  );
});

test('every arrow of the picture is an arrow of the table', () => {
  const arrows: [Phase['at'], EventName, Phase['at']][] = [
    ['idle', 'desired', 'staging'],
    ['staging', 'staged', 'staged'],
    ['staged', 'opened', 'activating'],
    ['staging', 'failed, the release', 'idle'],
    ['staged', 'superseded', 'idle'],
    ['activating', 'activated', 'proving'],
    ['activating', 'failed, the release', 'rollingBack'],
    ['proving', 'healthy', 'idle'],
    ['proving', 'kept', 'idle'],
    ['proving', 'unhealthy', 'rollingBack'],
    ['proving', 'failed, the release', 'rollingBack'],
    ['rollingBack', 'rolledBack', 'idle'],
    ['rollingBack', 'failed, the release', 'stuck'],
  ];
  for (const [from, event, to] of arrows) assert.equal(TABLE[from][event], to, `${from} × ${event}`);
});

test('a release that passes every step becomes active, and the one before it previous and higher', () => {
  const story: Event[] = [
    EVENTS.desired,
    EVENTS.staged,
    EVENTS.opened,
    EVENTS.activated,
    { ...EVENTS.healthy, at: 20 },
  ];
  const end = story.reduce(next, upgradeIn({ at: 'idle' }));
  assert.deepEqual(end, {
    ...upgradeIn({ at: 'idle' }),
    active: { release: NEW, since: 20, apps: null },
    previous: OLD,
    highest: NEW,
    backoff: null,
    begun: 'r',
    trail: [
      { commit: OLD.commit, at: 1 },
      { commit: NEW.commit, at: 9 },
    ],
  });
});

test('a release that proves unhealthy is quarantined, and the root goes back to the one that ran', () => {
  const events = [EVENTS.unhealthy, EVENTS.switchedBack, EVENTS.rolledBack];
  const end = events.reduce(next, upgradeIn(PHASES.proving));
  assert.equal(quarantined(end, NEW)?.cause, 'it crashed');
  assert.deepEqual(end.active, { release: OLD, since: 1, apps: null });
  assert.equal(end.trail.at(-1)?.commit, OLD.commit);
});

test('whose fault a failure is decides: quarantine, or a wait that counts', () => {
  for (const phase of [PHASES.idle, PHASES.staging, PHASES.activating, PHASES.proving]) {
    const blamed = next(upgradeIn(phase), failed('release'));
    assert.equal(quarantined(blamed, NEW)?.cause, 'no network', phase.at);
    assert.equal(blamed.backoff, null);
    const waiting = next(upgradeIn(phase), failed('surroundings'));
    assert.equal(quarantined(waiting, NEW), null, phase.at);
    assert.deepEqual(waiting.backoff, {
      ...{ commit: NEW.commit, failures: 1, until: 99, reason: 'offline', cause: 'no network' },
    });
    assert.equal(next({ ...waiting, phase }, failed('surroundings')).backoff?.failures, 2);
  }
});

test('retry forgives one commit or all, ends the wait, and with nothing to forgive changes nothing', () => {
  const both = next(upgradeIn(PHASES.proving), EVENTS.kept);
  assert.equal(both.quarantine.length, 2);
  const one = next(both, { type: 'retried', commit: BAD.commit });
  assert.deepEqual(
    one.quarantine.map((entry) => entry.release),
    [NEW],
  );
  assert.deepEqual(next(both, { type: 'retried', commit: null }).quarantine, []);
  for (const phase of Object.values(PHASES)) {
    const clean = { ...FRESH, phase };
    const after = next(clean, { type: 'retried', commit: commit(7) });
    if (phase.at === 'stuck') assert.equal(after.phase.at, 'rollingBack');
    else assert.equal(after, clean, phase.at);
  }
});

test('out of stuck leads the way back tried again on all that lives, or a release that an operator names', () => {
  const quarantine = [{ release: NEW, cause: 'it crashed', since: 2 }];
  const upgrade = { ...upgradeIn(PHASES.stuck), quarantine };
  const back = next(upgrade, { type: 'retried', commit: null });
  assert.deepEqual(back.phase, {
    ...{ at: 'rollingBack', release: NEW, run: 'r', starts: 1, cause: 'it crashed' },
    ...{ old: [], bad: null },
  });
  assert.deepEqual(back.quarantine, quarantine, 'what made it stuck is not forgiven with it');
  const named = next(upgrade, { type: 'desired', release: BAD, run: 'r2' });
  assert.deepEqual(named.phase, { at: 'staging', release: BAD, run: 'r2', starts: 1 });
});

test('the trail tells which commit the root named at a moment', () => {
  const trail = [
    { commit: commit(1), at: 10 },
    { commit: commit(2), at: 20 },
  ];
  const table: [number, string | null][] = [
    [9, null],
    [10, commit(1)],
    [19, commit(1)],
    [20, commit(2)],
    [99, commit(2)],
  ];
  for (const [at, expected] of table) assert.equal(commitAt(trail, at), expected);
  assert.equal(commitAt([], 1), null);
  // The clock was set back since the newest step: a moment before it may have come before the step, or after.
  assert.equal(commitAt(trail, 15, 16), null);
  assert.equal(commitAt(trail, 25, 16), commit(2));
});

test('the steps of the trail stay in their order though the clock is set back in between', () => {
  const former = { ...upgradeIn(PHASES.idle), trail: [{ commit: commit(8), at: 10 ** 12 }] };
  const round = [EVENTS.desired, EVENTS.staged, EVENTS.opened, EVENTS.activated];
  const { trail } = round.reduce(next, former);
  const at = trail.at(-1)?.at ?? 0;
  assert.ok(at < 10 ** 12);
  assert.deepEqual(trail.at(0), { commit: commit(8), at });
});

test('no step of the trail comes after the release was proven, though the clock was set back meanwhile', () => {
  const proving = {
    ...upgradeIn(PHASES.proving),
    trail: [OLD, NEW].map(({ commit: id }, index) => ({ commit: id, at: index * 10 ** 12 })),
  };
  const { trail, active } = next(proving, EVENTS.healthy);
  const since = active?.since ?? 0;
  assert.ok(since < 10 ** 12);
  assert.equal(commitAt(trail, since + 1, since + 2), NEW.commit);
});

test('the trail stays bounded however often a machine goes there and back', () => {
  let upgrade = upgradeIn(PHASES.idle);
  const round = [EVENTS.desired, EVENTS.staged, EVENTS.opened, EVENTS.activated, EVENTS.healthy];
  for (let count = 0; count < 60; count += 1) upgrade = round.reduce(next, upgrade);
  assert.equal(upgrade.trail.length, 40);
  assert.equal(upgrade.trail.at(-1)?.commit, NEW.commit);
});
