/** A full commit id: 40 (SHA-1) or 64 (SHA-256) hex digits, lower case. */
export type Commit = string;

/** What git writes where there is no commit: here, where nobody can tell which. */
export const NO_COMMIT: Commit = '0'.repeat(40);

/** What the full name of a branch begins with. */
export const HEAD_PREFIX = 'refs/heads/';

/** Milliseconds since the epoch, as `Date.now()` gives them. */
export type Instant = number;

/** A ref of the source: its full name and the commit that it reaches (annotated tags are peeled). */
export interface Ref {
  readonly name: string;
  readonly commit: Commit;
  /** Of an annotated tag: the id of the tag object itself, which may change while its commit stays. */
  readonly object?: string | undefined;
}

/** A commit reached by a tag or branch. The commit is its identity; the tag is the name people use for it. */
export interface Release {
  /** The tag's short name; for a branch or ref channel the short ref name; for an adopted commit without a tag its sha7. */
  readonly tag: string;
  readonly commit: Commit;
  /** The full ref it was found under, or null for an adopted commit. Used only to fetch from servers that refuse ids. */
  readonly ref: string | null;
}

/** The full name of the ref that a release was found under; one that an operator named by its commit counts as its tag. */
export function refOf({ ref, tag }: Pick<Release, 'ref' | 'tag'>): string {
  return ref ?? `refs/tags/${tag}`;
}

/** Whether a name may be that of a ref: git-check-ref-format(1), as far as it matters for what is matched, and fetched after `--`. */
export function isRefName(name: string): boolean {
  return name !== '' && !/[\s~^:?*[\\]|\.\.|@\{|^[-/]|\/$|\.lock$/.test(name);
}

/** Whether two releases are the same code. */
export function sameRelease(a: Release | null, b: Release | null): boolean {
  return a?.commit === b?.commit;
}

/** The first seven digits of a commit, as people write it. */
export function sha7(commit: Commit): string {
  return commit.slice(0, 7);
}

/** `v1.1.0 (1a2b3c4)`: a release as it is written for people. */
export function describeRelease(release: Release): string {
  return release.tag === sha7(release.commit) ? release.tag : `${release.tag} (${sha7(release.commit)})`;
}

// learn.microsoft.com/windows/win32/fileio/naming-a-file: Windows takes these for devices, with any extension too.
const DEVICE = /^(?=(?:con|prn|aux|nul|com\d|lpt\d)\.)/i;

/** `<tag>-<sha7>`, with every character that some file system refuses replaced by `_`. */
export function releaseFolder(release: Release): string {
  const safe = release.tag
    .replace(/[^A-Za-z0-9._@+-]/g, '_')
    .replace(/^\.+/, '_')
    .replace(DEVICE, '_');
  return `${safe.slice(0, 80)}-${sha7(release.commit)}`;
}
