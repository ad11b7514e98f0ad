import { explainLoss, type Loss } from './loss.js';
import { probe } from './probes.js';
import { listProcesses, type ListedProcess } from './processes.js';
import { unhealthy, type Rolling, type RollOutcome } from './rolling.js';
import { nameOf, type Turn } from './turn.js';

/** A new incarnation that is being watched. */
interface Candidate {
  readonly startedAt: number;
  /** When it was first seen, on the monotonic clock. */
  readonly sinceMs: number;
}

/** The candidates by pm id. */
type Candidates = Map<number, Candidate>;

const LOOK_MS = 200;
// On Windows each list makes pm2 measure all processes by a program that it starts; there the bus must do.
const WINDOWS_LOOK_MS = 2_000;

/**
 * Watches processes that changed over until each has lived for the settle time in one incarnation, and the probes agree.
 * Throws what `Daemon.call` throws: a daemon that is gone says nothing about the release.
 */
export async function prove(turns: readonly Turn[], rolling: Rolling): Promise<RollOutcome> {
  const { plan, tools, exits } = rolling;
  const candidates: Candidates = new Map();
  const pollMs = tools.platform === 'win32' ? WINDOWS_LOOK_MS : LOOK_MS;
  let deadlineMs = Infinity;
  for (;;) {
    const all = await listProcesses(tools.daemon, rolling.signal);
    const loss = look(turns, all, { rolling, candidates });
    if (loss !== null) return explainLoss(loss, rolling);
    const nowMs = tools.clock.monotonicMs();
    const leftMs = Math.max(
      ...Array.from(candidates.values(), ({ sinceMs }) => sinceMs + plan.health.settleMs - nowMs),
    );
    if (leftMs <= 0) {
      deadlineMs = Math.min(deadlineMs, nowMs + plan.health.timeoutMs);
      const complaint = await probe(all, Math.max(0, deadlineMs - nowMs), rolling);
      if (complaint === null) return confirm(turns, { rolling, candidates });
      if (tools.clock.monotonicMs() >= deadlineMs) return unhealthy(complaint);
    }
    await exits.pause(leftMs > 0 ? Math.min(leftMs, pollMs) : pollMs);
  }
}

interface Watch {
  readonly rolling: Rolling;
  readonly candidates: Candidates;
}

/** One more look, since the probes took their time. */
async function confirm(turns: readonly Turn[], watch: Watch): Promise<RollOutcome> {
  const { rolling, candidates } = watch;
  const loss = look(turns, await listProcesses(rolling.tools.daemon, rolling.signal), watch);
  if (loss !== null) return explainLoss(loss, rolling);
  const nowMs = rolling.tools.clock.monotonicMs();
  for (const { before } of turns) {
    const livedMs = nowMs - (candidates.get(before.pmId)?.sinceMs ?? nowMs);
    rolling.tools.report.step(`${nameOf(before)}: healthy after ${(livedMs / 1000).toFixed(1)} s`);
  }
  return { healthy: true };
}

/** Looks at every process once; the first that is lost, or null. */
function look(
  turns: readonly Turn[],
  all: readonly ListedProcess[],
  { rolling, candidates }: Watch,
): Loss | null {
  for (const turn of turns) {
    const { pmId, pid } = turn.before;
    const known = candidates.get(pmId);
    const now = all.find((process) => process.pmId === pmId);
    const loss = judge(turn, now, { known, rolling });
    if (loss !== null) return loss;
    if (known !== undefined || now === undefined || now.pid === null) continue;
    candidates.set(pmId, { startedAt: now.startedAt, sinceMs: rolling.tools.clock.monotonicMs() });
    if (now.pid !== pid)
      rolling.tools.report.step(`${nameOf(turn.before)}: pid ${pid ?? 'none'} → ${now.pid}`);
  }
  return null;
}

/** Goes by pid and `pm_uptime` alone: pm2 says "online" of a crash loop as well. */
function judge(
  turn: Turn,
  now: ListedProcess | undefined,
  { known, rolling }: { known: Candidate | undefined; rolling: Rolling },
): Loss | null {
  const { before, told, refusal } = turn;
  if (now === undefined) return { turn, how: 'deleted' };
  const exit = rolling.exits.find(before.pmId, (startedAt) =>
    told === null ? startedAt > before.startedAt : startedAt === told,
  );
  if (exit !== null) return { turn, how: 'exited', exit };
  const isOld = now.startedAt === before.startedAt && told !== before.startedAt;
  if (refusal !== null && (isOld || now.pid === null)) return { turn, how: 'refused', refusal };
  if (now.pid === null) return { turn, how: 'lifeless', status: now.status };
  if (isOld) return { turn, how: 'unchanged' };
  const fault = rolling.exits.findFault(before.pmId, now.startedAt);
  if (fault !== null) return { turn, how: 'unloaded', fault, startedAt: now.startedAt };
  const expected = known?.startedAt ?? told ?? now.startedAt;
  return now.startedAt === expected ? null : { turn, how: 'restarted' };
}
