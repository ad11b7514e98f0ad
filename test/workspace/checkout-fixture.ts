import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isGitOpsError } from '../../src/domain/errors.js';
import { systemClock } from '../../src/os/clock.js';
import { cleanEnvironment } from '../../src/os/env.js';
import type { CheckoutMove, CheckoutReturn, MoveEffort } from '../../src/workspace/switch-checkout.js';

/** Files of one release: text, or null to have none. */
export type Tree = Readonly<Record<string, string>>;

/** A user's checkout of a real repository with two releases, our mirror of it, and what was staged for the second one. */
export interface Fixture {
  readonly base: string;
  readonly root: string;
  readonly state: string;
  readonly v1: string;
  readonly v2: string;
  readonly move: CheckoutMove;
  readonly back: CheckoutReturn;
  git(...args: string[]): string;
  write(path: string, text: string): void;
  read(path: string): string | null;
  /** Has fresh staged things for `v2`. */
  stage(): void;
}

const GIT_ENV = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'dev',
  GIT_AUTHOR_EMAIL: 'dev@example.com',
  GIT_COMMITTER_NAME: 'dev',
  GIT_COMMITTER_EMAIL: 'dev@example.com',
};

/** Runs git and gives back its trimmed output. */
export function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd,
    env: GIT_ENV,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

export const V1: Tree = {
  '.gitignore': 'node_modules\ndist\n*.log\n',
  'app.js': 'console.log(1)\n',
  'package.json': '{"name":"shop","version":"1.0.0"}\n',
  'package-lock.json': '{"lockfileVersion":3,"v":1}\n',
  'lib/old.js': 'old\n',
  both: 'a file in v1\n',
};

export const V2: Tree = {
  '.gitignore': 'node_modules\ndist\n*.log\n',
  'app.js': 'console.log(2)\n',
  'package.json': '{"name":"shop","version":"2.0.0"}\n',
  'package-lock.json': '{"lockfileVersion":3,"v":2}\n',
  'lib/new.js': 'new\n',
  'both/inside': 'a folder in v2\n',
};

