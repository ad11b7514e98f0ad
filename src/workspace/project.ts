import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { GitOpsError } from '../domain/errors.js';
import { readTextIfAny } from '../os/files.js';

const specs = v.optional(v.record(v.string(), v.unknown()), {});

const packageJson = v.looseObject({
  packageManager: v.optional(v.string()),
  engines: v.fallback(v.looseObject({ node: v.optional(v.string()) }), {}),
  workspaces: v.optional(v.unknown()),
  scripts: specs,
  dependencies: specs,
  devDependencies: specs,
  optionalDependencies: specs,
  peerDependencies: specs,
});

/** A package.json, as far as an install depends on it; its other keys are kept. */
export type PackageJson = v.InferOutput<typeof packageJson>;

/** What the root of a release tree says about how it is installed. */
export interface Project {
  readonly tree: string;
  /** Names of the files and folders at the root. */
  readonly names: ReadonlySet<string>;
  /** Null: not a Node project, nothing to install. */
  readonly packageJson: PackageJson | null;
}

/** Reads a tree's root. Throws `RELEASE_INVALID` when its package.json is none. */
export async function readProject(tree: string): Promise<Project> {
  const names = new Set(await readdir(tree));
  const text = await readTextIfAny(join(tree, 'package.json'));
  return { tree, names, packageJson: text === null ? null : parsePackageJson(text) };
}

/** Every dependency that the root package names, of every kind, with its specifier. */
export function allDependencies({
  dependencies,
  devDependencies,
  optionalDependencies,
}: PackageJson): [string, string][] {
  const all = { ...devDependencies, ...optionalDependencies, ...dependencies };
  return Object.entries(all).map(([name, spec]) => [name, String(spec)]);
}

function parsePackageJson(text: string): PackageJson {
  // npm accepts a byte order mark, so we do.
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), packageJson), text.replace(/^\uFEFF/, ''));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new GitOpsError('RELEASE_INVALID', `package.json of the release cannot be read: ${issue.message}`, {
    hint: 'correct it and tag again',
  });
}
