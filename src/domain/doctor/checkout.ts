import { fixable, hint, ok, orOk, problem, skipped, warning, type Check } from '../check.js';

/** What of a release's tree is not brought as a plain checkout is. */
export interface TreeTraits {
  readonly submodules: boolean;
  /** Paths that `.gitattributes` gives to LFS. */
  readonly lfs: boolean;
  /** A checkout without its whole history. */
  readonly shallow: boolean;
}

/** Whether releases hold what plain git does not bring; null: no tree is at hand. */
export function judgeTree(traits: TreeTraits | null): Check[] {
  const id = 'root.checkout';
  if (traits === null) return [skipped(id, 'no release is at hand')];
  const { submodules, lfs, shallow } = traits;
  const found = [
    ...(submodules
      ? [
          problem(
            id,
            'it has submodules, which no release brings along',
            'put what they hold into the repository, or a package',
          ),
        ]
      : []),
    ...(lfs
      ? [
          problem(
            id,
            'some files lie in LFS: a release brings their pointers alone',
            'fetch them in gitops.build: git lfs pull needs the remote; or take them out of LFS',
          ),
        ]
      : []),
    ...(shallow
      ? [hint(id, 'its history is shallow: what HEAD was before may be gone', 'git fetch --unshallow')]
      : []),
  ];
  return orOk(found, id, 'plain git brings all of it');
}

/** Whether git of the user refuses to work in the checkout. `asks`: as it is, and told that it is safe. */
export function judgeOwnership(
  root: string,
  asks: { readonly plain: boolean; readonly trusted: boolean } | null,
): Check {
  const id = 'root.ownership';
  if (asks === null) return skipped(id, 'no checkout is adopted');
  if (asks.plain) return ok(id, 'git works there');
  return asks.trusted
    ? warning(
        id,
        `git refuses ${root} as somebody else's; the agent's own calls are told that it is safe, builds and hooks are not`,
        `chown -R it to the user that runs the agent, or git config --global --add safe.directory ${root}`,
      )
    : problem(id, `git does not work in ${root}`, `see what it says: git -C ${root} status`);
}

/** What of ours would show in the status of the checkout; null: no checkout is adopted. */
export function judgeExclude(missing: readonly string[] | null): Check {
  const id = 'root.exclude';
  if (missing === null) return skipped(id, 'no checkout is adopted');
  if (missing.length === 0) return ok(id, 'git status does not show what is ours');
  const lines = missing.join(', ');
  return fixable(
    warning(
      id,
      `.git/info/exclude lacks ${lines}: git status shows what is ours, git clean removes it`,
      `add ${lines} to it`,
    ),
    { do: 'exclude' },
  );
}
