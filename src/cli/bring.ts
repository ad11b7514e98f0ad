import { waitHint, type Answer } from '../agent/answer.js';
import { followWorker } from '../agent/follow.js';
import { launchWorker } from '../agent/launch.js';
import { newRunId } from '../agent/run-id.js';
import { busy, refuseBusy } from '../agent/records.js';
import { decideFreshly } from '../agent/request.js';
import { zoneOf, type Root } from '../agent/root.js';
import { describeRelease } from '../domain/release.js';
import { plainLine } from '../domain/plain.js';
import { EXIT, exitCodeOfAnswer } from './exit.js';
import { momentsOf, timesOfDay, untilOf } from './moment.js';
import { renderLogLine } from './render.js';
import type { Session } from './session.js';

/** What a person wants brought here now. */
export interface Wanted {
  readonly cause: string;
  /** `--to TAG`, or null: what the rules ask for. */
  readonly to: string | null;
  /** `--now`. */
  readonly hurried: boolean;
  readonly startPm2: boolean;
}

/** Launches a worker for what is desired and follows it to its end. Gives back the exit code. */
export async function bringNow(
  root: Root,
  { cause, to, hurried, startPm2 }: Wanted,
  session: Session,
): Promise<number> {
  const { terminal, signal } = session;
  await refuseBusy(root);
  const { decision, facts, request } = await decideFreshly(root, { to, hurried }, signal);
  const { desired, step, why, notes } = decision;
  for (const note of notes) terminal.progress(`${terminal.quiet.yellow('!')} ${plainLine(note)}`);
  const unadopted = facts.upgrade.active === null && root.config.strategy === 'checkout';
  if (step === 'nothing' && !unadopted) {
    const serving =
      desired === null ? 'nothing fits the rules, nothing to do' : `up to date: ${describeRelease(desired)}`;
    terminal.data(plainLine(serving));
    return EXIT.done;
  }
  if (step === 'wait' && why !== null) {
    terminal.complain(`${why.reason}${untilOf(why, momentsOf(root))}: ${why.detail}`, waitHint(why));
    return why.reason === 'stuck' ? EXIT.stuck : EXIT.behind;
  }
  const run = await newRunId(root);
  await launchWorker(root, { run, cause, ...request, answer: true, startPm2 });
  return follow(root, run, session);
}

async function follow(root: Root, run: string, { terminal, signal }: Session): Promise<number> {
  const time = timesOfDay(zoneOf(root));
  try {
    const answer = await followWorker(root, run, {
      signal,
      onLine: (line) => {
        terminal.progress(renderLogLine(line, time, terminal.quiet));
      },
    });
    return tellAnswer(answer, { terminal, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    terminal.progress('interrupted: the run goes on without you; watch it with pm2-gitops logs --follow');
    return EXIT.interrupted;
  }
}

function tellAnswer(answer: Answer, { terminal }: Session): number {
  const { kind, outcome, problem, hint, run } = answer;
  const code = exitCodeOfAnswer(answer);
  if (kind === 'busy') terminal.problem(busy(null));
  else if (code === EXIT.done)
    terminal.data(kind === 'nothing' ? 'nothing to do' : `${outcome ?? 'done'}  run ${run ?? ''}`);
  else terminal.complain([outcome, problem].filter((text) => text !== null).join(': '), hint);
  return code;
}
