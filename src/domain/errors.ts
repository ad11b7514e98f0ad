import { plainText } from './plain.js';
import { redactUrls } from './redact.js';

/** Every expected failure, by name. `cli/exit.ts` gives each its exit code; nothing compares messages. */
export const ERROR_CODES = [
  'USAGE', // a verb was called wrongly
  'CONFIG_INVALID', // gitops.json or the release's gitops key does not parse
  'NOT_A_ROOT', // no gitops.json here or above
  'ROOT_EXISTS', // init where a root already is
  'CHANNEL_UNKNOWN',
  'TAG_UNKNOWN',
  'SOURCE_UNREACHABLE', // network, name, TLS, timeout
  'SOURCE_REFUSED', // credentials or rights
  'COMMIT_MISSING', // the remote no longer has the commit that was decided
  'GIT_MISSING',
  'GIT_FAILED', // git answered no, for a reason of the local machine
  'TREE_DIRTY', // local edits in an adopted checkout
  'TREE_BUSY', // another git works in it
  'COMMAND_MISSING',
  'COMMAND_TIMEOUT',
  'INSTALL_UNREACHABLE', // registry or network: not the release's fault
  'INSTALL_FAILED', // the lockfile or a package script is at fault
  'BUILD_FAILED',
  'HOOK_FAILED',
  'HOOK_NOT_NOW', // a hook ended with 75
  'HELD', // an order came, or another release, after this one was let through the gates
  'UNVERIFIED', // a signature is missing or does not hold
  'RELEASE_INVALID', // the release's tree cannot be run: no script, bad ecosystem file
  'ENGINE_UNFIT', // the release wants another Node.js than this machine has
  'NO_APPS', // nothing to restart and nothing to start
  'NAMES_TAKEN', // pm2 has apps of these names already, which are not ours
  'APPS_PINNED', // apps whose pm2 record cannot follow `current`
  'DAEMON_ABSENT',
  'DAEMON_SILENT', // no answer in time
  'DAEMON_FOREIGN', // socket of another user
  'DAEMON_REFUSED', // pm2 answered with an error
  'UNHEALTHY',
  'APPS_RESTLESS', // somebody restarts the apps again and again: nothing can be proven
  'BUSY', // another worker holds upgrade.lock
  'LOCK_UNSUPPORTED',
  'STATE_CORRUPT',
  'STATE_NEWER', // written by a newer version: never rewritten
  'STATE_UNSAFE', // symlinked or somebody else's state folder
  'DISK_FULL',
  'DISK_SHORT', // less room than a change needs: refused before anything is touched
  'DISK_READONLY',
  'SYSTEM_FAILED', // the system refused something that it usually does: rights, files in use
  'STUCK',
  'ABORTED',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** How a failure is mended, and what it came from. */
interface ErrorDetail {
  /** One line: what to type or to change. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** For how long a server asked to be left alone. */
  readonly retryAfterMs?: number | null | undefined;
}

/**
 * A failure that was foreseen: it names the thing and the value in `message`, and the mend in `hint`. Both may quote servers, programs and releases,
 * and end in logs, records and terminals: no control character gets in, and no credentials of a URL.
 */
export class GitOpsError extends Error {
  override readonly name = 'GitOpsError';
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly retryAfterMs: number | null;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(shown(message), detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint === undefined ? null : shown(detail.hint);
    this.retryAfterMs = detail.retryAfterMs ?? null;
  }
}

/** True for a `GitOpsError`, of one of the given codes if any are given. */
export function isGitOpsError(error: unknown, ...codes: readonly ErrorCode[]): error is GitOpsError {
  return error instanceof GitOpsError && (codes.length === 0 || codes.includes(error.code));
}

/** One line for people: the message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function shown(text: string): string {
  return redactUrls(plainText(text));
}
