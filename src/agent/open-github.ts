import type { GithubConfig } from '../config/github.js';
import type { CheckSight, LatestSight } from '../domain/forge.js';
import type { Commit, Instant } from '../domain/release.js';
import { readChecks } from '../source/github/checks.js';
import { readKey } from '../source/github/key.js';
import { openLine, type Line } from '../source/github/line.js';
import { readLatest } from '../source/github/releases.js';
import type { Workplace } from './workplace.js';

/** A line to the machine's forge, and what a worker asks over it. */
export interface Github {
  readonly line: Line;
  latest(before: LatestSight | null, now: Instant): Promise<LatestSight>;
  checks(commit: Commit, before: CheckSight | null, now: Instant): Promise<CheckSight>;
}

/** Opens the line, for so long. Throws `SOURCE_REFUSED`, `CONFIG_INVALID`. */
export async function openGithub(
  { root, report, signal }: Pick<Workplace, 'root' | 'report' | 'signal'>,
  github: GithubConfig,
  limitMs: number,
): Promise<Github> {
  const { key, secrets } = await readKey(github, root.host.secretEnv);
  report.hide(secrets);
  const { api, owner, repo } = github;
  const line = await openLine({ api, owner, repo, key }, { signal, totalMs: limitMs });
  return {
    line,
    latest: async (before, at) => {
      const told = await readLatest(line, before?.etag ?? null);
      return told.at === 'new' ? { at, etag: told.etag, release: told.value } : again(before, at);
    },
    checks: async (commit, before, at) => {
      const lists = await readChecks(line, commit, before);
      return { ...lists, at, times: (before?.times ?? 0) + 1 };
    },
  };
}

function again(before: LatestSight | null, at: Instant): LatestSight {
  return { etag: null, release: null, ...before, at };
}
