import { dirname } from 'node:path';
import { redactUrl, redactUrls } from '../domain/redact.js';
import type { Env } from '../os/env.js';
import { runGit } from '../os/git.js';
import type { RunOptions, RunResult } from '../os/run.js';
import { sshEnvironment } from '../os/ssh.js';
import { quiet, type Effort } from './effort.js';
import { sweepGitLocks } from './git-locks.js';
import { BOUNDS, receive, type Bounds } from './incoming.js';
import { sparsely } from './progress.js';

/** What is to be fetched, and from where into which repository of ours. */
export interface FetchCall {
  readonly mirror: string;
  readonly from: string;
  /** What git needs to get in there, beside the clean environment. */
  readonly access: Env;
  readonly refspecs: readonly string[];
  /** `--depth=1`, `--update-shallow`, …. */
  readonly depth: readonly string[];
  readonly bounds?: Bounds | undefined;
}

const MAX_MEMORY_BYTES = 2 * 1024 ** 3;
// fetch.unpackLimit=1: always a pack, which appears whole or not at all; loose objects may be torn by a power loss.
const SETTINGS = ['fetch.unpackLimit=1', 'protocol.version=2', 'fetch.writeCommitGraph=false'];
const FLAGS = ['--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--progress'];

/**
 * Runs `git fetch` within its bounds, whatever its exit code is. One that failed leaves nothing behind: half a pack weighs as much as the download,
 * each time. Throws `SOURCE_UNREACHABLE` and `DISK_FULL` past the bounds, `GIT_MISSING`, `COMMAND_TIMEOUT`, `ABORTED`.
 */
export async function fetchInto(call: FetchCall, effort: Effort): Promise<RunResult> {
  const { mirror, bounds = BOUNDS } = call;
  const tell = sparsely((line) => {
    effort.report.output(redactUrls(line));
  });
  const download = { mirror, from: redactUrl(call.from), bounds, signal: effort.signal };
  let isWhole = false;
  try {
    const result = await receive(download, (signal, hear) => {
      const onLine = (line: string): void => {
        if (hear(line)) tell(line);
      };
      return fetch(call, { ...quiet(effort), signal, limitMs: bounds.totalMs, onLine }, effort.env);
    });
    isWhole = result.code === 0;
    return result;
  } finally {
    if (!isWhole) await sweepGitLocks(mirror);
  }
}

async function fetch(
  { mirror, from, access, refspecs, depth }: FetchCall,
  options: RunOptions,
  clean: Env,
): Promise<RunResult> {
  const settings = SETTINGS.flatMap((setting) => ['-c', setting]);
  const flags = [...FLAGS, ...depth, '--end-of-options'];
  const args = ['--git-dir', mirror, ...settings, 'fetch', ...flags, from, ...refspecs];
  const cwd = dirname(mirror);
  const watch = { signal: options.signal, background: false };
  const env = await sshEnvironment({ cwd, env: { ...clean, ...access } }, watch);
  return runGit(args, { cwd, env, maxBytes: MAX_MEMORY_BYTES }, options);
}
