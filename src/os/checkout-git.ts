import { existsSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import type { SimpleGitFactory, SimpleGitOptions } from 'simple-git';
import { GitOpsError, messageOf } from '../domain/errors.js';
import { classifyGitFailure } from '../domain/git-failure.js';
import type { Env } from './env.js';
import { DEAF_GIT_CONFIG, gitStartFailure, unattendedGit } from './git.js';
import { startFailure } from './start-failure.js';

/** Git in a checkout that belongs to the user: local work only, nothing that needs a remote. */
export interface CheckoutGit {
  readonly root: string;
  /** Standard output; throws `GIT_FAILED` on any exit code but 0. */
  run(args: readonly string[]): Promise<string>;
  /** Standard output, or null where git says no. */
  ask(args: readonly string[]): Promise<string | null>;
}

/** How git is opened: its environment, its end, how long it may be silent, and whose objects it may read beside its own. */
export interface CheckoutGitOptions {
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly limitMs: number;
  /** A bare repository whose objects are read as if they lay here; nothing is written. */
  readonly borrowFrom?: string | undefined;
}

// The user's line endings stay as the user has them: on Windows a forced `autocrlf=false` would make every file look edited.
const CONFIG = DEAF_GIT_CONFIG.filter((setting) => !setting.startsWith('core.autocrlf='));

// simple-git refuses these even as constants of ours, for they could come from elsewhere; ours only switch things off.
const UNSAFE: NonNullable<SimpleGitOptions['unsafe']> = {
  allowUnsafeHooksPath: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeProtocolOverride: true,
  allowUnsafeAskPass: true,
  allowUnsafeConfigPaths: true,
};
const ALLOWED = [
  'GIT_TERMINAL_PROMPT',
  'GIT_ASKPASS',
  'GIT_OPTIONAL_LOCKS',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
];
const GUARDED = /^(GIT_.*|EDITOR|VISUAL|PAGER|PREFIX|SSH_ASKPASS)$/i;

/** An answer of git that is no 0: simple-git itself takes a killed git for a success, and a silent no as well. */
class GitRefusal extends Error {
  /** 0 stands for a signal. */
  readonly exitCode: number;

  constructor(
    exitCode: number | null,
    readonly stderr: string,
  ) {
    const said = stderr.trim().split('\n').slice(0, 5).join(' ');
    super(said || (exitCode === null ? 'git was killed' : `git ended with ${exitCode}`));
    this.exitCode = exitCode ?? 0;
  }
}

/** Opens a checkout. Throws `GIT_MISSING`, `GIT_FAILED`; its git throws these, `DISK_FULL` and `ABORTED`. */
export async function openCheckout(root: string, options: CheckoutGitOptions): Promise<CheckoutGit> {
  if (!existsSync(root)) throw new GitOpsError('GIT_FAILED', `${root} is gone`);
  const { simpleGit } = await import('simple-git'); // here, not above: a poller need not carry it
  const call = (args: readonly string[]): Promise<string> => run(simpleGit, { root, args, options });
  return { root, run: call, ask: (args) => call(args).catch(noAsNull) };
}

interface Call {
  readonly root: string;
  readonly args: readonly string[];
  readonly options: CheckoutGitOptions;
}

async function run(simpleGit: SimpleGitFactory, { root, args, options }: Call): Promise<string> {
  const refusals: GitRefusal[] = [];
  // simple-git keeps only the text of an error, so the answer itself is caught here.
  const errors: SimpleGitOptions['errors'] = (error, { exitCode, stdErr }) => {
    const isCut = error instanceof Error && 'plugin' in error; // the abort or the limit, not git
    if (exitCode !== 0 && !isCut)
      refusals.push(new GitRefusal(exitCode, Buffer.concat(stdErr).toString('utf8')));
    return error ?? refusals[0];
  };
  try {
    return await simpleGit({ baseDir: root, ...settings(options), errors })
      .env(environment(options))
      .outputHandler(endAtOnce)
      .raw([...args]);
  } catch (error) {
    throw translate(refusals[0] ?? error, { root, args, options });
  }
}

function settings({ signal, limitMs }: CheckoutGitOptions): Partial<SimpleGitOptions> {
  return {
    config: [...CONFIG],
    unsafe: UNSAFE,
    allowEnvironment: ALLOWED,
    abort: signal,
    timeout: { block: limitMs },
    // Only the end of the streams ends a command; the default cuts them 50 ms after the exit.
    completion: { onClose: true, onExit: false },
  };
}

/**
 * simple-git keeps waiting 50 ms for a program that printed nothing, as most of ours do. The end of the streams, which we
 * wait for, comes after all output: an empty piece of it spares us that.
 */
function endAtOnce(_git: string, stdout: NodeJS.ReadableStream): void {
  stdout.once('end', () => stdout.emit('data', Buffer.alloc(0)));
}

function noAsNull(error: unknown): null {
  const { cause } = error instanceof Error ? error : { cause: null };
  if (cause instanceof GitRefusal && cause.exitCode > 0) return null;
  throw error;
}

function translate(cause: unknown, { root, args, options: { signal } }: Call): GitOpsError {
  const what = `git ${args.slice(0, 2).join(' ')}`;
  if (signal.aborted)
    return new GitOpsError('ABORTED', `${what} was ended: the run was cancelled`, { cause });
  // A negative code is the system's: the program could not be started at all.
  if (cause instanceof GitRefusal && cause.exitCode < 0) {
    const code = getSystemErrorName(cause.exitCode);
    return gitStartFailure(
      startFailure({ file: 'git', cwd: root }, Object.assign(new Error(code), { code })),
    );
  }
  if (cause instanceof GitRefusal && classifyGitFailure(cause.stderr) === 'diskFull') {
    const hint = 'free some space; the next poll tries again';
    return new GitOpsError('DISK_FULL', `${what}: no space left`, { cause, hint });
  }
  const message = `${what} failed: ${messageOf(cause)}`;
  if (!(cause instanceof GitRefusal) || classifyGitFailure(cause.stderr) !== 'corrupt')
    return new GitOpsError('GIT_FAILED', message, { cause });
  return new GitOpsError('GIT_FAILED', message, {
    cause,
    hint: `${root} is damaged inside .git: git fsck there names what; mend it (git fetch --refetch brings lost objects, git update-ref -d removes a broken ref, git reset makes the index anew), or clone it anew`,
  });
}

function environment({ env, borrowFrom }: CheckoutGitOptions): Record<string, string> {
  const all = {
    ...unattendedGit(env),
    ...(borrowFrom === undefined ? {} : { GIT_ALTERNATE_OBJECT_DIRECTORIES: `${borrowFrom}/objects` }),
  };
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => ALLOWED.includes(name) || !GUARDED.test(name)),
  );
}
