import type { Observed } from './observed.js';
import { refOf, type Commit, type Release } from './release.js';

/** What a machine asks of the signatures of what it runs, and what it has found of them. */
export interface Trust {
  readonly mode: TrustMode;
  /** By the settings and files that are in force now; what was found by others counts no more. */
  readonly tried: readonly Tried[];
}

/** `ifPresent`: what is not signed passes, a signature that is there must hold. */
export type TrustMode = 'off' | 'ifPresent' | 'required';

/** What a worker has found of a release. */
export interface Tried {
  readonly ref: string;
  readonly commit: Commit;
  /** The tag object that it looked at; null: the commit itself. */
  readonly object: string | null;
  readonly finding: Finding;
}

/** `by`: whose key it is; null: it is not signed, and need not be. */
export type Finding =
  { readonly at: 'verified'; readonly by: string | null } | { readonly at: 'refused'; readonly why: string };

/** A machine that asks for no signatures. */
export const NO_TRUST: Trust = { mode: 'off', tried: [] };

/** What was found of a release; null: nobody has looked yet, or its tag was made anew since. */
export function findingOf(
  { tried }: Trust,
  release: Release,
  observed: Pick<Observed, 'refs'> | null,
): Finding | null {
  const ref = refOf(release);
  const found = tried.find((one) => one.commit === release.commit && one.ref === ref);
  if (found === undefined) return null;
  const seen = observed?.refs.find(({ name }) => name === ref);
  // A tag that moved to another commit says nothing of the one at which it was seen first.
  const isAnew = seen?.commit === release.commit && seen.object !== undefined && seen.object !== found.object;
  return isAnew ? null : found.finding;
}
