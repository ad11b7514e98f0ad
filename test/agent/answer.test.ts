import assert from 'node:assert/strict';
import test from 'node:test';
import { answerFile, answerPath, toAnswer, type Answer } from '../../src/agent/answer.js';
import type { Visit } from '../../src/agent/worker.js';
import type { Decision } from '../../src/domain/decide.js';
import { GitOpsError } from '../../src/domain/errors.js';
import { NO_LACK } from '../../src/domain/lack.js';
import type { Run } from '../../src/domain/run.js';
import { layoutOf } from '../../src/state/layout.js';
import { parseRecord } from '../../src/state/records.js';
import { release } from '../domain/releases.js';

const RUN: Run = {
  ...{ id: 'r1', cause: 'apply', from: null, to: release('v1.0.0', 1) },
  ...{ startedAt: 1, endedAt: 2, outcome: 'activated', problem: null, reason: null, phases: [] },
};
const RESTED: Visit = { kind: 'rested', phase: 'idle', decision: null, run: null, error: null };
const HELD: Decision = {
  ...{ desired: RUN.to, behind: true, notes: [], step: 'wait', lack: NO_LACK, repair: [] },
  why: { open: false, reason: 'held', until: null, detail: 'a fair' },
};
const FULL = new GitOpsError('DISK_FULL', 'no space left', { hint: 'free some' });
const NOTHING: Answer = { kind: 'nothing', run: null, outcome: null, code: null, problem: null, hint: null };

const TABLE: [string, Visit, Partial<Answer>][] = [
  ['another worker was at it', { kind: 'busy' }, { kind: 'busy', code: 'BUSY' }],
  ['nothing to do', RESTED, {}],
  ['up to date, though pinned', { ...RESTED, decision: { ...HELD, behind: false } }, {}],
  ['held back', { ...RESTED, decision: HELD }, { kind: 'held', problem: 'held: a fair' }],
  [
    'staged, and the window is closed',
    {
      ...RESTED,
      phase: 'staged',
      decision: { ...HELD, why: { open: false, reason: 'window', until: 9, detail: 'opens 02:00 UTC' } },
    },
    {
      kind: 'held',
      problem: 'it is staged, and waits; window: opens 02:00 UTC',
      hint: 'pm2-gitops apply --now does not wait for it',
    },
  ],
  ['a run that went well', { ...RESTED, run: RUN }, { kind: 'ended', run: 'r1', outcome: 'activated' }],
  [
    'a run that failed',
    { ...RESTED, run: { ...RUN, outcome: 'failed', problem: 'it broke' }, error: FULL },
    {
      kind: 'ended',
      run: 'r1',
      outcome: 'failed',
      code: 'DISK_FULL',
      problem: 'it broke',
      hint: 'free some',
    },
  ],
  [
    'a run whose record does not say why',
    { ...RESTED, run: { ...RUN, outcome: 'failed' }, error: FULL },
    {
      kind: 'ended',
      run: 'r1',
      outcome: 'failed',
      code: 'DISK_FULL',
      problem: 'no space left',
      hint: 'free some',
    },
  ],
  [
    'blocked before there was a run',
    { ...RESTED, error: FULL },
    { kind: 'ended', outcome: 'blocked', code: 'DISK_FULL', problem: 'no space left', hint: 'free some' },
  ],
];

for (const [story, visit, expected] of TABLE) {
  test(`a worker answers: ${story}`, () => {
    assert.deepEqual(toAnswer(visit), { ...NOTHING, ...expected });
  });
}

test('a run that ended stuck says so by its code, and what to do', () => {
  const run: Run = { ...RUN, outcome: 'failed', problem: 'no way back' };
  const answer = toAnswer({ ...RESTED, phase: 'stuck', run });
  assert.deepEqual([answer.code, answer.problem], ['STUCK', 'no way back']);
  assert.match(answer.hint ?? '', /pm2-gitops retry/);
});

test('whoever waits reads what the worker wrote', () => {
  for (const [, visit] of TABLE) {
    const text = JSON.stringify({ schema: 1, ...toAnswer(visit) });
    assert.deepEqual(parseRecord(text, answerFile, 'x'), { schema: 1, ...toAnswer(visit) });
  }
  assert.equal(answerPath(layoutOf('/srv/shop'), 'r1'), '/srv/shop/.pm2-gitops/answers/r1.json');
});
