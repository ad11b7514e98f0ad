import assert from 'node:assert/strict';
import test from 'node:test';
import { asFailure, failureOf } from '../../src/agent/faults.js';
import { GitOpsError, type ErrorCode } from '../../src/domain/errors.js';
import type { Reason } from '../../src/domain/verdict.js';
import { FRESH, type Fault } from '../../src/domain/upgrade.js';
import { release } from '../domain/releases.js';

const V11 = release('v1.1.0', 2);
const FACTS = { release: V11, upgrade: FRESH, now: 1_000, chance: 0.5 };

/** Every code that a worker may meet: whose fault it is, and the word for it. */
const TABLE: Record<Exclude<ErrorCode, 'ABORTED'>, [Fault, Reason]> = {
  ...{ USAGE: ['surroundings', 'backoff'], NOT_A_ROOT: ['surroundings', 'backoff'] },
  ...{ ROOT_EXISTS: ['surroundings', 'backoff'], CHANNEL_UNKNOWN: ['surroundings', 'backoff'] },
  TAG_UNKNOWN: ['surroundings', 'backoff'],
  CONFIG_INVALID: ['release', 'backoff'],
  SOURCE_UNREACHABLE: ['surroundings', 'offline'],
  SOURCE_REFUSED: ['surroundings', 'offline'],
  COMMIT_MISSING: ['surroundings', 'backoff'],
  GIT_MISSING: ['surroundings', 'backoff'],
  GIT_FAILED: ['surroundings', 'backoff'],
  TREE_DIRTY: ['blocked', 'dirty'],
  TREE_BUSY: ['blocked', 'backoff'],
  ENGINE_UNFIT: ['blocked', 'engine'],
  COMMAND_MISSING: ['surroundings', 'backoff'],
  COMMAND_TIMEOUT: ['surroundings', 'backoff'],
  INSTALL_UNREACHABLE: ['surroundings', 'backoff'],
  INSTALL_FAILED: ['release', 'backoff'],
  BUILD_FAILED: ['release', 'backoff'],
  HOOK_FAILED: ['release', 'backoff'],
  HOOK_NOT_NOW: ['blocked', 'backoff'],
  HELD: ['blocked', 'held'],
  UNVERIFIED: ['blocked', 'unverified'],
  RELEASE_INVALID: ['release', 'backoff'],
  NO_APPS: ['blocked', 'backoff'],
  NAMES_TAKEN: ['blocked', 'backoff'],
  APPS_PINNED: ['blocked', 'backoff'],
  DAEMON_ABSENT: ['blocked', 'backoff'],
  DAEMON_SILENT: ['surroundings', 'backoff'],
  DAEMON_FOREIGN: ['blocked', 'backoff'],
  DAEMON_REFUSED: ['surroundings', 'backoff'],
  UNHEALTHY: ['release', 'backoff'],
  APPS_RESTLESS: ['surroundings', 'backoff'],
  BUSY: ['surroundings', 'backoff'],
  LOCK_UNSUPPORTED: ['surroundings', 'backoff'],
  STATE_CORRUPT: ['surroundings', 'backoff'],
  STATE_NEWER: ['surroundings', 'backoff'],
  STATE_UNSAFE: ['surroundings', 'backoff'],
  DISK_FULL: ['surroundings', 'backoff'],
  DISK_SHORT: ['blocked', 'backoff'],
  DISK_READONLY: ['surroundings', 'backoff'],
  STUCK: ['surroundings', 'backoff'],
  SYSTEM_FAILED: ['surroundings', 'backoff'],
};

test('every failure is somebody’s: only what a release brought quarantines it', () => {
  for (const code of Object.keys(TABLE).filter((key): key is keyof typeof TABLE => key in TABLE)) {
    const { fault, reason } = failureOf(new GitOpsError(code, 'x'), FACTS);
    assert.deepEqual([fault, reason], TABLE[code], code);
  }
});

test('a failure is told with its mend, and when the next try may begin', () => {
  const error = new GitOpsError('DISK_FULL', 'no space left', { hint: 'free some' });
  assert.deepEqual(failureOf(error, FACTS), {
    ...{ type: 'failed', release: V11, fault: 'surroundings', reason: 'backoff' },
    ...{ cause: 'no space left; free some', at: 1_000, until: 61_000 },
  });
  const backoff = { commit: V11.commit, failures: 2, until: 0, reason: 'backoff', cause: 'x' } as const;
  const third = failureOf(error, { ...FACTS, upgrade: { ...FRESH, backoff } });
  assert.equal(third.until, 1_000 + 240_000);
  const other = { ...backoff, commit: release('v1.0.0', 1).commit };
  assert.equal(failureOf(error, { ...FACTS, upgrade: { ...FRESH, backoff: other } }).until, 61_000);
});

test('a refusal of the system is a failure like others; a bug and a cancelled run are thrown on', () => {
  const refused = Object.assign(new Error('EACCES: permission denied'), {
    syscall: 'rename',
    code: 'EACCES',
  });
  const full = Object.assign(new Error('ENOSPC'), { syscall: 'write', code: 'ENOSPC' });
  const dirty = new GitOpsError('TREE_DIRTY', 'x');
  assert.equal(asFailure(refused, '/srv').code, 'SYSTEM_FAILED');
  assert.equal(asFailure(full, '/srv').code, 'DISK_FULL');
  assert.equal(asFailure(dirty, '/srv'), dirty);
  for (const error of [new TypeError('x'), 'text', new GitOpsError('ABORTED', 'x')])
    assert.throws(
      () => asFailure(error, '/srv'),
      (thrown) => thrown === error,
    );
});
