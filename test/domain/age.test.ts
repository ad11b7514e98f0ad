import assert from 'node:assert/strict';
import test from 'node:test';
import { birthOf, oldEnoughAt, type AgeFacts } from '../../src/domain/age.js';
import { afterFailedLook, afterLook, type Observed } from '../../src/domain/observed.js';
import { commit, release, tagRefs } from './releases.js';

const HOUR_MS = 3_600_000;
const POLL_MS = 300_000;
const V10 = release('v1.0.0', 1);
const V11 = release('v1.1.0', 2);

/** Looks at these tags, so many times, from a moment on. */
function looks(
  before: Observed | null,
  tags: readonly string[],
  { from, times }: { from: number; times: number },
): Observed {
  let observed = before;
  for (let nth = 0; nth < times; nth += 1) {
    const at = from + nth * POLL_MS;
    observed = afterLook(observed, tagRefs(...tags), { turn: at, at, tagPrefix: '' });
  }
  assert.ok(observed !== null);
  return observed;
}

function ages(observed: Observed | null, now: number, dates: AgeFacts['dates'] = {}): AgeFacts {
  return { observed, dates, pollEveryMs: POLL_MS, now };
}

test('a release came out when it was first seen, though its tag is older', () => {
  const before = looks(null, ['v1.0.0'], { from: 0, times: 1 });
  const seen = looks(before, ['v1.0.0', 'v1.1.0'], { from: 1_000_000, times: 2 });
  assert.deepEqual(birthOf(V11, ages(seen, 0)), { at: 1_000_000, look: 2 });
  const monday = { 'refs/tags/v1.1.0': { commit: V11.commit, at: 5 } };
  assert.deepEqual(birthOf(V11, ages(seen, 0, monday)), { at: 1_000_000, look: 2 });
});

test('a tag that says it is made later than it was seen came out then', () => {
  const seen = looks(looks(null, ['v1.0.0'], { from: 0, times: 1 }), ['v1.0.0', 'v1.1.0'], {
    from: 10,
    times: 1,
  });
  const later = { 'refs/tags/v1.1.0': { commit: V11.commit, at: 99 } };
  assert.equal(birthOf(V11, ages(seen, 20, later))?.at, 99);
});

test('of what was there before the first look only its date can tell', () => {
  const seen = looks(null, ['v1.0.0'], { from: 1_000, times: 3 });
  assert.equal(birthOf(V10, ages(seen, 0)), null);
  const made = { 'refs/tags/v1.0.0': { commit: V10.commit, at: 7 } };
  assert.deepEqual(birthOf(V10, ages(seen, 0, made)), { at: 7, look: null });
  const ofAnother = { 'refs/tags/v1.0.0': { commit: commit(9), at: 7 } };
  assert.equal(birthOf(V10, ages(seen, 0, ofAnother)), null);
});

test('a tag that moves keeps its age, as it keeps its commit', () => {
  const before = looks(looks(null, ['v1.0.0'], { from: 0, times: 1 }), ['v1.0.0', 'v1.1.0'], {
    from: 10,
    times: 1,
  });
  const refs = [...tagRefs('v1.0.0'), { name: 'refs/tags/v1.1.0', commit: commit(9) }];
  const moved = afterLook(before, refs, { turn: 20, at: 20, tagPrefix: '' });
  assert.equal(birthOf(V11, ages(moved, 30))?.at, 10);
});

test('a branch that moves is out anew', () => {
  const head = (n: number) => [{ name: 'refs/heads/main', commit: commit(n) }];
  const look = (before: Observed | null, n: number, at: number) =>
    afterLook(before, head(n), { turn: at, at, tagPrefix: '' });
  const tip = { tag: 'main', commit: commit(2), ref: 'refs/heads/main' };
  const second = look(look(look(null, 1, 0), 2, 10), 2, 20);
  assert.deepEqual(birthOf(tip, ages(second, 30)), { at: 10, look: 2 });
  assert.equal(birthOf({ ...tip, commit: commit(3) }, ages(look(second, 3, 40), 50))?.at, 40);
});

test('a release is old enough when its age is reached and half of the looks that fit into it have been', () => {
  const before = looks(null, ['v1.0.0'], { from: 0, times: 1 });
  const start = 10 * HOUR_MS;
  const seen = looks(before, ['v1.0.0', 'v1.1.0'], { from: start, times: 1 + 6 });
  const birth = birthOf(V11, ages(seen, 0));
  assert.ok(birth !== null);
  const table: [number, number | null][] = [
    [start, start + HOUR_MS],
    [start + HOUR_MS - 1, start + HOUR_MS],
    [start + HOUR_MS, null],
  ];
  for (const [now, until] of table)
    assert.equal(oldEnoughAt(birth, HOUR_MS, ages(seen, now)), until, `at ${now}`);
});

test('a clock that jumps two days ahead makes no release two days old', () => {
  const before = looks(null, ['v1.0.0'], { from: 0, times: 1 });
  const seen = looks(before, ['v1.0.0', 'v1.1.0'], { from: HOUR_MS, times: 1 });
  const jumped = 50 * HOUR_MS;
  const after = looks(seen, ['v1.0.0', 'v1.1.0'], { from: jumped, times: 1 });
  const birth = birthOf(V11, ages(after, jumped));
  assert.ok(birth !== null);
  const until = oldEnoughAt(birth, 48 * HOUR_MS, ages(after, jumped));
  assert.ok(until !== null && until - jumped >= 23 * HOUR_MS, `until ${String(until)}`);
  const lived = looks(after, ['v1.0.0', 'v1.1.0'], { from: jumped, times: 288 });
  assert.equal(oldEnoughAt(birth, 48 * HOUR_MS, ages(lived, jumped + 24 * HOUR_MS)), null);
});

test('looks that fail are looks: the machine was there', () => {
  const before = looks(looks(null, ['v1.0.0'], { from: 0, times: 1 }), ['v1.0.0', 'v1.1.0'], {
    from: 10,
    times: 1,
  });
  const failed = afterFailedLook(
    before,
    { message: 'no network', code: 'SOURCE_UNREACHABLE' },
    { turn: 1, at: 1 },
  );
  assert.equal(failed.looks, before.looks + 1);
});

test('a first sight that lies in the future is from before the clock was set back: the age counts from now', () => {
  const before = looks(null, ['v1.0.0'], { from: 0, times: 1 });
  const ahead = looks(before, ['v1.0.0', 'v1.1.0'], { from: 900 * HOUR_MS, times: 1 });
  const back = looks(ahead, ['v1.0.0', 'v1.1.0'], { from: HOUR_MS, times: 1 });
  assert.equal(birthOf(V11, ages(back, HOUR_MS))?.at, HOUR_MS);
});
