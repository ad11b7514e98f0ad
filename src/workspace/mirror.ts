import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { redactUrl, redactUrls } from '../domain/redact.js';
import { describeRelease, sha7, type Commit, type Release } from '../domain/release.js';
import type { Env } from '../os/env.js';
import { exists } from '../os/files.js';
import { runGit } from '../os/git.js';
import { renameStubborn } from '../os/rename.js';
import type { RunResult } from '../os/run.js';
import { syncFiles } from '../os/sync-tree.js';
import { quiet, type Effort } from './effort.js';
import { classifyGitFailure, type GitFailure } from '../domain/git-failure.js';
import { sweepGitLocks } from './git-locks.js';
import { fetchInto, type FetchCall } from './fetch.js';
import type { Bounds } from './incoming.js';

/** Where a release comes from and where its objects shall lie. */
export interface FetchRequest {
  /** Our own bare repository, made if missing. */
  readonly mirror: string;
  /** `env` carries the credentials (`GIT_CONFIG_COUNT`, `GIT_SSH_COMMAND`, …), so that no URL and no argument has to. */
  readonly remote: { readonly url: string; readonly env: Env };
  readonly release: Release;
  /** Without history: enough to check out, and small. */
  readonly shallow: boolean;
  /** A local checkout to take objects from first, so that an adopted machine does not download its history again. */
  readonly seed: string | null;
  /** Null: the usual ones. */
  readonly bounds?: Bounds | undefined;
}

type Outcome = 'fetched' | 'moved' | { readonly failure: GitFailure; readonly stderr: string };

const SEED_REF = 'refs/gitops/seed';
/** Where the ref of a server lands that hands out no ids; it keeps objects only until the fetch is over. */
export const INCOMING_REF = 'refs/gitops/incoming';

/**
 * Has the release's commit, whole, in the mirror under `refs/gitops/releases/<commit>`; no network if it is there already.
 * The caller holds `upgrade.lock`: lock files found in the mirror belong to the dead.
 * Throws `SOURCE_UNREACHABLE`, `SOURCE_REFUSED`, `COMMIT_MISSING`, `DISK_FULL`, `GIT_FAILED`, `GIT_MISSING`, `COMMAND_TIMEOUT`, `ABORTED`.
 */
export async function fetchCommit(request: FetchRequest, effort: Effort): Promise<void> {
  await makeMirror(request, effort);
  await sweepGitLocks(request.mirror);
  if (await hasCommit(request, effort)) return;
  if ((await plantSeed(request, effort)) && (await hasCommit(request, effort))) return;
  let outcome = await fetchOnce(request, effort);
  // A sound mirror that holds nothing yet is not what is damaged: it was made anew already, or the remote is.
  if (isFailure(outcome, 'corrupt') && !(await isSoundAndEmpty(request, effort))) {
    effort.report.step(`fetch: the mirror is damaged, it is made anew (${lastLine(outcome.stderr)})`);
    await renewMirror(request, effort);
    outcome = await fetchOnce(request, effort);
  }
  if (outcome !== 'fetched') throw explain(outcome, request);
}

/** Drops a mirror whose objects proved unreadable and makes an empty one. */
export async function renewMirror(request: FetchRequest, effort: Effort): Promise<void> {
  const aside = `${request.mirror}.damaged`;
  await rm(aside, { recursive: true, force: true });
  await renameStubborn(request.mirror, aside);
  await makeMirror(request, effort);
  await rm(aside, { recursive: true, force: true });
}

async function isSoundAndEmpty(request: FetchRequest, effort: Effort): Promise<boolean> {
  const objects = join(request.mirror, 'objects');
  const found = await readdir(objects, { recursive: true }).catch(() => ['nothing that can be read']);
  if (found.some((name) => name !== 'pack' && name !== 'info')) return false;
  const refs = await inMirror(request, ['for-each-ref'], effort);
  return refs.code === 0 && refs.stdout === '' && refs.stderr === '';
}

