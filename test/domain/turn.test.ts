import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { backoffMs, dueTurn, intervalSchedule, spread } from '../../src/domain/turn.js';

const MINUTE_MS = 60_000;
const anyGrid = fc
  .tuple(fc.integer({ min: 10_000, max: 86_400_000 }), fc.uuid())
  .map(([everyMs, id]) => intervalSchedule(everyMs, id));
const anyNow = fc.integer({ min: 1_600_000_000_000, max: 2_000_000_000_000 });

test('whenever it is: a turn is due, at most one interval old, and the same for whoever asks until the next', () => {
  fc.assert(
    fc.property(anyGrid, anyNow, fc.nat(), (grid, now, later) => {
      const due = dueTurn(grid, now);
      assert.ok(due <= now && now - due < grid.everyMs);
      assert.equal(dueTurn(grid, due), due);
      const until = due + grid.everyMs;
      const meanwhile = now + (later % (until - now));
      assert.equal(dueTurn(grid, meanwhile), due, 'all pollers agree');
      assert.equal(dueTurn(grid, until), until);
    }),
  );
});

test('whenever it is: later is never an earlier turn', () => {
  fc.assert(
    fc.property(anyGrid, anyNow, fc.nat(), (grid, now, later) => {
      assert.ok(dueTurn(grid, now + later) >= dueTurn(grid, now));
    }),
  );
});

test('a fleet spreads over the interval, also one whose ids differ by a digit', () => {
  for (const idOf of [
    (n: number) => `vps-${n}`,
    (n: number) => String(n),
    (n: number) => `${'x'.repeat(30)}${n}`,
  ]) {
    const tenths = new Array<number>(10).fill(0);
    for (let n = 0; n < 1_000; n += 1) {
      const { offsetMs } = intervalSchedule(5 * MINUTE_MS, idOf(n));
      assert.ok(offsetMs >= 0 && offsetMs < 5 * MINUTE_MS);
      const tenth = Math.floor((offsetMs / (5 * MINUTE_MS)) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    assert.ok(Math.min(...tenths) > 60 && Math.max(...tenths) < 150, tenths.join(' '));
  }
});

test('an id always has the same place', () => {
  fc.assert(
    fc.property(fc.string(), (id) => {
      const place = spread(id);
      assert.ok(place >= 0 && place < 1);
      assert.equal(spread(id), place);
    }),
  );
});

test('waits double from a minute to an hour', () => {
  const table: [number, number][] = [
    [1, 1],
    [2, 2],
    [3, 4],
    [6, 32],
    [7, 60],
    [100, 60],
    [2_000, 60],
  ];
  for (const [failures, minutes] of table) assert.equal(backoffMs(failures, 0.5), minutes * MINUTE_MS);
});

test('whatever chance says: a wait is within a fifth of its length, and never over an hour', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, chance) => {
        const plain = Math.min(MINUTE_MS * 2 ** Math.max(0, failures - 1), 60 * MINUTE_MS);
        const wait = backoffMs(failures, chance);
        assert.ok(
          Number.isInteger(wait) && wait >= plain * 0.8 && wait <= Math.min(plain * 1.2, 60 * MINUTE_MS),
        );
      },
    ),
  );
});
