import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseConfig } from '../config/release.js';
import { GitOpsError, messageOf } from '../domain/errors.js';
import { describeRelease, releaseFolder, type Release } from '../domain/release.js';
import type { Report } from '../domain/report.js';
import type { Clock } from '../os/clock.js';
import type { Env } from '../os/env.js';
import { exists, syncFolder, translateDiskError } from '../os/files.js';
import { renameStubborn } from '../os/rename.js';
import type { ChildLedger } from '../os/run.js';
import { syncTree } from '../os/sync-tree.js';
import { requireScripts } from './app-scripts.js';
import { readEcosystem } from './ecosystem.js';
import { quiet, type Effort } from './effort.js';
import { runBuild, runHook } from './hooks.js';
import { readMark, writeMark } from './mark.js';
import { fetchCommit, renewMirror, type FetchRequest } from './mirror.js';
import { readProject } from './project.js';
import { relocateApps } from './relocate.js';
import { linkLive, linkShared } from './shared-links.js';
import { measureTree, type TreeSize } from './size.js';
import { stageDependencies, type Modules, type ModulesBase } from './stage-dependencies.js';
import { changedPaths, checkOutTree, madePaths, type TreePlace } from './tree.js';

/** What is to be staged, where, and beside what. */
export interface StageRequest {
  readonly strategy: 'releases' | 'checkout';
  readonly root: string;
  /** `<root>/.pm2-gitops`. */
  readonly state: string;
  readonly runId: string;
  readonly release: Release;
  readonly remote: FetchRequest['remote'];
  readonly shallow: boolean;
  /** A local checkout whose objects spare a download, or null. */
  readonly seed: string | null;
  /** The proven release that runs, whose dependencies may be copied; null: there is none, or it is not to be trusted. */
  readonly base: ModulesBase | null;
  /** The clean environment of every command. */
  readonly env: Env;
  /** The `GITOPS_…` variables that builds and hooks get beside it; `GITOPS_RELEASE_DIR` is added here. */
  readonly hookEnv: Env;
  /** It stays in its stage: what it is made of goes into a release folder that lacks something. */
  readonly beside?: boolean;
  /** Limit of each git command in milliseconds, before the release's own limits are known. */
  readonly gitMs: number;
}

/** What staging works with. `parseConfig` is `config/release.ts`'s: this folder knows only its types. */
export interface StageTools {
  readonly signal: AbortSignal;
  readonly report: Report;
  readonly clock: Clock;
  readonly children?: ChildLedger | undefined;
  parseConfig(value: unknown, origin: string): ReleaseConfig;
}

/** A release that is complete on disk, away from the running one. */
export interface Staged {
  /** `<state>/stage/<runId>/tree`, or `<root>/releases/<folder>`. */
  readonly tree: string;
  readonly config: ReleaseConfig;
  /** The apps of its ecosystem file, with `__dirname` being where it is going to run; null: it has none. */
  readonly apps: readonly Readonly<Record<string, unknown>>[] | null;
  readonly depsKey: string | null;
  /** Top-most paths beyond the commit. */
  readonly made: readonly string[];
  readonly modules: Modules;
  /** `engines.node` of its package.json, as written. */
  readonly nodeRange: string | null;
}

type Description = Pick<Staged, 'config' | 'apps' | 'nodeRange'>;

/**
 * Makes a release complete without touching the running one:
 *
 *     fetch → check out → read its configuration → link shared paths → dependencies → build → afterStage → check → mark
 *
 * May be called again after any crash: what an earlier attempt of the run left is dropped first.
 * Throws any of the codes of `fetchCommit`, `installDependencies`, `runBuild`, `runHook`, and `RELEASE_INVALID`, `CONFIG_INVALID`.
 */
export async function stageRelease(request: StageRequest, tools: StageTools): Promise<Staged> {
  try {
    const mayBeFinished = request.strategy === 'releases' && request.beside !== true;
    const finished = mayBeFinished ? await findFinished(request, tools) : null;
    return finished ?? (await makeRelease(request, tools));
  } catch (error) {
    await dropAttempt(request, tools);
    throw translateDiskError(error, request.state);
  }
}

