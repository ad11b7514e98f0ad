import { exists } from '../os/files.js';
import type { ProcessEvent, ProcessFault } from './bus.js';
import { readErrorLog, type ErrorLogTail } from './error-log.js';
import { unhealthy, type Rolling, type Unhealthy } from './rolling.js';
import { nameOf, type Turn } from './turn.js';

/** How a process failed to come up or to stay up. */
export type Loss =
  | { readonly turn: Turn; readonly how: 'exited'; readonly exit: ProcessEvent }
  /** Its code failed to load, and pm2 keeps the process that is left. */
  | Unloaded
  /** It died and pm2 started it again, though nobody asked. */
  | { readonly turn: Turn; readonly how: 'restarted' }
  /** No process lives behind the entry. */
  | { readonly turn: Turn; readonly how: 'lifeless'; readonly status: string }
  /** pm2 says that it restarted the process, and it is the old one still. */
  | { readonly turn: Turn; readonly how: 'unchanged' }
  | { readonly turn: Turn; readonly how: 'refused'; readonly refusal: string; readonly status: string }
  /** Somebody else restarts it again and again. */
  | { readonly turn: Turn; readonly how: 'restless'; readonly times: number };

interface Unloaded {
  readonly turn: Turn;
  readonly how: 'unloaded';
  readonly fault: ProcessFault;
  /** `pm_uptime` of the incarnation that it happened to. */
  readonly startedAt: number;
}

const EXIT_MARGIN_MS = 500;
const LOG_TRIES = 4;
const LOG_PAUSE_MS = 100;

/** Says what happened to the process, with what its error log tells. */
export async function explainLoss(seen: Loss, rolling: Rolling): Promise<Unhealthy> {
  const loss = seen.how === 'unloaded' ? await orExit(seen, rolling) : seen;
  const { before } = loss.turn;
  const what = `${nameOf(before)} ${await describe(loss)}`;
  const log = await readLog(loss.turn, rolling);
  rolling.tools.report.step(what);
  log.lines.forEach((line) => {
    rolling.tools.report.output(line);
  });
  const where = log.lines.length > 0 && before.errorLog !== null ? `; its error log: ${before.errorLog}` : '';
  const why = log.error === null || loss.how === 'unloaded' ? '' : `: ${log.error}`;
  return { ...unhealthy(`${what}${why}${where}`, nameOf(before)), by: culpritOf(loss) };
}

/** What pm2 has not ended after all its limits is the former process still: no new one has said anything. */
function culpritOf(loss: Loss): Unhealthy['by'] {
  if (loss.how === 'restless') return 'others';
  return 'status' in loss && loss.status === 'stopping' ? 'pm2' : 'release';
}

/** Where pm2 does not swallow the error, it is told just before the exit that it leads to. */
async function orExit(loss: Unloaded, { exits, tools: { clock } }: Rolling): Promise<Loss> {
  const { turn, startedAt } = loss;
  const endMs = clock.monotonicMs() + EXIT_MARGIN_MS;
  for (;;) {
    const exit = exits.find(turn.before.pmId, turn.mark, (of) => of === startedAt);
    if (exit !== null) return { turn, how: 'exited', exit };
    const leftMs = endMs - clock.monotonicMs();
    if (leftMs <= 0) return loss;
    await exits.pause(leftMs);
  }
}

async function describe(loss: Loss): Promise<string> {
  const { before } = loss.turn;
  const isHomeless = (loss.how === 'exited' || loss.how === 'lifeless') && !(await exists(before.cwd));
  if (isHomeless) return `cannot start: its folder ${before.cwd} is gone`;
  switch (loss.how) {
    case 'exited':
      return describeExit(loss.exit);
    case 'unloaded':
      return `could not load its code, though pm2 keeps its process: ${firstLine(loss.fault.message)}`;
    case 'restarted':
      return 'crashed, and pm2 started it again';
    case 'lifeless':
      return loss.status === 'stopping'
        ? 'has not ended, though pm2 is stopping it'
        : `does not live: pm2 says "${loss.status}"`;
    case 'unchanged':
      return `still is the old process ${before.pid ?? ''}, though pm2 says that it restarted it`;
    case 'refused':
      return `did not change over: ${loss.refusal}`;
    case 'restless':
      return `was restarted by somebody else more than ${loss.times} times while it was being proven`;
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1).join('');
}

function describeExit({ at, startedAt, exitCode }: ProcessEvent): string {
  // Cluster workers and signals give 0, which says nothing.
  const code = exitCode === null || exitCode === 0 ? '' : ` (exit code ${exitCode})`;
  return `crashed ${(Math.max(0, at - startedAt) / 1000).toFixed(1)} s after its start${code}`;
}

/** A crash is told before its last words are written. */
async function readLog({ before, logStart }: Turn, { tools, signal }: Rolling): Promise<ErrorLogTail> {
  for (let left = LOG_TRIES; ; left -= 1) {
    const log = await readErrorLog(before.errorLog, logStart);
    if (log.lines.length > 0 || left === 0) return log;
    await tools.clock.sleep(LOG_PAUSE_MS, signal);
  }
}
