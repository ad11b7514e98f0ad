import { describeChange } from '../domain/app-changes.js';
import type { Decision } from '../domain/decide.js';
import { gateReports } from '../domain/gate-reports.js';
import type { Lack } from '../domain/lack.js';
import type { GateReport } from '../domain/gates.js';
import { describeDrift } from '../domain/tell-drift.js';
import { describeRelease, type Release } from '../domain/release.js';
import type { Upgrade } from '../domain/upgrade.js';
import type { WorkerLedger } from '../state/children.js';
import { releaseTree } from '../state/layout.js';
import { exists } from '../os/files.js';
import type { ListedProcess } from '../runtime/processes.js';
import { readMark } from '../workspace/mark.js';
import { foreseeChanges } from './app-notes.js';
import { noneYet, rootProcesses } from './apps.js';
import type { WorkOrder } from './launch.js';
import { decideFreshly, type Asked } from './request.js';
import type { Root } from './root.js';
import { switchingOf } from './switching.js';
import { openWorkplace } from './workplace.js';

/** What `apply` would do. */
export interface Plan extends Decision {
  readonly active: Release | null;
  /** In order, as sentences. */
  readonly steps: readonly string[];
  /** What each gate says of the desired release; empty where there is nothing to change. */
  readonly gates: readonly GateReport[];
}

/** Looks at the source and tells what `apply` would do now; changes nothing but the record of what was seen. */
export async function readPlan(root: Root, asked: Asked, signal: AbortSignal): Promise<Plan> {
  const { decision, facts } = await decideFreshly(root, asked, signal);
  const { active } = facts.upgrade;
  const gates = gateReports(facts);
  if (decision.step === 'repair' && active !== null) {
    const found = facts.drift.filter(({ kind }) => decision.repair.includes(kind));
    const steps = found.map((drift) => `repair: ${describeDrift(drift, active.release)}`);
    return {
      ...decision,
      ...{ active: active.release, gates },
      steps: [...steps, 'restart what is concerned, and prove every process'],
    };
  }
  return {
    ...decision,
    ...{ active: active?.release ?? null, gates },
    steps: await stepsOf({ root, upgrade: facts.upgrade, signal }, decision),
  };
}

// A plan's short commands end with it; the list of what to end is a worker's.
const nothing = (): void => undefined;
const UNNOTED: WorkerLedger = { add: nothing, remove: nothing, begin: nothing, end: nothing };

interface Scope {
  readonly root: Root;
  readonly upgrade: Upgrade;
  readonly signal: AbortSignal;
}

async function stepsOf(scope: Scope, { desired, step, lack, why }: Decision): Promise<string[]> {
  if (step === 'learn') return [`read ${whatToLearn(lack)}, then decide`];
  if (step === 'finish') return ['finish the run that is under way'];
  if (desired === null || step === 'nothing' || step === 'wait' || step === 'repair') return [];
  return [
    ...(step === 'stage' ? await stagingSteps(scope.root, desired) : []),
    // A closed window, or a freeze, keeps nothing from being staged.
    ...(why?.reason === 'window' || why?.reason === 'frozen' ? [`wait: ${why.detail}`] : []),
    ...(await changeSteps(scope, desired)),
  ];
}

function whatToLearn({ undated, untried, unchecked, latest }: Lack): string {
  if (latest) return 'which release GitHub calls the latest';
  if (undated.length > 0) return 'when the releases were made';
  if (unchecked.length > 0) return 'the checks of the release';
  return untried.length > 0 ? 'how the release is signed' : "the fleet's policy";
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
    ...(await appSteps(scope, release)),
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

/** Only a staged release can tell which apps it wants. */
async function appSteps({ root, upgrade, signal }: Scope, release: Release): Promise<string[]> {
  const { active, phase } = upgrade;
  if (active === null) return [];
  const run = phase.at === 'staged' ? phase.run : '';
  const place = openWorkplace(root, planOrder(root), signal);
  const isStaged = (await readMark(switchingOf(place).stagedTree(release, run)))?.commit === release.commit;
  const unknown =
    'start, delete or start anew what it adds, drops or defines otherwise: known once it is staged';
  if (!isStaged) return [unknown];
  const { changes } = await foreseeChanges({ ...place, children: UNNOTED }, upgrade, { release, run });
  return changes?.map((change) => `app: ${describeChange(change)}`) ?? [unknown];
}

function planOrder({ layout: { root } }: Root): WorkOrder {
  const order = { root, run: '', cause: 'plan', to: null, impatient: true, hurried: false, answer: false };
  return { ...order, startPm2: true };
}

async function processesOrNone({ root, upgrade, signal }: Scope): Promise<ListedProcess[]> {
  return rootProcesses(root, upgrade.active?.apps ?? null, signal).catch(noneYet({ startPm2: true }));
}
