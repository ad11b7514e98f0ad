import { waitHint, type Answer } from '../agent/answer.js';
import { beginRun, type Begun, type Wanted } from '../agent/begin.js';
import { followWorker } from '../agent/follow.js';
import { busy } from '../agent/records.js';
import { zoneOf, type Root } from '../agent/root.js';
import { GitOpsError } from '../domain/errors.js';
import { saySpan } from '../domain/moment.js';
import { plainLine } from '../domain/plain.js';
import { describeRelease } from '../domain/release.js';
import { EXIT, exitCodeOfAnswer } from './exit.js';
import { broughtJson } from './json.js';
import { momentsOf, timesOfDay, untilOf } from './moment.js';
import { Progress } from './progress.js';
import type { Session } from './session.js';

/** Launches a worker for what is desired and follows it to its end. Gives back the exit code. */
export async function bringNow(
  root: Root,
  wanted: Omit<Wanted, 'answer'>,
  session: Session,
): Promise<number> {
  const { terminal, signal } = session;
  const begun = await beginRun(root, { ...wanted, answer: true }, signal);
  begun.notes.forEach(terminal.caution);
  switch (begun.at) {
    case 'rest':
      terminal.tell(broughtJson(begun, null), plainLine(restText(begun)));
      return EXIT.done;
    case 'gate':
      return tellGate(root, begun, session);
    case 'work': {
      const since = root.host.clock.monotonicMs();
      const answer = await follow(root, begun.run, session);
      return tellAnswer(begun, { answer, tookMs: root.host.clock.monotonicMs() - since }, session);
    }
  }
}

function restText({ desired }: Begun): string {
  return desired === null
    ? 'nothing fits the rules, nothing to do'
    : `up to date: ${describeRelease(desired)}`;
}

function tellGate(root: Root, begun: Extract<Begun, { at: 'gate' }>, { terminal }: Session): number {
  const { why } = begun;
  if (terminal.json) terminal.tell(broughtJson(begun, null), '');
  else terminal.complain(`${why.reason}${untilOf(why, momentsOf(root))}: ${why.detail}`, waitHint(why));
  return why.reason === 'stuck' ? EXIT.stuck : EXIT.behind;
}

async function follow(root: Root, run: string, { terminal, signal }: Session): Promise<Answer> {
  const { clock } = root.host;
  const progress = new Progress(terminal, { clock, say: timesOfDay(zoneOf(root)) });
  const over = new AbortController();
  const ticking = progress.tick(over.signal);
  try {
    const onLine = progress.line.bind(progress);
    const answer = await followWorker(root, run, { signal, onLine });
    progress.end();
    return answer;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new GitOpsError('ABORTED', 'interrupted: the run goes on without you', {
      hint: 'watch it: pm2-gitops logs --follow',
    });
  } finally {
    over.abort();
    await ticking;
  }
}

function tellAnswer(
  begun: Begun,
  { answer, tookMs }: { answer: Answer; tookMs: number },
  { terminal }: Session,
): number {
  const { kind, outcome, problem, hint, run } = answer;
  if (kind === 'busy') throw busy(null);
  const code = exitCodeOfAnswer(answer);
  if (terminal.json) terminal.tell(broughtJson(begun, answer), '');
  else if (code !== EXIT.done)
    terminal.complain([outcome, problem].filter((text) => text !== null).join(': '), hint);
  else if (kind === 'nothing') terminal.data('nothing to do');
  else terminal.data(`${outcome ?? 'done'}  run ${run ?? ''}  in ${saySpan(tookMs)}`);
  return code;
}
