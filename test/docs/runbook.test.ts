import assert from 'node:assert/strict';
import test from 'node:test';
import { EXIT } from '../../src/cli/exit.js';
import { OUTCOMES } from '../../src/domain/run.js';
import { REASONS } from '../../src/domain/verdict.js';
import { sourceOf } from '../sources.js';
import { blocksOf } from './pages.js';

// Whoever is woken finds what the machine says in docs/runbook.md: every word of it, and no others.

const PAGE = sourceOf('docs/runbook.md');

function chapter(heading: string): string {
  const [, after = ''] = PAGE.split(`\n## ${heading}\n`);
  return after.split('\n## ')[0] ?? '';
}

/** What stands in the first column of a chapter's table, below its head. */
function firstColumn(heading: string): string[] {
  const rows = chapter(heading).match(/^\|.*\|$/gm) ?? [];
  return rows.slice(2).map((row) => (row.split('|')[1] ?? '').replaceAll('`', '').trim());
}

test('the runbook tells of every reason, in the order of the source, with something to type', () => {
  const [, ...sections] = chapter('Reasons').split('\n### ');
  assert.deepEqual(
    sections.map((text) => text.split('\n')[0]),
    REASONS,
  );
  for (const text of sections) {
    const typed = blocksOf({ path: 'docs/runbook.md', text }).filter(({ language }) => language === 'sh');
    assert.ok(
      typed.some(({ body }) => body.includes('pm2-gitops ')),
      text,
    );
    assert.match(text, /^By itself it /m);
  }
});

test('the runbook tells of every outcome and every exit code', () => {
  assert.deepEqual(firstColumn('Outcomes'), [...OUTCOMES]);
  assert.deepEqual(firstColumn('Exit codes').map(Number), Object.values(EXIT));
});
