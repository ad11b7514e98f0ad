/** A version tag in its parts; null: it names no version. */
export interface TagParts {
  /** What stands before the version, as `api@`. */
  readonly prefix: string;
  /** The nearest lower version without a prerelease; of `v2.0.0` that is `v1.0.0`. */
  readonly before: string;
}

/** Takes a version tag apart. */
export function partsOfTag(tag: string): TagParts | null {
  const [, prefix = '', v = '', ...numbers] = /^(.*?)(v?)(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(tag) ?? [];
  const [major, minor, patch] = numbers.map(Number);
  if (major === undefined || minor === undefined || patch === undefined) return null;
  return { prefix, before: `${prefix}${v}${versionBefore(major, minor, patch)}` };
}

function versionBefore(major: number, minor: number, patch: number): string {
  if (patch > 0) return `${major}.${minor}.${patch - 1}`;
  if (minor > 0) return `${major}.${minor - 1}.0`;
  return major > 0 ? `${major - 1}.0.0` : '0.0.0-0';
}
