import fc from 'fast-check';
import { nextSpell } from '../../src/domain/opening.js';
import type { CronFields, Freeze, Window, Windows } from '../../src/domain/window.js';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
// Within the horizon: an end that lies beyond it is not told.
const SURE_MS = 300 * DAY_MINUTES * MINUTE_MS;

// Clocks are set at night: half of all times lie there.
const minute = fc.oneof(
  fc.integer({ min: 0, max: 16 }).map((quarter) => quarter * 15),
  fc.integer({ min: 0, max: DAY_MINUTES - 1 }),
);
const someOf = (from: number, to: number): fc.Arbitrary<number[]> =>
  fc.subarray(
    Array.from({ length: to - from + 1 }, (_, index) => from + index),
    { minLength: 1 },
  );

/** Windows of weekdays. */
export const dayWindow: fc.Arbitrary<Extract<Window, { kind: 'days' }>> = fc.record({
  kind: fc.constant('days'),
  days: fc.oneof(fc.constant([0, 1, 2, 3, 4, 5, 6]), someOf(0, 6)),
  from: minute,
  to: fc.oneof(minute, fc.constant(DAY_MINUTES)),
});

const cron: fc.Arbitrary<CronFields> = fc.record({
  minutes: fc.oneof(fc.constant([0]), fc.constant([0, 15, 30, 45]), someOf(0, 59)),
  hours: fc.oneof(fc.constant([2]), someOf(0, 4), someOf(0, 23)),
  daysOfMonth: fc.oneof(fc.constant(Array.from({ length: 31 }, (_, index) => index + 1)), someOf(1, 31)),
  months: fc.constant([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
  weekdays: fc.oneof(fc.constant([0, 1, 2, 3, 4, 5, 6]), someOf(0, 6)),
});

const cronWindow: fc.Arbitrary<Window> = fc.record({
  kind: fc.constant('cron'),
  cron,
  forMs: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 2 * DAY_MINUTES })).map(toMs),
});

const someWindows = fc.array(fc.oneof(dayWindow, cronWindow), { maxLength: 2 });

/** Windows in a zone. */
export function windowsIn(zone: string): fc.Arbitrary<Windows> {
  return fc.record({ zone: fc.constant(zone), allow: someWindows, deny: someWindows });
}

/** Up to two freezes within a range of minutes since 1970. */
export function freezesIn(from: number, to: number): fc.Arbitrary<Freeze[]> {
  const freeze = fc
    .tuple(fc.integer({ min: from, max: to }), fc.integer({ min: 1, max: 2 * DAY_MINUTES }))
    .map(([at, length]) => ({ from: toMs(at), to: toMs(at + length), reason: null }));
  return fc.array(freeze, { maxLength: 2 });
}

/** What `nextSpell` says, walked from opening to opening: 1 for each minute of the range that is open. */
export function walkOpenings(
  windows: readonly Windows[],
  freezes: readonly Freeze[],
  { from, count }: { from: number; count: number },
): Uint8Array {
  const open = new Uint8Array(count);
  const end = toMs(from + count);
  let spell = nextSpell(windows, freezes, toMs(from));
  while (spell !== null && spell.from < end) {
    const to = Math.min(spell.to, spell.from + SURE_MS);
    open.fill(1, spell.from / MINUTE_MS - from, Math.min(count, to / MINUTE_MS - from));
    spell = to < end ? nextSpell(windows, freezes, to) : null;
  }
  return open;
}

function toMs(minutes: number): number {
  return minutes * MINUTE_MS;
}
