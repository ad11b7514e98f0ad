import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { placeOf } from '../../src/agent/identity.js';
import { shareAfter, turnAfterMs, wholeAfterMs, type Wave } from '../../src/domain/wave.js';

const HOUR_MS = 3_600_000;
const LINEAR: Wave = { canaryMs: 2 * HOUR_MS, curve: { kind: 'linear', overMs: 24 * HOUR_MS } };
const STEPS: Wave = {
  canaryMs: HOUR_MS,
  curve: {
    kind: 'steps',
    steps: [
      { atMs: 0, share: 0.1 },
      { atMs: 6 * HOUR_MS, share: 0.5 },
      { atMs: 24 * HOUR_MS, share: 1 },
    ],
  },
};

const somePlace = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const someWave: fc.Arbitrary<Wave> = fc.record({
  canaryMs: fc.nat(HOUR_MS),
  curve: fc.oneof(
    fc.record({ kind: fc.constant('linear' as const), overMs: fc.nat(100 * HOUR_MS) }),
    fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 }).map((percents) => ({
      kind: 'steps' as const,
      steps: percents
        .sort((a, b) => a - b)
        .map((percent, index) => ({ atMs: index * HOUR_MS, share: percent / 100 })),
    })),
  ),
});

test('a machine has its turn where its place lies on the curve', () => {
  const table: [Wave, number, number | null][] = [
    [LINEAR, 0, 2],
    [LINEAR, 0.5, 14],
    [LINEAR, 0.75, 20],
    [STEPS, 0, 1],
    [STEPS, 0.0999, 1],
    [STEPS, 0.1, 7],
    [STEPS, 0.4999, 7],
    [STEPS, 0.99, 25],
  ];
  for (const [wave, place, hours] of table)
    assert.equal(turnAfterMs(wave, place), hours === null ? null : hours * HOUR_MS, `at ${place}`);
});

test('a curve that ends below everybody leaves the others out', () => {
  const half: Wave = { canaryMs: 0, curve: { kind: 'steps', steps: [{ atMs: 0, share: 0.5 }] } };
  assert.deepEqual([turnAfterMs(half, 0.49), turnAfterMs(half, 0.5), wholeAfterMs(half)], [0, null, null]);
});

test('whatever the curve: a later place has no earlier turn, and nobody comes after the whole or before the canaries', () => {
  fc.assert(
    fc.property(someWave, somePlace, somePlace, (wave, a, b) => {
      const [first, second] = [Math.min(a, b), Math.max(a, b)].map((place) => turnAfterMs(wave, place));
      const [early, late] = [first ?? Infinity, second ?? Infinity];
      const whole = wholeAfterMs(wave) ?? Infinity;
      return wave.canaryMs <= early && early <= late && late <= whole;
    }),
  );
});

test('whatever the curve: whoever has had its turn is within the share, and nobody else is', () => {
  fc.assert(
    fc.property(someWave, somePlace, fc.nat(120), (wave, place, hours) => {
      const turn = turnAfterMs(wave, place);
      const ageMs = hours * HOUR_MS;
      const share = shareAfter(wave, ageMs);
      // A turn is a whole millisecond, rounded up: at that very moment both may be.
      if (turn !== null && turn <= ageMs) return place <= share;
      return place >= share || (turn !== null && turn - ageMs <= 1);
    }),
  );
});

test('the place of a machine is the beginning of a SHA-256, for each release another', () => {
  const digest = createHash('sha256').update('wave/v1\0machine-7\0v1.2.0').digest();
  const exact = Number(digest.readBigUInt64BE()) / 2 ** 64;
  assert.ok(Math.abs(placeOf('machine-7', 'v1.2.0') - exact) < 1e-15);
  const places = ['v1.2.0', 'v1.2.1', 'v1.3.0'].map((tag) => placeOf('machine-7', tag));
  assert.equal(new Set(places).size, 3);
  for (const place of places) assert.ok(place >= 0 && place < 1);
});