/** The ref that keeps a release's objects from being collected. */
export function releaseRef(commit: Commit): string {
  return `refs/gitops/releases/${commit}`;
}

async function makeMirror({ mirror, release }: FetchRequest, effort: Effort): Promise<void> {
  if (await exists(join(mirror, 'HEAD'))) return;
  // Made beside and renamed: a half-made mirror would look like a damaged one.
  const fresh = `${mirror}.new`;
  await rm(fresh, { recursive: true, force: true });
  await rm(mirror, { recursive: true, force: true });
  const format = release.commit.length === 64 ? 'sha256' : 'sha1';
  const place = { cwd: dirname(mirror), env: effort.env };
  const result = await runGit(
    ['init', '--bare', '--quiet', '--template=', `--object-format=${format}`, fresh],
    place,
    quiet(effort),
  );
  if (result.code !== 0) throw gitFailure('cannot make the mirror', result.stderr);
  // `core.fsync` covers objects and refs; HEAD and config would be empty after a power loss, and no repository.
  await syncFiles(fresh, effort.signal);
  await renameStubborn(fresh, mirror);
}

/** Whether every object of the commit's tree is there; only then its ref is (again) set. */
async function hasCommit(request: FetchRequest, effort: Effort): Promise<boolean> {
  const { commit } = request.release;
  const walk = await inMirror(
    request,
    ['rev-list', '--objects', '--no-walk', '--quiet', '--end-of-options', commit],
    effort,
  );
  return walk.code === 0 && (await keep(request, effort));
}

async function keep(request: FetchRequest, effort: Effort): Promise<boolean> {
  const { commit } = request.release;
  return (await inMirror(request, ['update-ref', releaseRef(commit), commit], effort)).code === 0;
}

/** A seed only saves traffic: whatever is wrong with it, the remote has all that is needed. Whether anything came in. */
async function plantSeed(request: FetchRequest, effort: Effort): Promise<boolean> {
  const { seed, shallow } = request;
  if (
    seed === null ||
    (await inMirror(request, ['rev-parse', '--verify', '--quiet', SEED_REF], effort)).code === 0
  )
    return false;
  const depth = [shallow ? '--depth=1' : '--update-shallow'];
  const why = await whyNotFetched(
    { ...request, access: {}, from: seed, refspecs: [`+HEAD:${SEED_REF}`], depth },
    effort,
  );
  effort.report.step(
    why === null ? `fetch: known objects taken from ${seed}` : `fetch: nothing taken from ${seed}: ${why}`,
  );
  return why === null;
}

async function whyNotFetched(call: FetchCall, effort: Effort): Promise<string | null> {
  try {
    const { code, stderr } = await fetchInto(call, effort);
    return code === 0 ? null : lastLine(stderr);
  } catch (error) {
    if (isGitOpsError(error, 'SOURCE_UNREACHABLE', 'COMMAND_TIMEOUT')) return error.message;
    throw error;
  }
}

async function fetchOnce(request: FetchRequest, effort: Effort): Promise<Outcome> {
  const { remote, release, shallow } = request;
  const common = { ...request, from: remote.url, access: remote.env, depth: shallow ? ['--depth=1'] : [] };
  effort.report.step(`fetch: ${describeRelease(release)} from ${redactUrl(remote.url)}`);
  const id = `+${release.commit}:${releaseRef(release.commit)}`;
  const byId = outcomeOf(await fetchInto({ ...common, refspecs: [id] }, effort));
  if (!isFailure(byId, 'missing') || release.ref === null) return byId;
  // Some servers hand out only what a ref points at.
  const byRef = outcomeOf(
    await fetchInto({ ...common, refspecs: [`+${release.ref}:${INCOMING_REF}`] }, effort),
  );
  if (byRef !== 'fetched') return byRef;
  return (await hasCommit(request, effort)) && (await incoming(request, effort)) === release.commit
    ? 'fetched'
    : 'moved';
}

