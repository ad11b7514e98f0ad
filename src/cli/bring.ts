import { waitHint, type Answer } from '../agent/answer.js';
import { beginRun, type Wanted } from '../agent/begin.js';
import { followWorker } from '../agent/follow.js';
import { busy } from '../agent/records.js';
import { zoneOf, type Root } from '../agent/root.js';
import { describeRelease } from '../domain/release.js';
import { plainLine } from '../domain/plain.js';
import { EXIT, exitCodeOfAnswer } from './exit.js';
import { momentsOf, timesOfDay, untilOf } from './moment.js';
import { renderLogLine } from './render.js';
import type { Session } from './session.js';

/** Launches a worker for what is desired and follows it to its end. Gives back the exit code. */
export async function bringNow(
  root: Root,
  wanted: Omit<Wanted, 'answer'>,
  session: Session,
): Promise<number> {
  const { terminal, signal } = session;
  const begun = await beginRun(root, { ...wanted, answer: true }, signal);
  const { desired, notes } = begun;
  for (const note of notes) terminal.progress(`${terminal.quiet.yellow('!')} ${plainLine(note)}`);
  if (begun.at === 'rest') {
    const serving =
      desired === null ? 'nothing fits the rules, nothing to do' : `up to date: ${describeRelease(desired)}`;
    terminal.data(plainLine(serving));
    return EXIT.done;
  }
  if (begun.at === 'gate') {
    const { why } = begun;
    terminal.complain(`${why.reason}${untilOf(why, momentsOf(root))}: ${why.detail}`, waitHint(why));
    return why.reason === 'stuck' ? EXIT.stuck : EXIT.behind;
  }
  return follow(root, begun.run, session);
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
