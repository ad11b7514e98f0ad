import assert from 'node:assert/strict';
import test from 'node:test';
import { ratiosOf, spreadOf } from './numbers.js';
import { parseOptions } from './options.js';
import { bytes, table, times } from './table.js';
import { historyOf, NEWEST } from './tags.js';

test('a spread names the middle of an odd number of values and the mean of the two middles of an even one', () => {
  assert.deepEqual(spreadOf([9, 1, 4]), { median: 4, lowest: 1, highest: 9 });
  assert.deepEqual(spreadOf([9, 1, 4, 2]), { median: 3, lowest: 1, highest: 9 });
});

test('ratios are told round by round, so that what disturbs a round counts on both sides', () => {
  assert.deepEqual(ratiosOf([10, 100, 30], [5, 50, 5]), { median: 2, lowest: 2, highest: 6 });
});

test('tables align, and sizes and ratios are short', () => {
  const rows = [
    ['', bytes(999), bytes(1_234)],
    ['longer', bytes(2_500_000), times(spreadOf([2, 3, 4]))],
  ];
  assert.deepEqual(table(rows), ['          999 B           1.2 kB', 'longer   2.5 MB   3.0x (2.0–4.0)']);
});

test('a history has as many tags as were asked for, all different and below the newest', () => {
  for (const count of [99, 999, 9_999]) {
    const tags = historyOf(count);
    assert.equal(new Set(tags).size, count);
    assert.ok(tags.every((tag) => /^v\d\.\d+\.\d+$/.test(tag) && tag !== NEWEST));
  }
});

test('one measure can be asked for alone, and nonsense is answered with the usage', () => {
  assert.deepEqual(parseOptions(['--only', 'polls', '--rounds', '2']).measures, ['polls']);
  assert.throws(() => parseOptions(['--only', 'everything']), /--only release\|restart/);
});
