import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readStatus } from '../../src/source/gpg-signature.js';

const GOOD = [
  'NEWSIG',
  'GOODSIG 9EEF4390B052CFE5 Ops <ops@example.invalid>',
  'VALIDSIG AB12 2026-11-24 1 0 4 0 22 8 00 CD34',
];
const AGAINST = ['BADSIG', 'EXPSIG', 'EXPKEYSIG', 'REVKEYSIG', 'ERRSIG', 'NO_PUBKEY', 'NODATA', 'FAILURE'];

function verdict(lines: readonly string[]): ReturnType<typeof readStatus> {
  return readStatus(lines.map((line) => `[GNUPG:] ${line}\n`).join(''), 'keys.asc');
}

test('gpg’s word counts: one good signature, and nothing said against it, in whatever order', () => {
  assert.deepEqual(verdict(GOOD), { by: 'Ops <ops@example.invalid> (CD34)' });
  const line = fc.constantFrom(
    ...GOOD,
    ...AGAINST.map((word) => `${word} 9EEF4390B052CFE5 Ops`),
    'KEY_CONSIDERED AB12 0',
    '',
  );
  const count = (lines: readonly string[], word: string) =>
    lines.filter((one) => one.split(' ')[0] === word).length;
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.shuffledSubarray(GOOD, { minLength: 2 }),
      (more, good) => {
        const lines = [...more, ...good];
        const isGood =
          count(lines, 'GOODSIG') === 1 &&
          count(lines, 'VALIDSIG') === 1 &&
          count(lines, 'NEWSIG') <= 1 &&
          AGAINST.every((word) => count(lines, word) === 0);
        assert.equal(typeof verdict(lines) !== 'string', isGood, lines.join('\n'));
      },
    ),
    { numRuns: 1_000 },
  );
  // What a program prints beside its status lines says nothing.
  assert.equal(typeof readStatus(GOOD.join('\n'), 'keys.asc'), 'string');
});
