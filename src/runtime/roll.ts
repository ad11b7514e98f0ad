import { ExitWatch } from './exits.js';
import { findLeftover } from './leftovers.js';
import { listProcesses, type ListedProcess } from './processes.js';
import { prove } from './proof.js';
import type { Rolling, RollOutcome, RollPlan, RollTools } from './rolling.js';
import { leave, reload, restart, type Turn } from './turn.js';
import { planWaves, type Wave } from './waves.js';

export { ExitWatch } from './exits.js';
export type { RollOutcome, RollPlan, RollTools } from './rolling.js';

const STOPPING_PAUSE_MS = 100;
const STOPPING_MARGIN_MS = 1_000;

/**
 * Restarts the root's processes wave by wave and proves each wave before the next begins:
 *
 *   already new ── prove ──▶ the first ── restart, prove ──▶ batches of the rest ── restart, prove ──▶ old ones gone?
 *
 * It can be done again after a crash: what already changed over is only proven. What a person stopped stays stopped.
 * Throws what `Daemon.call` throws, which says nothing about the release.
 */
export async function roll(plan: RollPlan, tools: RollTools, signal: AbortSignal): Promise<RollOutcome> {
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  const exits = tools.exits ?? new ExitWatch(tools.clock, ends);
  const rolling: Rolling = { plan, tools, exits, signal };
  try {
    const processes = await findProcesses(rolling);
    await exits.listen(tools, new Set(processes.map(({ pmId }) => pmId)));
    for (const wave of planWaves(processes, plan.old, plan.restart)) {
      const outcome = await prove(await changeOver(wave, rolling), rolling);
      if (!outcome.healthy) return outcome;
    }
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

async function changeOver(
  { how, members }: Wave<ListedProcess>,
  { tools, signal }: Rolling,
): Promise<Turn[]> {
  const turn = { leave, restart, reload }[how];
  return Promise.all(members.map((process) => turn(process, tools, signal)));
}
