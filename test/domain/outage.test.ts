import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  afterFailure,
  LONGEST_GRANT_MS,
  newsOf,
  restsUntil,
  type FailedLook,
  type Outage,
} from '../../src/domain/outage.js';

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];
const START = Date.parse('2026-03-01T12:00:00Z');

const look = (change: Partial<FailedLook>): FailedLook => ({
  ...{ at: START, trigger: 'turn', pollEveryMs: 5 * MINUTE, retryAfterMs: null, chance: 0.5 },
  ...change,
});

/** The spans between the looks of an outage, if a turn looks at the very end of each rest. */
function restsOf(count: number, change: Partial<FailedLook>): number[] {
  let outage: Outage | null = null;
  return Array.from({ length: count }, () => {
    const at: number = outage?.until ?? START;
    outage = afterFailure(outage, look({ at, ...change }));
    return outage.until - at;
  });
}

test('after the first failed look the very next turn looks again, then ever fewer do, down to one an hour', () => {
  const minutes = restsOf(7, {}).map((ms) => ms / MINUTE);
  assert.deepEqual(minutes, [0, 5, 15, 35, 60, 60, 60]);
  const seconds = restsOf(5, { pollEveryMs: 10 * SECOND }).map((ms) => ms / SECOND);
  assert.deepEqual(seconds, [0, 10, 30, 70, 150], 'who polls often comes back soon');
  assert.deepEqual(
    restsOf(3, { pollEveryMs: 12 * HOUR }),
    [0, HOUR, HOUR],
    'who polls seldom leaves out no turn',
  );
});

test('chance spreads a fleet over a fifth of the wait in each direction', () => {
  const third = (chance: number): number => (restsOf(3, { chance })[2] ?? NaN) / MINUTE;
  assert.deepEqual([third(0), third(1)], [12, 18]);
});

test('a server that asks for a rest is left alone for it, but never for longer than six hours', () => {
  const asked = (seconds: number): Outage =>
    afterFailure(null, look({ retryAfterMs: seconds * SECOND, chance: 0 }));
  assert.deepEqual(asked(1_800), { since: START, failures: 1, until: START + 30 * MINUTE, by: 'server' });
  assert.equal(asked(999_999_999).until, START + LONGEST_GRANT_MS);
  assert.equal(asked(0).by, 'us');
  const later = afterFailure(null, look({ retryAfterMs: 10 * MINUTE, chance: 1 }));
  assert.equal(later.until, START + 12 * MINUTE, 'up to a fifth later, never sooner');
  const tired = { since: START - HOUR, failures: 5, until: START, by: 'us' } as const;
  assert.equal(afterFailure(tired, look({ retryAfterMs: SECOND })).by, 'us', 'the longer of both counts');
});

test('people who look again and again do not keep the schedule from looking, unless the server says so', () => {
  let outage = afterFailure(null, look({ trigger: 'person' }));
  assert.deepEqual(outage, { since: START, failures: 1, until: START, by: 'us' });
  for (let times = 1; times < 20; times += 1)
    outage = afterFailure(outage, look({ trigger: 'person', at: START + times }));
  assert.deepEqual([outage.since, outage.failures, outage.until], [START, 1, START + 19]);
  const resting = { since: START, failures: 4, until: START + HOUR, by: 'server' } as const;
  assert.deepEqual(afterFailure(resting, look({ trigger: 'person', at: START + MINUTE })), resting);
  const sent = afterFailure(
    outage,
    look({ trigger: 'person', at: START + MINUTE, retryAfterMs: HOUR, chance: 0 }),
  );
  assert.deepEqual([sent.until, sent.by], [START + MINUTE + HOUR, 'server']);
});

test('the schedule looks again when the rest is over, and when the clock was set back or the record is none of ours', () => {
  const outage = { since: START, failures: 3, until: START + HOUR, by: 'us' } as const;
  const rests = (now: number, found: Outage | null = outage): number | null =>
    restsUntil(found, { at: START, now });
  assert.equal(rests(START), START + HOUR);
  assert.equal(rests(START + HOUR - 1), START + HOUR);
  assert.equal(rests(START + HOUR), null);
  assert.equal(rests(START - 1), null, 'set back');
  assert.equal(rests(START, { ...outage, until: START + LONGEST_GRANT_MS + 1 }), null);
  assert.equal(rests(START, null), null);
});

test('whatever a server asks for and however the clock jumps, from any moment on a rest lasts six hours at most', () => {
  const moments = fc.integer({ min: START - 40 * 24 * HOUR, max: START + 40 * 24 * HOUR });
  const looks = fc.record({
    at: moments,
    trigger: fc.constantFrom<'turn' | 'person'>('turn', 'person'),
    pollEveryMs: fc.integer({ min: 10 * SECOND, max: 24 * HOUR }),
    retryAfterMs: fc.option(fc.integer({ min: 0, max: 1e12 })),
    chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(looks, { minLength: 1 }), moments, (row, now) => {
      let outage: Outage | null = null;
      for (const each of row) {
        const before: Outage | null = outage;
        outage = afterFailure(before, each);
        assert.ok(outage.until >= each.at && outage.since <= each.at);
      }
      const at = row.at(-1)?.at ?? 0;
      const until = restsUntil(outage, { at, now });
      assert.ok(until === null || (until > now && until - now <= LONGEST_GRANT_MS));
    }),
  );
});

test('people hear once that the source is lost and once that it is back, whatever the looks between come to', () => {
  const refused = { error: 'the server answered 401', code: 'SOURCE_REFUSED' } as const;
  const broken = { error: 'no answer', code: 'SOURCE_UNREACHABLE' } as const;
  const hear = (...looks: readonly (typeof refused | typeof broken | null)[]): string[] => {
    const heard: string[] = [];
    let [outage, told]: [Outage | null, number | null] = [null, null];
    looks.forEach((fault, index) => {
      const at = START + index * MINUTE;
      outage = fault === null ? null : afterFailure(outage, look({ at }));
      const news = newsOf(told, { outage, error: fault?.error ?? null, code: fault?.code ?? null });
      if (news === null) return;
      told = news.what === 'offline' ? news.since : null;
      heard.push(`${index} ${news.what} since ${(news.since - START) / MINUTE}`);
    });
    return heard;
  };
  assert.deepEqual(hear(null, broken, null, broken, null), [], 'a line may break once');
  assert.deepEqual(hear(null, broken, broken, broken, null, null), ['2 offline since 1', '4 online since 1']);
  assert.deepEqual(hear(refused, refused, null), ['0 offline since 0', '2 online since 0']);
  const mixed = hear(null, refused, broken, refused, broken, broken, null, broken, refused, null);
  assert.deepEqual(mixed, ['1 offline since 1', '6 online since 1', '8 offline since 7', '9 online since 7']);
});
