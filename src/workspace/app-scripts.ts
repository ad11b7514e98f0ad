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
}

/** Every app's script must be in the tree, if it is to be in the tree at all. Throws `RELEASE_INVALID`. */
export async function requireScripts({ apps, tree, lives }: StagedApps): Promise<void> {
  for (const app of apps) {
    const parsed = v.safeParse(startable, app);
    const path = parsed.success ? scriptInTree(parsed.output, tree, lives) : null;
    if (!parsed.success || path === null || (await exists(path))) continue;
    const { name = 'an app', script } = parsed.output;
    throw new GitOpsError('RELEASE_INVALID', `the script of ${name} is missing: ${script}`, {
      hint: 'is it made by a build that gitops.build does not name?',
    });
  }
}

/** Where the script must lie in the stage; null: outside the tree, or a program from PATH. */
function scriptInTree(
  { script, cwd = '.' }: { script: string; cwd?: string | undefined },
  tree: string,
  lives: string,
): string | null {
  if (!/[\\/]|\.[cm]?[jt]sx?$/.test(script)) return null;
  const place = isAbsolute(script) ? script : resolve(lives, cwd, script);
  const inside = relative(lives, place);
  if (!inside.startsWith('..') && !isAbsolute(inside)) return join(tree, inside);
  const inStage = relative(tree, place);
  return inStage.startsWith('..') || isAbsolute(inStage) ? null : place;
}
