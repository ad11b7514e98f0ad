import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { cutLog, newInLog, partsOfLog } from '../../src/domain/cut-log.js';

const AT = '2026-01-02T03:04:05.006Z';
const BOUNDS = { most: 100, head: 30, tail: 29 };

/** A line of the log with a number in it. */
function line(n: number, more = ''): string {
  return `${AT} | ${n}${more}\n`;
}

test('a log loses whole lines of its middle, and says how many', () => {
  const text = [1, 2, 3, 4].map((n) => line(n)).join('');
  assert.equal(
    cutLog(text, AT, BOUNDS),
    `${line(1)}${AT} * 2 lines (58 bytes) were cut out here\n${line(4)}`,
  );
});

test('what is cut later is counted with what was cut before', () => {
  const once = cutLog([1, 2, 3, 4].map((n) => line(n)).join(''), AT, BOUNDS);
  const twice = cutLog(once + line(5), AT, BOUNDS);
  assert.equal(twice, `${line(1)}${AT} * 3 lines (87 bytes) were cut out here\n${line(5)}`);
  assert.equal(partsOfLog(twice).cut?.lines, 3);
});

test('output that looks like the line that tells of a cut is none', () => {
  assert.equal(partsOfLog(`${AT} | 3 lines (87 bytes) were cut out here\n`).cut, null);
});

test('whoever follows a log is told each line once, and never one that was told, however often it is cut', () => {
  const steps = fc.array(fc.constantFrom('write', 'cut', 'read'), { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 30 }), (story, width) => {
      let [text, count, read] = ['', 0, 0];
      const told: number[] = [];
      const look = (): void => {
        const news = newInLog(text, read);
        read = news.read;
        told.push(...[...news.fresh.matchAll(/\| (\d+)/g)].map(([, n]) => Number(n)));
      };
      for (const step of story) {
        if (step === 'write') text += line((count += 1), 'x'.repeat(width));
        else if (step === 'cut' && text.length > BOUNDS.most) text = cutLog(text, AT, BOUNDS);
        else if (step === 'read') look();
      }
      look();
      assert.deepEqual(
        told,
        [...new Set(told)].sort((a, b) => a - b),
      );
      assert.equal(
        read,
        count === 0
          ? 0
          : Array.from({ length: count }, (_, n) => line(n + 1, 'x'.repeat(width))).join('').length,
      );
      if (count > 0) assert.ok(width > 10 || told.at(-1) === count);
      if (!text.includes('were cut out')) assert.equal(told.length, count);
    }),
  );
});
