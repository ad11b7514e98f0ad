import assert from 'node:assert/strict';
import test from 'node:test';
import { EXIT } from '../../src/cli/exit.js';
import { decide } from '../../src/domain/decide.js';
import type { Facts } from '../../src/domain/facts.js';
import { NO_ORDERS } from '../../src/domain/orders.js';
import { OUTCOMES } from '../../src/domain/run.js';
import type { Phase } from '../../src/domain/upgrade.js';
import { REASONS, type Reason } from '../../src/domain/verdict.js';
import type { Windows } from '../../src/domain/window.js';
import { HOUR_MS, NOW, own, serving, V10, V11, V20, WAVE, world } from '../domain/world.js';
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

const NIGHT: Windows = {
  zone: 'Europe/Berlin',
  allow: [{ kind: 'days', days: [0, 1, 2, 3, 4, 5, 6], from: 120, to: 240 }],
  deny: [],
};
const CAUSE = 'web 0 died at start';
const STAGED = { ...serving(V10), phase: { at: 'staged', release: V11, run: 'r', starts: 1 } } as const;
const PINNED = { release: V10, since: 1, until: null };
const HELD = { reason: 'the disk is being changed', since: 1, until: null };
const CHRISTMAS = { from: 1, to: NOW + 180 * HOUR_MS, reason: 'Christmas trade' };
const STUCK: Phase = {
  ...{ at: 'stuck', release: V11, run: 'r' },
  cause: `${CAUSE}; then the way back failed: no space left`,
};
/** A machine of v1.0.0 that is told of v1.1.0, three hours old. */
const told = (more: Partial<Facts>): Facts => world([[V11, 3]], more);
const HELD_BACK: Readonly<Partial<Record<Reason, Facts>>> = {
  pinned: told({ orders: { ...NO_ORDERS, pin: PINNED } }),
  held: told({ orders: { ...NO_ORDERS, hold: HELD } }),
  frozen: told({ ...own({ freezes: [CHRISTMAS] }), upgrade: STAGED }),
  window: told({ ...own({ windows: NIGHT }), upgrade: STAGED }),
  soak: told(own({ soakMs: 24 * HOUR_MS })),
  wave: told(own({ wave: WAVE })),
  major: world([[V20, 3]], own({ major: 'manual' })),
  approval: told(own({ approval: 'required' })),
  quarantined: told({
    upgrade: { ...serving(V10), quarantine: [{ release: V11, cause: CAUSE, since: 1 }] },
  }),
  stuck: told({ upgrade: { ...serving(V10), phase: STUCK } }),
};

test('the runbook shows for a reason what status says then', () => {
  for (const [reason, facts] of Object.entries(HELD_BACK)) {
    const { why, behind } = decide(facts);
    assert.equal(why?.reason, reason);
    const line = `state  ${behind ? 'behind: ' : ''}${reason}  ${why.detail}`;
    const [, after = ''] = PAGE.split(`\n### ${reason}\n`);
    assert.ok(after.split('\n### ')[0]?.includes(line), `below ${reason} the runbook does not show: ${line}`);
  }
});