/** An effort that tells its steps to `lines`. */
export function effort(lines: string[] = []): MoveEffort {
  return {
    signal: AbortSignal.timeout(60_000),
    limitMs: 30_000,
    env: cleanEnvironment({ ...process.env, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' }),
    clock: systemClock(),
    report: { step: (text) => void lines.push(text), output: () => undefined },
  };
}

export interface FixtureOptions {
  readonly v1?: Tree;
  readonly v2?: Tree;
  readonly name?: string;
  readonly dirty?: 'refuse' | 'stash';
  readonly clone?: readonly string[];
  readonly made?: readonly string[];
}

/** Makes it all in a fresh folder that goes when the test ends. */
export function makeFixture(t: { after(fn: () => void): void }, options: FixtureOptions = {}): Fixture {
  const base = mkdtempSync(join(tmpdir(), 'gitops-switch-'));
  t.after(() => {
    rmSync(base, { recursive: true, force: true });
  });
  const origin = join(base, 'origin');
  const root = join(base, options.name ?? 'shop');
  const [v1, v2] = makeOrigin(origin, options);
  git(base, 'clone', '--quiet', ...(options.clone ?? []), `file://${origin}`, root);
  if (git(root, 'rev-parse', 'HEAD') !== v1) throw new Error('the clone is not at v1');
  git(origin, 'checkout', '--quiet', 'v2');
  const mirror = join(base, 'mirror.git');
  git(base, 'clone', '--quiet', '--mirror', `file://${origin}`, mirror);
  return assemble(base, { root, mirror, v1, v2 }, options);
}

function makeOrigin(origin: string, options: FixtureOptions): [string, string] {
  mkdirSync(origin);
  git(origin, 'init', '--quiet', '--initial-branch=main');
  commitTree(origin, { 'README.md': 'shop\n' }, 'v0');
  const v1 = commitTree(origin, options.v1 ?? V1, 'v1');
  git(origin, 'checkout', '--quiet', '-b', 'next');
  const v2 = commitTree(origin, options.v2 ?? V2, 'v2');
  git(origin, 'checkout', '--quiet', 'main');
  return [v1, v2];
}

function commitTree(repository: string, tree: Tree, tag: string): string {
  for (const name of readdirSync(repository)) {
    if (name !== '.git') rmSync(join(repository, name), { recursive: true });
  }
  for (const [path, text] of Object.entries(tree)) put(join(repository, path), text);
  git(repository, 'add', '--all', '--force');
  git(repository, 'commit', '--quiet', '--message', tag);
  git(repository, 'tag', '--annotate', '--message', tag, tag);
  return git(repository, 'rev-parse', 'HEAD');
}

/** Where a checkout and our mirror lie, and its two releases. */
export interface Places {
  readonly root: string;
  readonly mirror: string;
  readonly v1: string;
  readonly v2: string;
}

/** The move to v2 and the way back, as the agent would ask for them. */
export function errandsIn(
  { root, mirror, v1, v2 }: Places,
  options: FixtureOptions,
): Pick<Fixture, 'move' | 'back'> {
  const state = join(root, '.pm2-gitops');
  const tree = join(state, 'stage', 'run-1');
  const made = options.made ?? ['node_modules', 'dist'];
  return {
    move: {
      root,
      state,
      mirror,
      from: { commit: v1 },
      to: { commit: v2, tag: 'v2' },
      staged: { tree, made, depsKey: 'key-2', modules: 'installed' },
      dirty: options.dirty ?? 'refuse',
      runId: 'run-1',
    },
    back: { root, state, from: { commit: v2 }, to: { commit: v1 }, runId: 'run-1' },
  };
}

function assemble(base: string, places: Places, options: FixtureOptions): Fixture {
  const { root, v1, v2 } = places;
  const errands = errandsIn(places, options);
  const { state, staged } = errands.move;
  mkdirSync(state, { mode: 0o700 });
  writeFileSync(join(root, '.git', 'info', 'exclude'), '/.pm2-gitops/\n/gitops.json\n');
  put(join(root, 'node_modules/dep/index.js'), 'dep 1\n');
  put(join(root, 'node_modules/.bin/dep'), '#!\n');
  put(join(root, 'dist/main.js'), 'built 1\n');
  const stage = (): void => {
    for (const path of staged.made) {
      rmSync(join(staged.tree, path), { recursive: true, force: true });
      put(join(staged.tree, path, 'dep/index.js'), 'dep 2\n');
    }
  };
  stage();
  return {
    ...{ base, root, state, v1, v2, ...errands, stage },
    git: (...args) => git(root, ...args),
    write: (path, text) => {
      put(join(root, path), text);
    },
    read: (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : null),
  };
}

/** A copy of a fixture's root, made before or after anything happened to it, with its own errands. */
export function copyFixture(fixture: Fixture, name: string): Fixture {
  const root = join(fixture.base, name);
  cpSync(fixture.root, root, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  const { mirror, staged } = fixture.move;
  const errands = errandsIn({ ...fixture, root, mirror }, { made: staged.made });
  return { ...fixture, root, state: errands.move.state, ...errands };
}

/** Every file of a folder with its content, state and git's own files apart: what two equal checkouts have in common. */
export function snapshot(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(root.length + 1);
    if (/^\.(git|pm2-gitops)(\/|$)/.test(path)) continue;
    found[path] = entry.isFile() ? readFileSync(join(root, path), 'utf8') : 'folder';
  }
  return found;
}

/** The inode of something in a checkout. */
export function inode(root: string, path: string): number {
  return lstatSync(join(root, path)).ino;
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** For `assert.rejects`: a refusal that names all of these. */
export const dirtyNaming =
  (...names: string[]) =>
  (error: unknown): boolean =>
    isGitOpsError(error, 'TREE_DIRTY') && names.every((name) => error.message.includes(name));