async function incoming(request: FetchRequest, effort: Effort): Promise<string> {
  return (
    await inMirror(request, ['rev-parse', '--verify', '--quiet', `${INCOMING_REF}^{commit}`], effort)
  ).stdout.trim();
}

function inMirror({ mirror }: FetchRequest, args: readonly string[], effort: Effort): Promise<RunResult> {
  return runGit(['--git-dir', mirror, ...args], { cwd: dirname(mirror), env: effort.env }, quiet(effort));
}

function outcomeOf({ code, stderr }: RunResult): Outcome {
  return code === 0 ? 'fetched' : { failure: classifyGitFailure(stderr), stderr };
}

function isFailure(
  outcome: Outcome,
  failure: GitFailure,
): outcome is { readonly failure: GitFailure; readonly stderr: string } {
  return typeof outcome === 'object' && outcome.failure === failure;
}

function explain(outcome: Exclude<Outcome, 'fetched'>, { release, remote }: FetchRequest): GitOpsError {
  const url = redactUrl(remote.url);
  if (outcome === 'moved') {
    const hint = 'the next poll decides anew; a version tag must not be moved';
    return new GitOpsError(
      'COMMIT_MISSING',
      `${release.ref ?? release.tag} of ${url} moved: it no longer is ${sha7(release.commit)}`,
      { hint },
    );
  }
  return fetchFailure(outcome.stderr, url, {
    what: describeRelease(release),
    mend: 'tag the release again',
  });
}

/** A failed fetch as an error; `mend`: what to do where the source no longer has what was wanted. */
export function fetchFailure(
  stderr: string,
  url: string,
  { what, mend }: { readonly what: string; readonly mend: string },
): GitOpsError {
  const why = lastLine(stderr);
  switch (classifyGitFailure(stderr)) {
    case 'unreachable':
      return new GitOpsError('SOURCE_UNREACHABLE', `cannot reach ${url}: ${why}`, {
        hint: 'pm2-gitops doctor',
      });
    case 'refused':
      return new GitOpsError('SOURCE_REFUSED', `${url} refused: ${why}`, {
        hint: 'check the credentials and their rights',
      });
    case 'malformed':
      return new GitOpsError('RELEASE_INVALID', `git refuses what ${what} is made of: ${why}`, {
        hint: 'take that out of the history of the release, and tag again',
      });
    case 'missing':
      return new GitOpsError('COMMIT_MISSING', `${url} no longer has ${what}: ${why}`, { hint: mend });
    case 'corrupt':
    case 'diskFull':
    case 'unknown':
      return gitFailure(`cannot fetch ${what} from ${url}`, stderr);
  }
}

/** A failed local git command as an error: `DISK_FULL`, `RELEASE_INVALID` for a name that git writes nowhere, or `GIT_FAILED`. */
export function gitFailure(what: string, stderr: string): GitOpsError {
  if (classifyGitFailure(stderr) === 'malformed')
    return new GitOpsError('RELEASE_INVALID', `${what}: ${lastLine(stderr)}`, {
      hint: 'take that out of the release, and tag again',
    });
  if (classifyGitFailure(stderr) === 'diskFull') {
    return new GitOpsError('DISK_FULL', `${what}: no space left`, {
      hint: 'free some space; the next poll tries again',
    });
  }
  return new GitOpsError('GIT_FAILED', `${what}: ${lastLine(stderr)}`, {
    hint: 'the log of this run has all that git said',
  });
}

/** The line of git's words that names the failure, without credentials. */
export function lastLine(stderr: string): string {
  const lines = stderr.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  const line = lines.find((text) => /^(?:fatal|error):/.test(text)) ?? lines.at(-1) ?? 'git said nothing';
  return redactUrls(line.replace(/^(?:fatal|error):\s*/, ''));
}
