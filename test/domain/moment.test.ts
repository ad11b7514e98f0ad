import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { sayMoment, saySpan } from '../../src/domain/moment.js';
import { hasDay, instantOf, instantsOf, wallOf } from '../../src/domain/zone.js';

const ZONE = 'Europe/Berlin';
const berlin = (text: string): number => instantOf(Date.parse(`${text}Z`), ZONE);

test('a moment is said as a person at the machine says it', () => {
  const now = berlin('2026-06-03T22:10'); // a Wednesday
  const table: [string, string][] = [
    ['2026-06-03T22:10', '22:10 Europe/Berlin'],
    ['2026-06-03T23:00', '23:00 Europe/Berlin'],
    ['2026-06-04T02:00', '02:00 Europe/Berlin'],
    ['2026-06-04T22:09', '22:09 Europe/Berlin'],
    // From here on a time alone would be taken for an earlier one.
    ['2026-06-04T22:10', 'Thu 22:10 Europe/Berlin'],
    ['2026-06-09T23:59', 'Tue 23:59 Europe/Berlin'],
    ['2026-06-10T00:00', '10 Jun 2026 00:00 Europe/Berlin'],
    ['2027-06-03T22:10', '3 Jun 2027 22:10 Europe/Berlin'],
    ['2026-06-03T22:09', '3 Jun 2026 22:09 Europe/Berlin'],
  ];
  for (const [at, text] of table) assert.equal(sayMoment(berlin(at), now, ZONE), text, at);
});

test('nobody is told a minute at which it is not so yet', () => {
  const now = berlin('2026-06-03T22:10');
  assert.equal(sayMoment(berlin('2026-06-04T02:00') + 1, now, ZONE), '02:01 Europe/Berlin');
});

test('in a night in which the clock is set, the moment is still one', () => {
  // In spring half past twelve of Sunday is no 24 hours away on Saturday at noon, but today's comes first.
  const noon = berlin('2026-03-28T12:00');
  assert.equal(sayMoment(berlin('2026-03-29T12:30'), noon, ZONE), 'Sun 12:30 Europe/Berlin');
  const [first = 0, second = 0] = instantsOf(Date.UTC(2026, 9, 25, 2, 30), ZONE);
  const evening = berlin('2026-10-24T20:00');
  assert.equal(sayMoment(first, evening, ZONE), '02:30 Europe/Berlin (UTC+2)');
  assert.equal(sayMoment(second, evening, ZONE), '02:30 Europe/Berlin (UTC+1)');
  assert.equal(sayMoment(second, first + 60_000, ZONE), '25 Oct 2026 02:30 Europe/Berlin (UTC+1)');
  const [, newfoundland = 0] = instantsOf(Date.UTC(2026, 10, 1, 1, 30), 'America/St_Johns');
  assert.equal(
    sayMoment(newfoundland, evening, 'America/St_Johns'),
    '1 Nov 2026 01:30 America/St_Johns (UTC-3:30)',
  );
});

test('a time alone is the next one of that name, a weekday too, wherever it is read', () => {
  const zones = fc.constantFrom(ZONE, 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'UTC');
  const year = { min: Date.UTC(2026), max: Date.UTC(2027) };
  const ahead = fc.integer({ min: 0, max: 8 * 1_440 });
  fc.assert(
    fc.property(zones, fc.integer(year), ahead, (zone, now, minutes) => {
      const at = Math.ceil(now / 60_000) * 60_000 + minutes * 60_000;
      const text = sayMoment(at, now, zone);
      if (/\d{4}/.test(text)) return;
      // Of all minutes from now on, the first that is said so.
      const says = (minute: number): string => {
        const wall = new Date(wallOf(minute, zone)).toUTCString();
        return `${/^[A-Z]/.test(text) ? `${wall.slice(0, 3)} ` : ''}${wall.slice(17, 22)} ${zone}`;
      };
      let first = Math.ceil(now / 60_000) * 60_000;
      while (says(first) !== text.replace(/ \(.*/, '')) first += 60_000;
      if (text.includes('(')) assert.ok(at - first <= 3_600_000);
      else assert.equal(first, at);
    }),
    { numRuns: 100 },
  );
});

test('a span is said in its two largest units', () => {
  const table: [number, string][] = [
    [0, '0 ms'],
    [999, '999 ms'],
    [12_345, '12 s'],
    [90_000, '1 min 30 s'],
    [7_200_000, '2 h'],
    [129_600_000, '1 d 12 h'],
    [172_800_000, '2 d'],
    [172_800_001, '2 d'],
  ];
  for (const [ms, text] of table) assert.equal(saySpan(ms), text);
});

test('a wall clock shows a minute never, once or twice', () => {
  assert.deepEqual(instantsOf(Date.UTC(2026, 2, 29, 2, 30), ZONE), []);
  assert.equal(instantOf(Date.UTC(2026, 2, 29, 2, 30), ZONE), Date.UTC(2026, 2, 29, 1));
  assert.deepEqual(instantsOf(Date.UTC(2026, 5, 1, 2, 30), ZONE), [Date.UTC(2026, 5, 1, 0, 30)]);
  const twice = [Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 25, 1, 30)];
  assert.deepEqual(instantsOf(Date.UTC(2026, 9, 25, 2, 30), ZONE), twice);
  assert.equal(instantOf(Date.UTC(2026, 9, 25, 2, 30), ZONE), twice[0]);
  const skipped = Date.UTC(2011, 11, 30) / 86_400_000;
  assert.deepEqual(
    [-1, 0, 1].map((day) => hasDay(skipped + day, 'Pacific/Apia')),
    [true, false, true],
  );
  assert.throws(() => wallOf(0, 'Mars/Olympus'), RangeError);
});
