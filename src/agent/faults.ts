import { GitOpsError, isGitOpsError, messageOf, type ErrorCode } from '../domain/errors.js';
import type { Reason } from '../domain/verdict.js';
import type { Instant, Release } from '../domain/release.js';
import { translateDiskError } from '../os/files.js';
import { backoffMs } from '../domain/turn.js';
import type { Event, Fault, Upgrade } from '../domain/upgrade.js';

type Failed = Extract<Event, { type: 'failed' }>;

// Only what the release itself brought. Anything that may be different tomorrow is the surroundings'.
const RELEASE: readonly ErrorCode[] = [
  'INSTALL_FAILED',
  'BUILD_FAILED',
  'HOOK_FAILED',
  'RELEASE_INVALID',
  'CONFIG_INVALID',
  'UNHEALTHY',
];
// A rule or a person of this machine says no, before anything was touched.
const BLOCKED: readonly ErrorCode[] = [
  'TREE_DIRTY',
  'TREE_BUSY',
  'ENGINE_UNFIT',
  'HOOK_NOT_NOW',
  'HELD',
  'UNVERIFIED',
  'NO_APPS',
  'NAMES_TAKEN',
  'APPS_PINNED',
  'DAEMON_ABSENT',
  'DAEMON_FOREIGN',
  'DISK_SHORT',
];
const OFFLINE: readonly ErrorCode[] = ['SOURCE_UNREACHABLE', 'SOURCE_REFUSED'];

/** A foreseen failure, or a refusal of the system as one. Anything else is a bug: it is thrown on and ends the worker. */
export function asFailure(thrown: unknown, root: string): GitOpsError {
  const error = translateDiskError(thrown, root);
  if (isGitOpsError(error) && error.code !== 'ABORTED') return error;
  if (error instanceof Error && 'syscall' in error)
    return new GitOpsError('SYSTEM_FAILED', error.message, { cause: error });
  throw error;
}

/** A failure as an event. */
export function failureOf(error: GitOpsError, { release, upgrade, now, chance }: FailureFacts): Failed {
  const failures = upgrade.backoff?.commit === release.commit ? upgrade.backoff.failures + 1 : 1;
  const until = now + backoffMs(failures, chance);
  const hint = error.hint === null ? '' : `; ${error.hint}`;
  return {
    type: 'failed',
    release,
    fault: faultOf(error.code),
    reason: reasonOf(error.code),
    cause: messageOf(error) + hint,
    at: now,
    until,
  };
}

interface FailureFacts {
  readonly release: Release;
  readonly upgrade: Upgrade;
  readonly now: Instant;
  /** In [0, 1): spreads the next tries of a fleet. */
  readonly chance: number;
}

function faultOf(code: ErrorCode): Fault {
  if (RELEASE.includes(code)) return 'release';
  return BLOCKED.includes(code) ? 'blocked' : 'surroundings';
}

function reasonOf(code: ErrorCode): Reason {
  if (code === 'TREE_DIRTY') return 'dirty';
  if (code === 'ENGINE_UNFIT') return 'engine';
  if (code === 'HELD') return 'held';
  if (code === 'UNVERIFIED') return 'unverified';
  return OFFLINE.includes(code) ? 'offline' : 'backoff';
}
