import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { nextSpell, openingsAround } from '../../src/domain/opening.js';
import type { Freeze, Window, Windows } from '../../src/domain/window.js';
import { dayWindow, freezesIn, walkOpenings, windowsIn } from './some-windows.js';
import { openingsOf, openMinutes, readWalls, settings, type Walls } from './wall-oracle.js';

const MINUTE_MS = 60_000;
const DAY = 1_440;
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];

/** Ten years of a zone. The clock is put back over midnight in São Paulo, by half an hour on Lord Howe; Samoa left out a day, Morocco changes four times a year. */
const DECADES: [string, number][] = [
  ['Europe/Berlin', 2020],
  ['America/New_York', 2020],
  ['Australia/Lord_Howe', 2020],
  ['Asia/Kolkata', 2020],
  ['America/Sao_Paulo', 2010],
  ['Pacific/Apia', 2010],
  ['Africa/Casablanca', 2010],
];

/** A week before and after the clock is set; the first five days are not looked at. */
function wallsAround(zone: string, minute: number): Walls {
  return readWalls(zone, minute - 9 * DAY, 16 * DAY);
}

function within({ from, shown }: Walls): { from: number; count: number } {
  return { from: from + 5 * DAY, count: shown.length - 9 * DAY };
}

/** All that one person wants to see when two sets of minutes differ. */
function assertAlike(windows: readonly Windows[], freezes: readonly Freeze[], walls: Walls): void {
  const range = within(walls);
  const found = walkOpenings(windows, freezes, range);
  const start = range.from - walls.from;
  const expected = openMinutes(windows, freezes, walls).subarray(start, start + range.count);
  const index = found.findIndex((open, at) => open !== expected[at]);
  if (index < 0) return;
  const at = new Date((range.from + index) * MINUTE_MS).toISOString();
  assert.fail(`at ${at} it is ${found[index] === 1 ? 'open' : 'closed'}`);
}

/** Minutes about which a year is looked at: whenever the clock is set, and some days by chance. */
function momentsOf(zone: string, year: number): number[] {
  const [from, to] = [Date.UTC(year) / MINUTE_MS, Date.UTC(year + 10) / MINUTE_MS];
  const chance = fc.sample(fc.integer({ min: from, max: to }), { numRuns: 5, seed: year });
  return [...settings(zone, from, to), ...chance];
}

for (const [zone, year] of DECADES) {
  test(`windows in ${zone} are as the clock on the wall says, whenever it was set from ${year} on`, () => {
    for (const minute of momentsOf(zone, year)) {
      const walls = wallsAround(zone, minute);
      const range = within(walls);
      const freezes = freezesIn(range.from, range.from + range.count);
      const two = fc.array(fc.oneof(windowsIn(zone), windowsIn('Asia/Kathmandu')), { maxLength: 2 });
      const kathmandu = readWalls('Asia/Kathmandu', walls.from, walls.shown.length);
      fc.assert(
        fc.property(two, freezes, (windows, frozen) => {
          const own = windows.filter((each) => each.zone === zone);
          const far = windows.filter((each) => each.zone !== zone);
          if (far.length === 0) assertAlike(own, frozen, walls);
          else assertBoth({ own, far, frozen }, walls, kathmandu);
        }),
        { numRuns: 3 },
      );
    }
  });

  test(`a window in ${zone} opens once on each of its days, never twice, and no day is left out`, () => {
    for (const minute of momentsOf(zone, year)) {
      const walls = wallsAround(zone, minute);
      fc.assert(
        fc.property(dayWindow, (window) => {
          fc.pre((window.to - window.from + DAY - 1) % DAY < 20 * 60);
          assertOnce(window, zone, walls);
        }),
        { numRuns: 3 },
      );
    }
  });
}

/** Two sets of windows in two zones: open where both are. */
function assertBoth(
  { own, far, frozen }: { own: Windows[]; far: Windows[]; frozen: Freeze[] },
  walls: Walls,
  farWalls: Walls,
): void {
  const range = within(walls);
  const start = range.from - walls.from;
  const [one, other] = [openMinutes(own, frozen, walls), openMinutes(far, [], farWalls)];
  const found = walkOpenings([...own, ...far], frozen, range);
  const index = found.findIndex(
    (open, at) => (open === 1) !== (one[start + at] === 1 && other[start + at] === 1),
  );
  assert.equal(index, -1, `differs at ${new Date((range.from + index) * MINUTE_MS).toISOString()}`);
}

/** The openings, in order, are those of the window's days, in order. */
function assertOnce(window: Window, zone: string, walls: Walls): void {
  const range = within(walls);
  const [from, to] = [range.from * MINUTE_MS, (range.from + range.count) * MINUTE_MS];
  const expected = openingsOf(window, walls)
    .map(([opens]) => (walls.from + opens) * MINUTE_MS)
    .filter((at) => at >= from && at < to);
  const found: number[] = [];
  for (const spell of openingsAround([{ zone, allow: [window], deny: [] }], [], from)) {
    if (spell.from >= to) break;
    if (spell.from >= from) found.push(spell.from);
  }
  assert.deepEqual(found, expected);
}

