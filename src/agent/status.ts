import { decide } from '../domain/decide.js';
import { isGitOpsError, messageOf } from '../domain/errors.js';
import { standingOrders } from '../domain/orders.js';
import type { AppProcess } from '../domain/process.js';
import { statusOf, type Status } from '../domain/status.js';
import type { Step, Upgrade } from '../domain/upgrade.js';
import { holderOf } from '../state/lock.js';
import { headTrail } from '../workspace/adopt.js';
import { rootProcesses } from './apps.js';
import { newestEnded } from './ended-runs.js';
import { gatherFacts } from './facts.js';
import type { Root } from './root.js';
import { scheduleOf } from './schedule.js';

/** Reads everything that `status` tells, and asks pm2 for its list. Without a pm2 daemon it says so and tells the rest. */
export async function readStatus(root: Root, signal: AbortSignal): Promise<Status> {
  const { config, layout, machine, host } = root;
  const facts = await gatherFacts(root);
  const { processes, warnings } = await listOrWarn(root, facts.upgrade, signal);
  return statusOf({
    identity: {
      root: layout.root,
      strategy: config.strategy,
      machine: { id: machine.id, name: config.name ?? host.hostName },
      channel: config.channelText,
    },
    upgrade: facts.upgrade,
    pin: standingOrders(facts.orders, facts.now).pin?.release ?? null,
    decision: decide(facts),
    observed: facts.observed,
    processes,
    trail: await wholeTrail(root, facts.upgrade, signal),
    lastRun: await newestEnded(root),
    nextPoll: (await scheduleOf(root)).following(facts.now),
    worker: await holderOf(layout.upgradeLock),
    warnings,
  });
}

async function listOrWarn(
  root: Root,
  { active }: Upgrade,
  signal: AbortSignal,
): Promise<{ processes: AppProcess[]; warnings: string[] }> {
  try {
    return { processes: await rootProcesses(root, active?.apps ?? null, signal), warnings: [] };
  } catch (error) {
    if (!isGitOpsError(error)) throw error;
    return { processes: [], warnings: [messageOf(error)] };
  }
}

/** Our own steps, exact to the millisecond, and those that people made by hand in an adopted checkout, exact to the second. */
async function wholeTrail(
  { config, layout, host }: Root,
  { trail }: Upgrade,
  signal: AbortSignal,
): Promise<readonly Step[]> {
  if (config.strategy === 'releases') return trail;
  const byHand = await headTrail(layout.root, { env: host.env, signal, limitMs: 10_000 });
  const foreign = byHand.filter(
    ({ commit, at }) => !trail.some((own) => own.commit === commit && Math.abs(own.at - at) < 60_000),
  );
  return [...trail, ...foreign].sort((a, b) => a.at - b.at);
}