/** Lays only the committed files of a release out, in the run's stage; gives back where. Throws the codes of `fetchCommit`. */
export async function stageCommit(request: StageRequest, tools: StageTools): Promise<string> {
  try {
    return (await layOut(request, tools)).tree;
  } catch (error) {
    await dropAttempt(request, tools);
    throw translateDiskError(error, request.state);
  }
}

/** A failed attempt leaves nothing: on a full disk it may be what fills it. */
async function dropAttempt({ state, runId }: StageRequest, { report }: StageTools): Promise<void> {
  try {
    await rm(stageFolder(state, runId), { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    report.step(`stage: ${stageFolder(state, runId)} stays for now: ${messageOf(error)}`);
  }
}

/** The folder of one attempt; it is dropped whole. */
export function stageFolder(state: string, runId: string): string {
  return join(state, 'stage', runId);
}

async function findFinished(request: StageRequest, tools: StageTools): Promise<Staged | null> {
  const tree = releaseTree(request);
  const mark = await readMark(tree);
  if (mark?.commit !== request.release.commit) return null;
  tools.report.step(`stage: ${describeRelease(request.release)} is complete already`);
  return {
    tree,
    ...(await describe(tree, request, tools)),
    depsKey: mark.depsKey,
    made: mark.made,
    modules: 'kept',
  };
}

async function makeRelease(request: StageRequest, tools: StageTools): Promise<Staged> {
  const place = await layOut(request, tools);
  const git = effortOf(request, tools, request.gitMs);
  const description = await describe(place.tree, request, tools);
  const { config } = description;
  await link(request, config, { tree: place.tree, signal: tools.signal });
  const { depsKey, modules } = await stageDependencies(
    { tree: place.tree, base: request.base, strategy: request.strategy, config },
    effortOf(request, tools, config.timeouts.installMs),
  );
  await buildAndCheck({ place, description, modules }, request, tools);
  const { made, changed } = await listMade({ place, config, modules }, git);
  await syncTree(place.tree, { ...quiet(git), env: git.env });
  await writeMark(place.tree, {
    schema: 1,
    tag: request.release.tag,
    commit: request.release.commit,
    depsKey,
    made,
    changed,
    run: request.runId,
    size: sizeOf(place.tree, modules, request.base),
  });
  const tree =
    request.strategy === 'releases' && request.beside !== true
      ? await publish(place.tree, request, tools)
      : place.tree;
  return { tree, ...description, depsKey, made, modules };
}

/** Lays the commit out in a fresh stage. */
async function layOut(request: StageRequest, tools: StageTools): Promise<TreePlace> {
  const folder = stageFolder(request.state, request.runId);
  // Retries: a process that outlived a killed attempt for a moment may still be writing into it.
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const place = {
    mirror: join(request.state, 'mirror.git'),
    commit: request.release.commit,
    tree: join(folder, 'tree'),
    index: join(folder, 'index'),
  };
  await obtainTree(request, place, effortOf(request, tools, request.gitMs));
  return place;
}

/** Dependencies that stay in the live tree weigh what they weighed there. */
function sizeOf(tree: string, modules: Modules, base: ModulesBase | null): TreeSize {
  const size = measureTree(tree);
  return modules === 'kept' ? { ...size, modules: base?.size?.modules ?? size.modules } : size;
}

/** Fetches and checks out; a mirror whose objects turn out unreadable is made anew once. */
async function obtainTree(request: StageRequest, place: TreePlace, effort: Effort): Promise<void> {
  const fetching: FetchRequest = { ...request, mirror: place.mirror };
  await fetchCommit(fetching, effort);
  effort.report.step(`stage: check out ${describeRelease(request.release)}`);
  if ((await checkOutTree(place, effort)) === 'done') return;
  effort.report.step('stage: the mirror is damaged, it is made anew');
  await renewMirror(fetching, effort);
  await fetchCommit(fetching, effort);
  if ((await checkOutTree(place, effort)) === 'done') return;
  throw new GitOpsError(
    'GIT_FAILED',
    `cannot check out ${describeRelease(request.release)}: its objects are damaged, also in a fresh mirror`,
    {
      hint: 'check the disk, then the remote (git fsck)',
    },
  );
}

async function describe(tree: string, request: StageRequest, tools: StageTools): Promise<Description> {
  const ecosystem = await readEcosystem(tree, effortOf(request, tools, EVALUATION_MS));
  const config = tools.parseConfig(ecosystem?.gitops, ecosystem?.file ?? 'the release');
  const { packageJson } = await readProject(tree);
  const node = packageJson?.engines.node;
  const apps =
    ecosystem === null ? null : await relocateApps(ecosystem.apps, { from: tree, to: liveFolder(request) });
  return { config, apps, nodeRange: node ?? null };
}

const EVALUATION_MS = 30_000;

async function link(
  request: StageRequest,
  config: ReleaseConfig,
  { tree, signal }: { tree: string; signal: AbortSignal },
): Promise<void> {
  if (request.strategy === 'checkout') await linkLive({ tree, paths: config.shared, home: request.root });
  else await linkShared({ tree, paths: config.shared, home: join(request.root, 'shared') }, signal);
}

async function buildAndCheck(
  { place, description, modules }: { place: TreePlace; description: Description; modules: Modules },
  request: StageRequest,
  tools: StageTools,
): Promise<void> {
  const { tree } = place;
  const { build, hooks, timeouts } = description.config;
  const env = { ...request.hookEnv, GITOPS_RELEASE_DIR: tree };
  if (build !== null)
    await runBuild({ command: build, tree, env }, effortOf(request, tools, timeouts.buildMs));
  if (hooks.afterStage !== null) {
    await runHook(
      { name: 'afterStage', command: hooks.afterStage, tree, env },
      effortOf(request, tools, timeouts.hookMs),
    );
  }
  const modulesIn = request.strategy === 'checkout' && stayLive(modules) ? request.root : tree;
  await requireScripts({ apps: description.apps ?? [], tree, lives: liveFolder(request), modulesIn });
}

/** Whether a checkout goes on with the dependencies that lie in it. */
function stayLive(modules: Modules): boolean {
  return modules === 'kept' || modules === 'none';
}

async function listMade(
  { place, config, modules }: { place: TreePlace; config: ReleaseConfig; modules: Modules },
  effort: Effort,
): Promise<{ readonly made: readonly string[]; readonly changed: readonly string[] }> {
  const changed = await changedPaths(place, config.shared, effort);
  if (changed.length > 0)
    effort.report.step(
      `stage: warning: the build changed committed files: ${changed.slice(0, 10).join(', ')}`,
    );
  const made = await madePaths(place, config.shared, effort);
  // Kept dependencies lie in the live tree; nothing of the stage replaces them.
  const brought = modules === 'kept' ? made.filter((path) => path !== 'node_modules') : made;
  return { made: brought, changed: [...config.shared, ...changed] };
}

async function publish(staged: string, request: StageRequest, tools: StageTools): Promise<string> {
  const tree = releaseTree(request);
  await mkdir(join(request.root, 'releases'), { recursive: true });
  if (await exists(tree))
    await renameStubborn(tree, join(stageFolder(request.state, request.runId), 'incomplete'), tools);
  await renameStubborn(staged, tree, tools);
  await syncFolder(join(request.root, 'releases'));
  await rm(stageFolder(request.state, request.runId), { recursive: true, force: true });
  return tree;
}

/** Where the release is going to run, as its apps name it. */
function liveFolder({ strategy, root }: StageRequest): string {
  return strategy === 'releases' ? join(root, 'current') : root;
}

function releaseTree({ root, release }: StageRequest): string {
  return join(root, 'releases', releaseFolder(release));
}

function effortOf({ env }: StageRequest, { signal, report, children }: StageTools, limitMs: number): Effort {
  return { signal, report, children, env, limitMs };
}
