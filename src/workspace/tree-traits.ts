import { join } from 'node:path';
import * as v from 'valibot';
import type { TreeTraits } from '../domain/doctor/checkout.js';
import type { Commit } from '../domain/release.js';
import { exists, readTextIfAny } from '../os/files.js';
import { runGit } from '../os/git.js';
import { quiet, type Effort } from './effort.js';

const Package = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ engines: v.optional(v.object({ node: v.optional(v.string()) }), {}) }),
);

/** What of a release's tree is not brought as a plain checkout is; null where there is no tree. */
export async function readTreeTraits(tree: string): Promise<TreeTraits | null> {
  if (!(await exists(tree))) return null;
  const attributes = (await readTextIfAny(join(tree, '.gitattributes'))) ?? '';
  return {
    submodules: ((await readTextIfAny(join(tree, '.gitmodules'))) ?? '').trim() !== '',
    lfs: /^[^#\n]*\bfilter=lfs\b/m.test(attributes),
    shallow: await exists(join(tree, '.git', 'shallow')),
  };
}

/** `engines.node` of a tree's package.json as written; null where it says nothing. */
export async function engineRangeIn(tree: string): Promise<string | null> {
  return rangeOf(await readTextIfAny(join(tree, 'package.json')));
}

/** The same of a commit that lies in a bare repository already; undefined where it does not. */
export async function engineRangeOf(
  mirror: string,
  commit: Commit,
  effort: Effort,
): Promise<string | null | undefined> {
  if (!(await exists(mirror))) return undefined;
  const git = (args: readonly string[]) =>
    runGit(['--git-dir', mirror, ...args], { cwd: mirror, env: effort.env }, quiet(effort));
  if ((await git(['cat-file', '-e', `${commit}^{commit}`])).code !== 0) return undefined;
  const { code, stdout } = await git(['cat-file', 'blob', `${commit}:package.json`]);
  return code === 0 ? rangeOf(stdout) : null;
}

function rangeOf(text: string | null): string | null {
  const parsed = v.safeParse(Package, text?.replace(/^\uFEFF/, ''));
  return parsed.success ? (parsed.output.engines.node ?? null) : null;
}
