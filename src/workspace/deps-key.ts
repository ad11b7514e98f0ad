import { createHash, type Hash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readPlainFile, readTextIfAny } from '../os/files.js';
import { chooseManager } from './managers.js';
import { allDependencies, type PackageJson, type Project } from './project.js';

/** How the tree is going to be installed. */
export interface InstallMode {
  readonly install: string | false;
  readonly dev: boolean;
}

// What these make lies outside node_modules, or depends on more than the lockfile.
const INSTALL_SCRIPTS = [
  'preinstall',
  'install',
  'postinstall',
  'prepublish',
  'preprepare',
  'prepare',
  'postprepare',
];

// Of package.json, what an install reads. The version is not among them: each release bumps it.
const FIELDS = [
  [
    'dependencies',
    'devDependencies',
    'optionalDependencies',
    'peerDependencies',
    'peerDependenciesMeta',
    'dependenciesMeta',
  ],
  [
    'bundleDependencies',
    'bundledDependencies',
    'overrides',
    'resolutions',
    'pnpm',
    'packageManager',
    'engines',
    'os',
    'cpu',
    'libc',
  ],
].flat();

const SETTINGS = [
  '.npmrc',
  '.yarnrc',
  '.yarnrc.yml',
  '.pnpmfile.cjs',
  'pnpmfile.js',
  'bunfig.toml',
  '.node-version',
  '.nvmrc',
];

/**
 * A hash that changes whenever an install would do something else; two trees with the same key may share a copy of node_modules.
 * Null: never reuse, because the install makes things outside node_modules or reads things outside the lockfile.
 */
export async function depsKey(project: Project, mode: InstallMode): Promise<string | null> {
  const { packageJson, tree } = project;
  const manager = chooseManager(project);
  if (
    packageJson === null ||
    manager?.lockfile == null ||
    mode.install !== 'auto' ||
    !isSelfContained(project, packageJson)
  )
    return null;
  const hash = createHash('sha256');
  add(hash, 'manager', `${manager.name} ${manager.lockfile}`);
  add(hash, 'machine', machineText());
  add(hash, 'dev', String(mode.dev));
  for (const field of FIELDS) add(hash, field, JSON.stringify(packageJson[field] ?? null));
  add(
    hash,
    'lockfile',
    withoutOwnVersion((await readPlainFile(join(tree, manager.lockfile))).toString('utf8'), manager.name),
  );
  for (const name of SETTINGS) add(hash, name, (await readTextIfAny(join(tree, name))) ?? '');
  for (const folder of ['patches', '.yarn/patches']) await addFolder(hash, tree, folder);
  return hash.digest('hex');
}

/** Whether all that an install makes lies in the root's node_modules and follows from the lockfile. */
function isSelfContained({ names }: Project, packageJson: PackageJson): boolean {
  if (packageJson.workspaces !== undefined || names.has('pnpm-workspace.yaml') || names.has('lerna.json'))
    return false;
  if (INSTALL_SCRIPTS.some((script) => script in packageJson.scripts)) return false;
  // npm builds a package with native code by this file even without a script.
  if (names.has('binding.gyp') || names.has('.pnp.cjs') || names.has('.pnp.js')) return false;
  return allDependencies(packageJson).every(([, spec]) => !isLocalFolder(spec));
}

/** A dependency on a folder of the tree: its content may change though the lockfile does not. */
function isLocalFolder(spec: string): boolean {
  return (
    /^(?:link:|portal:|workspace:|patch:|exec:|\.{1,2}[/\\]|\/|~\/)/.test(spec) ||
    (spec.startsWith('file:') && !/\.(?:tgz|tar\.gz|tar)$/.test(spec))
  );
}

/** Native modules fit one interface of Node, one platform, one C library. */
function machineText(): string {
  const libc = process.platform === 'linux' ? (hasGlibc() ? 'glibc' : 'musl') : '';
  return `${process.platform} ${process.arch} ${process.versions.modules} ${libc}`;
}

const report = v.object({ header: v.object({ glibcVersionRuntime: v.string() }) });

function hasGlibc(): boolean {
  return v.is(report, process.report.getReport());
}

const npmLock = v.looseObject({
  version: v.optional(v.unknown()),
  packages: v.optional(v.record(v.string(), v.unknown())),
});

/** `npm version` writes the root's version into npm's lockfile: twice, and to no effect on an install. */
function withoutOwnVersion(text: string, manager: string): string {
  if (manager !== 'npm') return text;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), npmLock), text);
  if (!parsed.success) return text;
  const { packages = {}, ...rest } = parsed.output;
  const own = v.safeParse(v.looseObject({}), packages['']);
  return JSON.stringify({
    ...rest,
    version: null,
    packages: { ...packages, '': own.success ? { ...own.output, version: null } : null },
  });
}

async function addFolder(hash: Hash, tree: string, folder: string): Promise<void> {
  const entries = await readdir(join(tree, folder), { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort())
    add(hash, file.slice(tree.length), (await readPlainFile(file)).toString('base64'));
}

/** Length first, so that no two different contents read the same. */
function add(hash: Hash, name: string, text: string): void {
  hash.update(`${name}\0${text.length}\0${text}\0`);
}
