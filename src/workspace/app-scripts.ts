import { isAbsolute, join, relative, resolve } from 'node:path';
import * as v from 'valibot';
import { GitOpsError } from '../domain/errors.js';
import { exists } from '../os/files.js';

const startable = v.object({ name: v.optional(v.string()), script: v.string(), cwd: v.optional(v.string()) });

/** The apps of a staged tree, and the folder in which it is going to live. */
export interface StagedApps {
  readonly apps: readonly unknown[];
  readonly tree: string;
  /** `<root>/current`, or the checkout: absolute paths of the ecosystem file name this folder, not the stage. */
  readonly lives: string;
  /** The folder whose `node_modules` they get: the tree itself, or the live checkout whose own ones stay. */
  readonly modulesIn: string;
}

/** Every app's script must be in the tree, if it is to be in the tree at all. Throws `RELEASE_INVALID`. */
export async function requireScripts(staged: StagedApps): Promise<void> {
  for (const app of staged.apps) {
    const parsed = v.safeParse(startable, app);
    const path = parsed.success ? scriptOf(parsed.output, staged) : null;
    if (!parsed.success || path === null || (await exists(path))) continue;
    const { name = 'an app', script } = parsed.output;
    throw new GitOpsError('RELEASE_INVALID', `the script of ${name} is missing: ${script}`, {
      hint: 'is it made by a build that gitops.build does not name?',
    });
  }
}

/** Where the script must lie by now; null: outside the tree, or a program from PATH. */
function scriptOf(
  { script, cwd = '.' }: { script: string; cwd?: string | undefined },
  { tree, lives, modulesIn }: StagedApps,
): string | null {
  if (!/[\\/]|\.[cm]?[jt]sx?$/.test(script)) return null;
  const place = isAbsolute(script) ? script : resolve(lives, cwd, script);
  const inside = within(lives, place) ?? within(tree, place);
  if (inside === null) return null;
  return join(inside.split(/[\\/]/).includes('node_modules') ? modulesIn : tree, inside);
}

function within(folder: string, place: string): string | null {
  const inside = relative(folder, place);
  return inside.startsWith('..') || isAbsolute(inside) ? null : inside;
}
