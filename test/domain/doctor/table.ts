import assert from 'node:assert/strict';
import test from 'node:test';
import type { Check } from '../../../src/domain/check.js';

/** What was judged, and words that each line of it has. */
export interface Case {
  readonly of: Check | readonly Check[];
  readonly tells: string;
}

/** A test for each row: what is looked at, and what is said of it. What is not well always says what mends it. */
export function judgeTable(table: Readonly<Record<string, readonly Case[]>>): void {
  for (const [what, cases] of Object.entries(table))
    test(`doctor judges ${what}`, () => {
      for (const { of, tells } of cases) {
        const lines = told(of);
        for (const line of tells.split('\n')) assert.ok(lines.includes(line), `${lines}\nis not\n${tells}`);
        for (const { level, mend } of [of].flat())
          assert.ok(mend !== null || level === 'ok' || level === 'skipped', lines);
      }
    });
}

/** Checks as lines: `level id: detail → mend (fix)`. */
export function told(checks: Check | readonly Check[]): string {
  return [checks]
    .flat()
    .map(({ level, id, detail, mend, fix }) => {
      const how = mend === null ? '' : ` → ${mend}`;
      return `${level} ${id}: ${detail}${how}${fix === null ? '' : ` (${fix.do})`}`;
    })
    .join('\n');
}
