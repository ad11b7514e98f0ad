import assert from 'node:assert/strict';
import test from 'node:test';
import { parseDuration } from '../../src/config/duration.js';

test('durations are read in every unit that people write', () => {
  const table: [string, number | null][] = [
    ['500ms', 500],
    ['2s', 2_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
    ['1.5h', 5_400_000],
    ['1h 30m', 5_400_000],
    ['10 s', 10_000],
    ['0s', 0],
    ['', null],
    ['5', null],
    ['5 parsecs', null],
    ['-5s', null],
    ['s', null],
    ['5m later', null],
  ];
  for (const [text, expected] of table) assert.equal(parseDuration(text), expected, text);
});
