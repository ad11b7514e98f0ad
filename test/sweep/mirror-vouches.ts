import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { execa } from 'execa';
import type { Release } from '../../src/domain/release.js';
import { fetchCommit, type FetchRequest } from '../../src/workspace/mirror.js';

/** A mirror as a loss of power left it, and where it is filled from. */
export interface Mirror {
  readonly folder: string;
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly shallow: boolean;
}

const LIMIT_MS = 60_000;

/** What `git fsck` says of objects that a ref of the mirror reaches and that cannot be read; empty for a whole one. */
export async function unreadableIn({ folder, env }: Mirror): Promise<string> {
  if (!existsSync(folder)) return ''; // nothing was fetched yet
  const { exitCode, stdout, stderr } = await execa(
    'git',
    ['-c', 'safe.directory=*', '--git-dir', folder, 'fsck', '--full', '--no-dangling', '--no-progress'],
    { cwd: dirname(folder), env: { ...env }, extendEnv: false, reject: false },
  );
  return exitCode === 0 ? '' : `${stdout}\n${stderr}`.trim() || `git fsck ended with ${String(exitCode)}`;
}

/** What the next fetch of something new, and then of each release that the mirror may have a ref of, does not heal. */
export async function unhealedIn(mirror: Mirror, releases: readonly Release[]): Promise<string[]> {
  for (const release of releases) {
    try {
      await fetchInto(mirror, release);
    } catch (error) {
      return [`the mirror takes no ${release.tag}: ${String(error)}`];
    }
  }
  const broken = await unreadableIn(mirror);
  return broken === '' ? [] : [`the mirror is not whole after its next fetch: ${broken}`];
}

async function fetchInto({ folder, url, env, shallow }: Mirror, release: Release): Promise<void> {
  const remote = { url, env: {} };
  const request: FetchRequest = { mirror: folder, remote, release, shallow, seed: null };
  const report = { step: ignore, output: ignore };
  await fetchCommit(request, { signal: AbortSignal.timeout(LIMIT_MS), limitMs: LIMIT_MS, report, env });
}

function ignore(): void {
  // What it says is of no interest here: what it leaves is.
}
