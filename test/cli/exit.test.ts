import assert from 'node:assert/strict';
import test from 'node:test';
import { exitCodeOf, exitCodeOfAnswer } from '../../src/cli/exit.js';
import { GitOpsError } from '../../src/domain/errors.js';

const NOTHING = { run: null, outcome: null, code: null, problem: null, hint: null } as const;

test('what cannot be read is a mistake to be set right before a run, and a failed run within one', () => {
  const code = 'STATE_CORRUPT';
  assert.equal(exitCodeOf(new GitOpsError(code, 'orders.json cannot be read')), 2);
  assert.equal(exitCodeOfAnswer({ ...NOTHING, kind: 'crashed', code }), 2);
  assert.equal(exitCodeOfAnswer({ ...NOTHING, kind: 'ended', outcome: 'failed', code }), 4);
  assert.equal(exitCodeOfAnswer({ ...NOTHING, kind: 'ended', outcome: 'rolledBack', code }), 4);
});

test('every way in which a worker may end has its exit code', () => {
  const table: [Parameters<typeof exitCodeOfAnswer>[0], number][] = [
    [{ ...NOTHING, kind: 'nothing' }, 0],
    [{ ...NOTHING, kind: 'ended', outcome: 'activated' }, 0],
    [{ ...NOTHING, kind: 'held' }, 3],
    [{ ...NOTHING, kind: 'ended', outcome: 'blocked', code: 'TREE_DIRTY' }, 3],
    [{ ...NOTHING, kind: 'ended', outcome: 'blocked', code: 'NO_APPS' }, 2],
    [{ ...NOTHING, kind: 'ended', outcome: 'rolledBack', code: 'UNHEALTHY' }, 4],
    [{ ...NOTHING, kind: 'ended', outcome: 'failed', code: 'INSTALL_FAILED' }, 4],
    [{ ...NOTHING, kind: 'ended', outcome: 'failed', code: 'STUCK' }, 5],
    [{ ...NOTHING, kind: 'busy', code: 'BUSY' }, 75],
    [{ ...NOTHING, kind: 'crashed' }, 1],
  ];
  for (const [answer, code] of table) assert.equal(exitCodeOfAnswer(answer), code, JSON.stringify(answer));
});
