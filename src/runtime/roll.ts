import { GitOpsError } from '../domain/errors.js';
import { incarnations, isOneOf, type Incarnation } from '../domain/process.js';
import { ExitWatch } from './exits.js';
import { findLeftover, hasParked } from './leftovers.js';
import { listProcesses, type ListedProcess } from './processes.js';
import { prove } from './proof.js';
import { leaveOut, type Rolling, type RollOutcome, type RollPlan, type RollTools } from './rolling.js';
import { leave, nameOf, reload, restart, type Turn } from './turn.js';
import { planWaves, type Wave } from './waves.js';

export { ExitWatch } from './exits.js';
export type { RollOutcome, RollPlan, RollTools } from './rolling.js';

const STOPPING_PAUSE_MS = 100;
const STOPPING_MARGIN_MS = 1_000;

/**
 * Restarts the root's processes wave by wave and proves each wave before the next begins:
 *
 *   proven before ── prove ──▶ the first ── restart, prove ──▶ batches of the rest ── restart, prove ──▶ old ones gone?
 *
 * It can be done again after a crash: what already changed over and was proven is only proven again. What a person stopped stays stopped.
 * Throws what `Daemon.call` throws, which says nothing about the release.
 */
export async function roll(plan: RollPlan, tools: RollTools, signal: AbortSignal): Promise<RollOutcome> {
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  const exits = tools.exits ?? new ExitWatch(tools.clock, ends);
  const begun: Rolling = { plan, tools, exits, left: new Set(), signal };
  try {
    await exits.listen(tools, () => listProcesses(tools.daemon, signal));
    const processes = await findProcesses(begun);
    const old = [...plan.old, ...findUnheard(processes, begun)];
    const rolling: Rolling = { ...begun, plan: { ...plan, old } };
    for (const wave of planWaves(processes, old, plan.restart)) {
      const outcome = await prove(await changeOver(wave, rolling), rolling);
      if (!outcome.healthy) return outcome;
    }
    refuseEmpty(processes, rolling);
    return await findLeftover(processes, rolling);
  } finally {
    over.abort();
  }
}

/** The root's processes, once none of them is on its way down by somebody else's order. */
async function findProcesses({ plan, tools, signal }: Rolling): Promise<readonly ListedProcess[]> {
  const startMs = tools.clock.monotonicMs();
  for (;;) {
    const processes = plan.targets(await listProcesses(tools.daemon, signal));
    const stopping = processes.filter(({ status }) => status === 'stopping');
    const limitMs = Math.max(
      0,
      ...stopping.map(({ killTimeoutMs }) => killTimeoutMs * 2 + STOPPING_MARGIN_MS),
    );
    if (tools.clock.monotonicMs() - startMs >= limitMs) return processes;
    await tools.clock.sleep(STOPPING_PAUSE_MS, signal);
  }
}

/** What changed over before we listened: pm2 tells only once that a process could not load its code, and keeps what is left of it. */
function findUnheard(
  processes: readonly ListedProcess[],
  { plan: { old, proven }, exits, tools }: Rolling,
): readonly Incarnation[] {
  if (proven === null) return [];
  const isKnown = (process: ListedProcess): boolean =>
    exits.hasHeard(process) || isOneOf(process, old) || isOneOf(process, proven);
  const unheard = processes.filter((process) => process.pid !== null && !isKnown(process));
  for (const process of unheard)
    tools.report.step(`${nameOf(process)}: began while nobody listened to pm2; it is restarted once more`);
  return incarnations(unheard);
}

/** What changed over by itself since the waves were planned is only proven; what somebody took away meanwhile is left out. */
async function changeOver({ how, members }: Wave<ListedProcess>, rolling: Rolling): Promise<Turn[]> {
  const { tools, plan, exits, signal } = rolling;
  const listed = await listProcesses(tools.daemon, signal);
  const ask = async (process: ListedProcess): Promise<Turn> => {
    const isReload = how === 'reload' && !(await hasParked(process, listed, tools));
    return (isReload ? reload : restart)(process, { ...tools, exits }, signal);
  };
  const turns = members.flatMap((planned) => {
    const now = listed.find(({ pmId }) => pmId === planned.pmId);
    if (now === undefined || (isAsleep(now) && !isAsleep(planned))) {
      leaveOut(planned, 'is stopped or deleted by somebody else', rolling);
      return [];
    }
    if (now.pid !== null && !isOneOf(now, plan.old)) return [leave(now)];
    return [ask(now)];
  });
  return Promise.all(turns);
}

function isAsleep({ pid, status }: ListedProcess): boolean {
  return pid === null && status === 'stopped';
}

/** A roll of nothing would be healthy. Throws `NO_APPS` where somebody took all away. */
function refuseEmpty(processes: readonly ListedProcess[], { left }: Rolling): void {
  if (left.size === 0 || processes.some((process) => !isAsleep(process) && !left.has(process.pmId))) return;
  throw new GitOpsError(
    'NO_APPS',
    'all processes were stopped or deleted by somebody else: nothing proves the release',
    {
      hint: 'start the apps by pm2; the next poll tries again',
    },
  );
}