const utc = (text: string): number => Date.parse(`${text}Z`);
const berlin = (window: Partial<Extract<Window, { kind: 'days' }>>, deny: Window[] = []): Windows => ({
  zone: 'Europe/Berlin',
  allow: [{ kind: 'days', days: EVERY_DAY, from: 120, to: 180, ...window }],
  deny,
});

test('on days of 23 and of 25 hours', () => {
  const table: [string, Partial<Extract<Window, { kind: 'days' }>>, string, string, string][] = [
    // At 02:00 the clock is put forward to 03:00, which is 01:00 in UTC.
    ['swallowed whole', { from: 120, to: 180 }, '2026-03-29T00:00', '2026-03-29T01:00', '2026-03-29T02:00'],
    ['its end swallowed', { from: 90, to: 150 }, '2026-03-29T00:00', '2026-03-29T00:30', '2026-03-29T01:00'],
    ['its begin', { from: 150, to: 240 }, '2026-03-29T00:00', '2026-03-29T01:00', '2026-03-29T02:00'],
    // At 03:00 it is put back to 02:00, which is 01:00 in UTC.
    [
      'shown twice',
      { from: 135, to: 150 },
      ...(['2026-10-25T00:00', '2026-10-25T00:15', '2026-10-25T00:30'] as const),
    ],
    [
      'not again',
      { from: 135, to: 150 },
      ...(['2026-10-25T00:31', '2026-10-26T01:15', '2026-10-26T01:30'] as const),
    ],
    [
      'an hour more',
      { from: 60, to: 180 },
      ...(['2026-10-24T23:00', '2026-10-24T23:00', '2026-10-25T02:00'] as const),
    ],
    [
      'over midnight',
      { from: 1_320, to: 240 },
      ...(['2026-10-24T12:00', '2026-10-24T20:00', '2026-10-25T03:00'] as const),
    ],
  ];
  for (const [story, window, now, from, to] of table)
    assert.deepEqual(
      nextSpell([berlin(window)], [], utc(now)),
      { from: utc(from), to: utc(to) },
      `${story}, at ${now}`,
    );
});

test('a day that a calendar leaves out has no opening, the next one has its own', () => {
  const friday: Windows = {
    zone: 'Pacific/Apia',
    allow: [{ kind: 'days', days: [5], from: 0, to: DAY }],
    deny: [],
  };
  // 30 December 2011 was a Friday, and was not.
  assert.deepEqual(nextSpell([friday], [], utc('2011-12-28T00:00')), {
    from: utc('2012-01-05T10:00'),
    to: utc('2012-01-06T10:00'),
  });
});

test('an opening that is open now begins now; without windows it has no end', () => {
  const now = utc('2026-06-01T00:30');
  assert.deepEqual(nextSpell([berlin({})], [], now), { from: now, to: utc('2026-06-01T01:00') });
  assert.deepEqual(nextSpell([], [], now), { from: now, to: Infinity });
  assert.deepEqual(nextSpell([berlin({ from: 0, to: DAY })], [], now), { from: now, to: Infinity });
  const itself = { from: utc('2026-06-01T00:00'), to: utc('2026-06-01T01:00') };
  assert.deepEqual(openingsAround([berlin({})], [], now).next().value, itself);
});

test('what never opens is told to, and what opens once a year is found', () => {
  const now = utc('2026-06-01T00:30');
  const always: Window = { kind: 'days', days: EVERY_DAY, from: 0, to: DAY };
  assert.equal(nextSpell([berlin({}, [always])], [], now), null);
  const february: Window = {
    ...{ kind: 'cron', forMs: MINUTE_MS },
    cron: { minutes: [0], hours: [0], daysOfMonth: [1], months: [6], weekdays: EVERY_DAY },
  };
  assert.deepEqual(nextSpell([{ zone: 'UTC', allow: [february], deny: [] }], [], now), {
    from: utc('2027-06-01T00:00'),
    to: utc('2027-06-01T00:01'),
  });
});

test('a freeze cuts an opening, or covers it and the next one comes', () => {
  const now = utc('2026-06-01T00:00');
  const freeze = (from: string, to: string): Freeze[] => [{ from: utc(from), to: utc(to), reason: null }];
  const table: [Freeze[], string, string][] = [
    [freeze('2026-06-01T00:30', '2026-06-01T00:40'), '2026-06-01T00:00', '2026-06-01T00:30'],
    [freeze('2026-05-01T00:00', '2026-06-01T00:40'), '2026-06-01T00:40', '2026-06-01T01:00'],
    [freeze('2026-05-01T00:00', '2026-06-01T01:00'), '2026-06-02T00:00', '2026-06-02T01:00'],
  ];
  for (const [freezes, from, to] of table)
    assert.deepEqual(nextSpell([berlin({})], freezes, now), { from: utc(from), to: utc(to) });
});
