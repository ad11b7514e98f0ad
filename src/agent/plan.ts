import type { Decision } from '../domain/decide.js';
import { describeDrift } from '../domain/tell-drift.js';
import { describeRelease, type Release } from '../domain/release.js';
import { releaseTree } from '../state/layout.js';
import { exists } from '../os/files.js';
import type { ListedProcess } from '../runtime/processes.js';
import { noneYet, rootProcesses } from './apps.js';
import { decideFreshly } from './request.js';
import type { Root } from './root.js';

/** What `apply` would do. */
export interface Plan extends Decision {
  readonly active: Release | null;
  /** In order, as sentences. */
  readonly steps: readonly string[];
}

/** Looks at the source and tells what `apply` would do now; changes nothing but the record of what was seen. */
export async function readPlan(root: Root, to: string | null, signal: AbortSignal): Promise<Plan> {
  const { decision, facts } = await decideFreshly(root, to, signal);
  const { active } = facts.upgrade;
  if (decision.step === 'repair' && active !== null) {
    const found = facts.drift.filter(({ kind }) => decision.repair.includes(kind));
    const steps = found.map((drift) => `repair: ${describeDrift(drift, active.release)}`);
    return {
      ...decision,
      active: active.release,
      steps: [...steps, 'restart what is concerned, and prove every process'],
    };
  }
  return {
    ...decision,
    active: active?.release ?? null,
    steps: await stepsOf({ root, apps: active?.apps ?? null, signal }, decision),
  };
}

interface Scope {
  readonly root: Root;
  readonly apps: readonly string[] | null;
  readonly signal: AbortSignal;
}

async function stepsOf(scope: Scope, { desired, step }: Decision): Promise<string[]> {
  if (step === 'finish') return ['finish the run that is under way'];
  if (desired === null || step === 'nothing' || step === 'wait' || step === 'repair') return [];
  return [
    ...(step === 'stage' ? await stagingSteps(scope.root, desired) : []),
    ...(await changeSteps(scope, desired)),
  ];
}

async function stagingSteps({ config, layout }: Root, release: Release): Promise<string[]> {
  const complete = config.strategy === 'releases' && (await exists(releaseTree(layout, release)));
  if (complete) return [`take ${describeRelease(release)} from disk, where it is complete`];
  return [
    `fetch ${describeRelease(release)} and check it out beside the running release`,
    'install its dependencies, and build it if it says so',
  ];
}

async function changeSteps(scope: Scope, release: Release): Promise<string[]> {
  const { config, layout } = scope.root;
  const what = config.strategy === 'releases' ? layout.current : `the checkout ${layout.root}`;
  return [
    `switch ${what} to ${release.tag}`,
    ...restartSteps(await processesOrNone(scope)),
    'prove every process, or put the old release back',
  ];
}

function restartSteps(processes: readonly ListedProcess[]): string[] {
  const alive = processes.filter(({ status }) => status !== 'stopped');
  const [first, ...rest] = alive.map(({ name, pmId }) => `${name} ${pmId}`);
  if (first === undefined)
    return [
      processes.length === 0
        ? "start the apps of the release's ecosystem.config.cjs"
        : 'restart nothing: all apps are stopped',
    ];
  return [`restart ${first} and prove it`, ...(rest.length === 0 ? [] : [`restart ${rest.join(', ')}`])];
}

async function processesOrNone({ root, apps, signal }: Scope): Promise<ListedProcess[]> {
  return rootProcesses(root, apps, signal).catch(noneYet({ startPm2: true }));
}
