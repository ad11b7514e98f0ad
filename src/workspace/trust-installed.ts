import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readPlainFile, readTextIfAny } from '../os/files.js';
import { chooseManager } from './managers.js';
import type { Project } from './project.js';

const lockedPackage = v.object({
  version: v.optional(v.string()),
  integrity: v.optional(v.string()),
  link: v.optional(v.boolean(), false),
  dev: v.optional(v.boolean(), false),
  optional: v.optional(v.boolean(), false),
  devOptional: v.optional(v.boolean(), false),
});
type LockedPackage = v.InferOutput<typeof lockedPackage>;

const npmLock = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ packages: v.record(v.string(), lockedPackage) }),
);

/**
 * Whether the node_modules that an adopted checkout already has are what its lockfile says, so that its successor may copy them.
 * A checkout that pulled but did not install, or whose install was killed, is not to be trusted: on any doubt the answer is false.
 */
export async function trustInstalled(project: Project, dev: boolean): Promise<boolean> {
  const manager = chooseManager(project);
  const modules = join(project.tree, 'node_modules');
  const found = await lstat(modules).catch(() => null);
  if (manager?.lockfile == null || found?.isDirectory() !== true) return false;
  switch (manager.name) {
    case 'npm':
      return trustNpm(project.tree, manager.lockfile, dev);
    case 'pnpm':
      return sameText(join(modules, '.pnpm', 'lock.yaml'), join(project.tree, manager.lockfile));
    case 'yarn':
      return trustYarn(project, dev);
    case 'berry':
    case 'bun':
      return false; // neither leaves a record of what it installed
  }
}

/** npm writes what it installed to a hidden lockfile, last of all, and removes it before it changes anything. */
async function trustNpm(tree: string, lockfile: string, dev: boolean): Promise<boolean> {
  const locked = await readLock(join(tree, lockfile));
  const installed = await readLock(join(tree, 'node_modules', '.package-lock.json'));
  if (locked === null || installed === null) return false;
  const wanted = Object.entries(locked).filter(([path]) => path !== '');
  const complete = wanted.every(([path, entry]) => {
    const there = installed[path];
    return there === undefined ? mayMiss(entry, dev) : samePackage(entry, there);
  });
  if (!complete || Object.keys(installed).some((path) => locked[path] === undefined)) return false;
  return allThere(tree, Object.keys(installed));
}

async function readLock(path: string): Promise<Record<string, LockedPackage> | null> {
  const parsed = v.safeParse(npmLock, await readTextIfAny(path));
  return parsed.success ? parsed.output.packages : null;
}

/** Packages of other platforms are never installed; development packages only when they are wanted. */
function mayMiss(entry: LockedPackage, dev: boolean): boolean {
  return entry.optional || entry.devOptional || (entry.dev && !dev);
}

function samePackage(a: LockedPackage, b: LockedPackage): boolean {
  return (
    a.version === b.version && a.link === b.link && (a.integrity === b.integrity || b.integrity === undefined)
  );
}

async function allThere(tree: string, paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    paths.map((path) => lstat(join(tree, path, 'package.json')).catch(() => null)),
  );
  return found.every((file) => file !== null);
}

const yarnIntegrity = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ flags: v.array(v.string()), lockfileEntries: v.record(v.string(), v.string()) }),
);

/** Yarn 1 writes `.yarn-integrity` last; its entries are those of the lockfile that it installed. */
async function trustYarn({ tree, packageJson }: Project, dev: boolean): Promise<boolean> {
  const parsed = v.safeParse(
    yarnIntegrity,
    await readTextIfAny(join(tree, 'node_modules', '.yarn-integrity')),
  );
  if (!parsed.success || packageJson === null) return false;
  const { flags, lockfileEntries } = parsed.output;
  if (dev && flags.includes('production')) return false;
  const installed = Object.entries(lockfileEntries).map(([pattern, resolved]) => `${pattern} ${resolved}`);
  return (
    installed.sort().join('\n') ===
    yarnEntries((await readPlainFile(join(tree, 'yarn.lock'))).toString('utf8'))
      .sort()
      .join('\n')
  );
}

/** `pattern resolved` of each entry of a yarn.lock: patterns stand on the unindented line, the address below it. */
function yarnEntries(lockfile: string): string[] {
  const blocks = lockfile
    .split(/\r?\n(?=\S)/)
    .filter((block) => /^[^#\s].*:\s*$/m.test(block.split(/\r?\n/, 1)[0] ?? ''));
  return blocks.flatMap((block) => {
    const [head = ''] = block.split(/\r?\n/, 1);
    const resolved = /^ {2}resolved "?([^"\n\r]+)"?/m.exec(block)?.[1] ?? '';
    return head
      .replace(/:\s*$/, '')
      .split(', ')
      .map((pattern) => `${pattern.replace(/^"|"$/g, '')} ${resolved}`);
  });
}

async function sameText(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([readTextIfAny(a), readTextIfAny(b)]);
  return first !== null && first === second;
}
