import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Notice } from '../../src/domain/notice.js';
import {
  afterSending,
  EMPTY_OUTBOX,
  isDue,
  MOST_LETTERS,
  nextLetter,
  withNotices,
  type Outbox,
  type Reception,
} from '../../src/domain/outbox.js';
import { someNotice } from '../agent/told-root.js';

const ALL = { level: 'info', events: null } as const;
const TWO = { a: ALL, b: ALL };
const MINUTE = 60_000;
const AT = 1_000_000;

function notices(count: number): Notice[] {
  return Array.from({ length: count }, (_, n) => someNotice({ id: `n${n}` }));
}

function send(outbox: Outbox, sink: string, came: Reception & { readonly at?: number }): Outbox {
  const { at = AT, ...reception } = came;
  const id = nextLetter(outbox, sink, at)?.notice.id ?? 'none';
  return afterSending(outbox, { id, sink, at, reception });
}

const later = (retryAfterMs: number | null = null): Reception => ({ kind: 'later', why: 'no', retryAfterMs });

test('each sink has its own place in the outbox: one that fails keeps none from another', () => {
  let outbox = withNotices(EMPTY_OUTBOX, notices(2), TWO);
  outbox = send(outbox, 'a', later());
  assert.equal(nextLetter(outbox, 'a', AT), null);
  outbox = send(send(outbox, 'b', { kind: 'taken' }), 'b', { kind: 'taken' });
  assert.deepEqual(
    outbox.letters.map(({ notice, to }) => [notice.id, to]),
    [
      ['n0', ['a']],
      ['n1', ['a']],
    ],
  );
  assert.equal(isDue(outbox, AT), false);
  assert.equal(isDue(outbox, AT + MINUTE), true);
  assert.equal(nextLetter(outbox, 'a', AT + MINUTE)?.notice.id, 'n0', 'in the order in which it happened');
});

test('a sink that fails rests for a minute, ever longer up to an hour, or as it asks up to six; none beyond a clock set back', () => {
  let outbox = withNotices(EMPTY_OUTBOX, notices(1), TWO);
  const rests: number[] = [];
  for (let at = AT, time = 0; time < 9; time += 1) {
    outbox = send(outbox, 'a', { ...later(), at });
    const until = outbox.lines['a']?.until ?? 0;
    rests.push((until - at) / MINUTE);
    at = until;
  }
  assert.deepEqual(rests, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
  const asked = (ms: number): number => (send(outbox, 'b', later(ms)).lines['b']?.until ?? 0) - AT;
  assert.deepEqual([asked(90_000), asked(10), asked(1e12)], [90_000, MINUTE, 360 * MINUTE]);
  const resting = send(withNotices(EMPTY_OUTBOX, notices(1), TWO), 'a', { ...later(), at: AT + 1e9 });
  assert.ok(nextLetter(resting, 'a', AT) !== null);
  assert.deepEqual(send(outbox, 'b', { kind: 'taken' }).lines['b']?.error, null);
});

test('a letter that will never be taken goes, and is counted; the next one has its turn', () => {
  const outbox = send(withNotices(EMPTY_OUTBOX, notices(2), { a: ALL }), 'a', {
    kind: 'refused',
    why: 'bad',
  });
  assert.deepEqual([nextLetter(outbox, 'a', AT)?.notice.id, outbox.dropped], ['n1', 1]);
  assert.equal(outbox.lines['a']?.error, 'bad');
});

test('the outbox is bounded: the oldest go, and what is for sinks that are no more', () => {
  const full = withNotices(EMPTY_OUTBOX, notices(MOST_LETTERS + 7), TWO);
  assert.deepEqual([full.letters.length, full.dropped, full.letters[0]?.notice.id], [MOST_LETTERS, 7, 'n7']);
  const fewer = withNotices(send(full, 'a', later()), [], { b: ALL });
  assert.deepEqual([fewer.letters.every(({ to }) => to.join('') === 'b'), fewer.lines], [true, {}]);
  assert.deepEqual(withNotices(full, [], {}).letters, []);
});

test('whatever the sinks say, each letter is taken at most once by each, in order, and the outbox stays bounded', () => {
  const step = fc.record({
    sink: fc.constantFrom('a', 'b'),
    kind: fc.constantFrom('taken', 'refused', 'later', 'news'),
    afterMs: fc.integer({ min: 0, max: 2 * MINUTE }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      let [outbox, at, count] = [EMPTY_OUTBOX, AT, 0];
      const taken: Record<string, number[]> = { a: [], b: [] };
      for (const { sink, kind, afterMs } of steps) {
        at += afterMs;
        if (kind === 'news') {
          outbox = withNotices(outbox, [someNotice({ id: String(count) })], TWO);
          count += 1;
        } else {
          const letter = nextLetter(outbox, sink, at);
          if (letter === null) continue;
          if (kind === 'taken') taken[sink]?.push(Number(letter.notice.id));
          const reception = kind === 'later' ? later() : { kind, why: 'bad' };
          outbox = afterSending(outbox, { id: letter.notice.id, sink, at, reception });
        }
        assert.ok(outbox.letters.length <= MOST_LETTERS);
      }
      for (const ids of Object.values(taken))
        assert.ok(
          ids.every((id, place) => place === 0 || id > (ids[place - 1] ?? -1)),
          ids.join(' '),
        );
    }),
  );
});
