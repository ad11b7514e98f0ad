import { incarnations, type Incarnation } from '../domain/process.js';
import { judge, type Candidate } from './judge.js';
import { explainLoss, type Loss } from './loss.js';
import { probe } from './probes.js';
import { listProcesses, type ListedProcess } from './processes.js';
import { leaveOut, unhealthy, type Rolling, type RollOutcome } from './rolling.js';
import { nameOf, type Turn } from './turn.js';

/** What is watched, by pm id. */
interface Watch {
  readonly rolling: Rolling;
  readonly candidates: Map<number, Candidate>;
  /** Since when no process has lived behind an entry, on the monotonic clock. */
  readonly downSince: Map<number, number>;
}

const LOOK_MS = 200;
// On Windows each list makes pm2 measure all processes by a program that it starts; there the bus must do.
const WINDOWS_LOOK_MS = 2_000;

// Somebody who restarts an app meanwhile is not the release's fault; who never ends keeps it from being proven.
const MAX_REPLACED = 5;

/**
 * Watches processes that changed over until each has lived for the settle time in one incarnation, and the probes agree.
 * What somebody else restarts in an orderly way is watched anew; what somebody stops or deletes is left out.
 * Throws what `Daemon.call` throws: a daemon that is gone says nothing about the release.
 */
export async function prove(turns: readonly Turn[], rolling: Rolling): Promise<RollOutcome> {
  const { plan, tools, exits } = rolling;
  const watch: Watch = { rolling, candidates: new Map(), downSince: new Map() };
  const pollMs = tools.platform === 'win32' ? WINDOWS_LOOK_MS : LOOK_MS;
  let deadlineMs = Infinity;
  for (;;) {
    const all = await listProcesses(tools.daemon, rolling.signal);
    const loss = look(turns, all, watch);
    if (loss !== null) return explainLoss(loss, rolling);
    const nowMs = tools.clock.monotonicMs();
    const leftMs = settlingMs(turns, watch);
    if (leftMs <= 0) {
      deadlineMs = Math.min(deadlineMs, nowMs + plan.health.timeoutMs);
      const complaint = await probe(all, Math.max(0, deadlineMs - nowMs), rolling);
      const outcome = complaint === null ? await confirm(turns, watch) : null;
      if (outcome !== null) return outcome;
      if (complaint !== null && tools.clock.monotonicMs() >= deadlineMs) return unhealthy(complaint);
    }
    await exits.pause(leftMs > 0 ? Math.min(leftMs, pollMs) : pollMs);
  }
}

/** How long it takes until all have settled, if nothing happens. What is between two lives has not begun to. */
function settlingMs(turns: readonly Turn[], { rolling, candidates }: Watch): number {
  const nowMs = rolling.tools.clock.monotonicMs();
  const ends = turns
    .filter(({ before }) => !rolling.left.has(before.pmId))
    .map(({ before }) => candidates.get(before.pmId)?.sinceMs ?? nowMs)
    .map((sinceMs) => sinceMs + rolling.plan.health.settleMs - nowMs);
  return Math.max(0, ...ends);
}

/** One more look, since the probes took their time; null where somebody restarted a process meanwhile. */
async function confirm(turns: readonly Turn[], watch: Watch): Promise<RollOutcome | null> {
  const { rolling, candidates } = watch;
  const all = await listProcesses(rolling.tools.daemon, rolling.signal);
  const loss = look(turns, all, watch);
  if (loss !== null) return explainLoss(loss, rolling);
  if (settlingMs(turns, watch) > 0) return null;
  const nowMs = rolling.tools.clock.monotonicMs();
  for (const { before } of turns) {
    if (rolling.left.has(before.pmId)) continue;
    const livedMs = nowMs - (candidates.get(before.pmId)?.sinceMs ?? nowMs);
    rolling.tools.report.step(`${nameOf(before)}: healthy after ${(livedMs / 1000).toFixed(1)} s`);
  }
  tellUnready(all, watch);
  await rolling.tools.onProven?.(incarnations(all).filter(isCandidate(watch)));
  return { healthy: true };
}

/** pm2 takes an app for online when it has waited long enough for its `ready`: only a word, for it lives and the probes agree. */
function tellUnready(all: readonly ListedProcess[], watch: Watch): void {
  const { exits, tools } = watch.rolling;
  const isWatched = isCandidate(watch);
  const unready = all.filter(
    (process) => process.waitsReady && incarnations([process]).some(isWatched) && exits.missesReady(process),
  );
  for (const { name, pmId, listenTimeoutMs } of unready)
    tools.report.step(
      `warning: ${name} ${pmId} has wait_ready and did not say "ready" within ${listenTimeoutMs / 1000} s: call process.send('ready') when it serves, or raise its listen_timeout`,
    );
}

function isCandidate({ candidates }: Watch): (life: Incarnation) => boolean {
  return ({ pmId, startedAt }) => candidates.get(pmId)?.startedAt === startedAt;
}

/** Looks at every process once; the first that is lost, or null. */
function look(turns: readonly Turn[], all: readonly ListedProcess[], watch: Watch): Loss | null {
  for (const turn of turns) {
    if (watch.rolling.left.has(turn.before.pmId)) continue;
    const loss = lookAt(
      turn,
      all.find(({ pmId }) => pmId === turn.before.pmId),
      watch,
    );
    if (loss !== null) return loss;
  }
  return null;
}

function lookAt(turn: Turn, now: ListedProcess | undefined, watch: Watch): Loss | null {
  const { rolling, candidates } = watch;
  const { before } = turn;
  const candidate = candidates.get(before.pmId);
  const sight = judge(turn, now, { candidate, rolling, downMs: downMs(before.pmId, now, watch) });
  switch (sight.kind) {
    case 'lost':
      return sight.loss;
    case 'left':
      leaveOut(before, sight.why, rolling);
      return null;
    case 'waits':
      if (candidate !== undefined)
        candidates.set(before.pmId, { ...candidate, sinceMs: rolling.tools.clock.monotonicMs() });
      return null;
    case 'replaced':
      if ((candidate?.replaced ?? 0) >= MAX_REPLACED) return { turn, how: 'restless', times: MAX_REPLACED };
      return watchAnew(turn, now, watch);
    case 'lives':
      return candidate === undefined ? watchAnew(turn, now, watch) : null;
  }
}

function watchAnew({ before }: Turn, now: ListedProcess | undefined, { rolling, candidates }: Watch): null {
  if (now === undefined || now.pid === null) return null;
  const { clock, report } = rolling.tools;
  const replaced = candidates.has(before.pmId) ? (candidates.get(before.pmId)?.replaced ?? 0) + 1 : 0;
  candidates.set(before.pmId, { startedAt: now.startedAt, sinceMs: clock.monotonicMs(), replaced });
  const how = replaced > 0 ? 'restarted by somebody else, ' : '';
  if (now.pid !== before.pid)
    report.step(`${nameOf(before)}: ${how}pid ${before.pid ?? 'none'} → ${now.pid}`);
  return null;
}

function downMs(pmId: number, now: ListedProcess | undefined, { rolling, downSince }: Watch): number {
  const nowMs = rolling.tools.clock.monotonicMs();
  if (now?.pid != null && now.status !== 'stopping') downSince.delete(pmId);
  else if (!downSince.has(pmId)) downSince.set(pmId, nowMs);
  return nowMs - (downSince.get(pmId) ?? nowMs);
}
