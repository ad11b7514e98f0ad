import type { Answer } from '../agent/answer.js';
import type { RunEnd } from '../agent/records.js';
import { isGitOpsError, type ErrorCode } from '../domain/errors.js';

/** The exit codes of the contract. */
export const EXIT = {
  done: 0,
  unexpected: 1,
  usage: 2,
  behind: 3,
  failed: 4,
  stuck: 5,
  busy: 75,
  /** 128 + SIGINT, as shells have it: the person left; a run goes on. */
  interrupted: 130,
} as const;

/** What each means, for people. */
export const EXIT_MEANINGS: Readonly<Record<(typeof EXIT)[keyof typeof EXIT], string>> = {
  0: 'done, or nothing to do',
  1: 'an unexpected error',
  2: 'wrong usage or configuration, or a machine that must be set right first; doctor: a problem',
  3: 'behind: a change is pending, held back or blocked',
  4: 'the run failed and the former release serves; or the source could not be reached',
  5: 'stuck: an operator is needed',
  75: 'busy: another worker is at work on this root',
  130: 'interrupted; a run goes on',
};

// What a person of this machine has to set right before anything can work.
const USAGE: readonly ErrorCode[] = [
  ...(['USAGE', 'CONFIG_INVALID', 'NOT_A_ROOT', 'ROOT_EXISTS', 'CHANNEL_UNKNOWN', 'TAG_UNKNOWN'] as const),
  ...([
    'GIT_MISSING',
    'COMMAND_MISSING',
    'LOCK_UNSUPPORTED',
    'STATE_UNSAFE',
    'STATE_NEWER',
    'STATE_CORRUPT',
  ] as const),
  ...(['NO_APPS', 'NAMES_TAKEN', 'APPS_PINNED', 'DAEMON_ABSENT', 'DAEMON_FOREIGN'] as const),
];

// No run began: something of this machine stands in the way of one.
const HELD_BACK: readonly string[] = [
  'TREE_DIRTY',
  'UNVERIFIED',
  'DISK_FULL',
  'DISK_SHORT',
  'DISK_READONLY',
] satisfies readonly ErrorCode[];

// From what needs somebody most to what needs nobody.
const BY_WEIGHT: readonly number[] = [
  ...[EXIT.stuck, EXIT.unexpected, EXIT.usage, EXIT.failed, EXIT.busy, EXIT.behind, EXIT.done],
];

/** The exit code for several roots: that of the one that needs somebody most. */
export function worstOf(codes: readonly number[]): number {
  return BY_WEIGHT.find((code) => codes.includes(code)) ?? EXIT.done;
}

/** The exit code of a thrown value. */
export function exitCodeOf(error: unknown): number {
  if (!isGitOpsError(error)) return EXIT.unexpected;
  return exitCodeOfCode(error.code);
}

/** The exit code of a worker's answer. */
export function exitCodeOfAnswer({ kind, outcome, code }: Answer): number {
  switch (kind) {
    case 'busy':
      return EXIT.busy;
    case 'nothing':
      return EXIT.done;
    case 'held':
      return EXIT.behind;
    case 'crashed':
      return code === null ? EXIT.unexpected : exitCodeOfCode(code);
    case 'ended':
      if (outcome === 'activated') return EXIT.done;
      // Within a run this is about what was kept of a release: the former one serves.
      if (code === 'STATE_CORRUPT') return EXIT.failed;
      if (code === 'STUCK' || (code !== null && exitCodeOfCode(code) === EXIT.usage))
        return exitCodeOfCode(code);
      return outcome === 'blocked' ? EXIT.behind : EXIT.failed;
  }
}

/** The exit code for whoever followed a run to its end. */
export function exitCodeOfEnd(end: RunEnd): number {
  const codes = { activated: EXIT.done, blocked: EXIT.behind, rolledBack: EXIT.failed, failed: EXIT.failed };
  return { ...codes, stuck: EXIT.stuck, 'cut off': EXIT.unexpected }[end];
}

function exitCodeOfCode(code: string): number {
  if (USAGE.some((known) => known === code)) return EXIT.usage;
  if (code === 'BUSY') return EXIT.busy;
  if (code === 'STUCK') return EXIT.stuck;
  if (HELD_BACK.includes(code)) return EXIT.behind;
  return EXIT.failed;
}
