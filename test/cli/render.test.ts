import assert from 'node:assert/strict';
import test from 'node:test';
import { createColors } from 'picocolors';
import { renderPlan } from '../../src/cli/render-plan.js';
import { renderRuns, renderStatus } from '../../src/cli/render.js';
import { NO_LACK } from '../../src/domain/lack.js';
import type { Run } from '../../src/domain/run.js';
import type { OutageStatus, Status } from '../../src/domain/status.js';
import { release } from '../domain/releases.js';

const COLORS = createColors(false);
const SCREEN = { colors: COLORS, columns: null };
const TELLING = { now: 2, say: String, ...SCREEN };
// git takes the control characters of C1 in names: 9b begins a colour code, as ESC [ does.
const EVIL = '\u009b31mv1.0.0\u0007\u202e';
const HERE = { ...release(EVIL, 1), since: 1, cause: EVIL };
const RUN: Run = {
  ...{ id: EVIL, cause: EVIL, from: HERE, to: HERE, startedAt: 1, endedAt: 2 },
  ...{ outcome: 'failed', problem: EVIL, reason: 'backoff', phases: [] },
};
const STATUS: Status = {
  ...{ root: EVIL, strategy: EVIL, machine: { id: EVIL, name: EVIL }, channel: EVIL, pin: HERE, phase: EVIL },
  ...{ desired: HERE, staged: HERE, active: HERE, behind: true, quarantine: [HERE], lastRun: RUN },
  policy: { commit: HERE.commit, version: 1, group: EVIL, expires: 1, problem: EVIL },
  why: { open: false, reason: 'held', until: 1, detail: EVIL },
  processes: [HERE.commit, null].map((commit) => ({
    ...{ pmId: 0, name: EVIL, pid: 1, status: EVIL, commit, since: 1 },
  })),
  ...{ lastPoll: null, nextPoll: 1, worker: null, warnings: [EVIL] },
  orphans: [{ pid: 1, command: EVIL, since: 1, pmId: 0, name: EVIL, count: 2 }],
  drift: [{ kind: 'pointer', detail: EVIL, repair: 'person', until: null, mend: EVIL }],
};

/** No control character, and what was meant. */
function assertPlain(text: string): void {
  assert.match(text, /v1\.0\.0/);
  assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
}

test('whatever a repository, pm2 or a machine calls its things: what is shown is plain', () => {
  assertPlain(renderStatus(STATUS, TELLING));
  assertPlain(renderStatus({ ...STATUS, why: null }, TELLING));
  assertPlain(renderRuns([RUN, { ...RUN, from: null }], 'UTC', SCREEN));
  const step = 'stage';
  const plan = {
    active: HERE,
    desired: HERE,
    behind: true,
    why: STATUS.why,
    notes: [EVIL],
    lack: NO_LACK,
    step,
    repair: [],
    gates: [
      { gate: 'hold', verdict: { open: false, reason: 'held', until: 1, detail: EVIL } },
      { gate: 'window', verdict: { open: true } },
    ],
  } as const;
  assertPlain(renderPlan({ ...plan, steps: [EVIL] }, String, SCREEN));
  assertPlain(renderPlan({ ...plan, steps: [], behind: false }, String, SCREEN));
});

test('status tells since when looks fail, and until when the source is left alone and why', () => {
  const told = (outage: OutageStatus): string => {
    const lastPoll = { at: 1, ok: false, error: 'no answer', outage };
    return renderStatus({ ...STATUS, lastPoll, nextPoll: 70 }, TELLING);
  };
  const common = { since: 5, failures: 4 };
  const last = told({ ...common, failures: 1, until: null, by: 'us' });
  assert.match(last, /last look .* ago, failed +next 70\n +1 turn failed since 5\n/);
  assert.match(
    told({ ...common, until: 60, by: 'us' }),
    /4 turns failed since 5; the next ones until 60 do not look/,
  );
  assert.match(
    told({ ...common, until: 60, by: 'server' }),
    /since 5; the server asked to be left alone until 60/,
  );
});
