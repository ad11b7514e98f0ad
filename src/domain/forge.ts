import type { Commit } from './release.js';

/** What one check of a commit says. */
export type CheckState = 'green' | 'pending' | 'failed';

/** A check run, or a status that something outside has set. */
export interface ForgeCheck {
  readonly name: string;
  readonly state: CheckState;
}

/** Which checks a release needs: none, every one there is and at least one, or those of these names. */
export type WantedChecks = 'none' | 'all' | readonly string[];

/** What the checks of a commit come to, and the names of those that keep it from being green. */
export type CheckVerdict =
  | { readonly state: 'green' }
  | { readonly state: 'pending' | 'failed'; readonly names: readonly string[] }
  /** There is no check at all. */
  | { readonly state: 'none' };

/** A release as its forge tells it beside the tag. */
export interface ForgeRelease {
  readonly tag: string;
  readonly title: string;
  readonly notes: string;
  readonly draft: boolean;
  readonly prerelease: boolean;
  /** An ISO time; null: it is not published. */
  readonly publishedAt: string | null;
}

/** The checks of a commit together: one that failed, then one that is still to come, decides. Of several of one name all count. */
export function judgeChecks(wanted: WantedChecks, checks: readonly ForgeCheck[]): CheckVerdict {
  if (wanted === 'none') return { state: 'green' };
  const asked = wanted === 'all' ? checks : checks.filter(({ name }) => wanted.includes(name));
  const missing = wanted === 'all' ? [] : wanted.filter((name) => !asked.some((each) => each.name === name));
  const failed = namesOf(asked, 'failed');
  if (failed.length > 0) return { state: 'failed', names: failed };
  const pending = [...new Set([...namesOf(asked, 'pending'), ...missing])];
  if (pending.length > 0) return { state: 'pending', names: pending };
  return checks.length === 0 ? { state: 'none' } : { state: 'green' };
}

function namesOf(checks: readonly ForgeCheck[], wanted: CheckState): string[] {
  return [...new Set(checks.filter(({ state }) => state === wanted).map(({ name }) => name))];
}

/** What is deployed where, as the forge is told. */
export interface ForgeDeployment {
  readonly commit: Commit;
  readonly environment: string;
  readonly description: string;
}
