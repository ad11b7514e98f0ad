import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { GitOpsError } from '../domain/errors.js';
import { classifyGitFailure } from '../domain/git-failure.js';
import { redactUrl } from '../domain/redact.js';
import type { Commit } from '../domain/release.js';
import type { Env } from '../os/env.js';
import { runGit } from '../os/git.js';
import type { RunResult } from '../os/run.js';
import { quiet, type Effort } from './effort.js';
import { fetchInto, type FetchCall } from './fetch.js';
import { BOUNDS } from './incoming.js';
import { fetchFailure, gitFailure } from './mirror.js';

/** A repository elsewhere, what lets git in, and where a bare repository may lie while something is read of it. */
export interface Reading {
  readonly remote: { readonly url: string; readonly env: Env };
  /** It is gone afterwards. */
  readonly scratch: string;
}

/** What of commits may be left out: for `git fetch --filter`, which servers may not know. */
type Filter = 'blob:none' | 'tree:0';

// What is read here is small; a server that takes as long has something else to say.
const LITTLE = { ...BOUNDS, totalMs: 600_000 };

/** Reads something of a repository in a bare one of its own, and removes that. `like`: a commit id of the format that it has. */
export async function readApart<T>(
  { scratch }: Reading,
  like: Commit,
  { effort, work }: { effort: Effort; work: () => Promise<T> },
): Promise<T> {
  const format = like.length === 64 ? 'sha256' : 'sha1';
  await rm(scratch, { recursive: true, force: true });
  await mkdir(dirname(scratch), { recursive: true, mode: 0o700 });
  try {
    const place = { cwd: dirname(scratch), env: effort.env };
    const init = ['init', '--bare', '--quiet', '--template=', `--object-format=${format}`, scratch];
    const { code, stderr } = await runGit(init, place, quiet(effort));
    if (code !== 0) throw gitFailure(`cannot make ${scratch}`, stderr);
    return await work();
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Fetches commits without their history, and without what the filter leaves out; a server that refuses to leave anything out is asked for all.
 * Throws `SOURCE_UNREACHABLE`, `SOURCE_REFUSED`, `COMMIT_MISSING`, `GIT_FAILED`, and what `fetchInto` throws.
 */
export async function fetchCommits(
  reading: Reading,
  { refspecs, filter }: { readonly refspecs: readonly string[]; readonly filter: Filter },
  effort: Effort,
): Promise<void> {
  const sparing = await fetch(reading, { refspecs, depth: ['--depth=1', `--filter=${filter}`] }, effort);
  if (sparing.code === 0) return;
  if (classifyGitFailure(sparing.stderr) !== 'unknown') throw explain(sparing, reading);
  // Git has noted the wish as one for good.
  const whole = await fetch(reading, { refspecs, depth: ['--depth=1', '--no-filter'] }, effort);
  if (whole.code !== 0) throw explain(whole, reading);
}

/** Fetches one object by its id. Throws as `fetchCommits`. */
export async function fetchObject(reading: Reading, id: string, effort: Effort): Promise<void> {
  const result = await fetch(reading, { refspecs: [id], depth: [] }, effort);
  if (result.code !== 0) throw explain(result, reading);
}

function fetch(
  { remote, scratch: mirror }: Reading,
  what: Pick<FetchCall, 'refspecs' | 'depth'>,
  effort: Effort,
): Promise<RunResult> {
  return fetchInto({ mirror, from: remote.url, access: remote.env, bounds: LITTLE, ...what }, effort);
}

/** Asks git about what was fetched. What was left out it would fetch by itself, without our bounds and credentials: it may not. */
export function inScratch(reading: Reading, args: readonly string[], effort: Effort): Promise<RunResult> {
  return askScratch(reading, args, { effort, encoding: 'utf8' });
}

/** The same for what is no text: a byte in each character. */
export function bytesInScratch(
  reading: Reading,
  args: readonly string[],
  effort: Effort,
): Promise<RunResult> {
  return askScratch(reading, args, { effort, encoding: 'latin1' });
}

function askScratch(
  { scratch }: Reading,
  args: readonly string[],
  { effort, encoding }: { effort: Effort; encoding: 'utf8' | 'latin1' },
): Promise<RunResult> {
  const place = { cwd: dirname(scratch), env: effort.env };
  const asked = ['-c', 'protocol.allow=never', '--git-dir', scratch, ...args];
  return runGit(asked, place, { ...quiet(effort), encoding });
}

function explain({ stderr }: RunResult, { remote }: Reading): GitOpsError {
  const wanted = { what: 'what was seen there', mend: 'the next poll looks anew' };
  return fetchFailure(stderr, redactUrl(remote.url), wanted);
}
