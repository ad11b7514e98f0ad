import type { Agent, RunEvent } from '../agent/agent.js';
import { messageOf } from '../domain/errors.js';
import type { EventLine } from '../domain/event-line.js';
import { saySpan } from '../domain/moment.js';
import { describeMoved } from '../domain/observed.js';
import { plainLine } from '../domain/plain.js';
import { describeRelease, type Instant } from '../domain/release.js';

const OUTCOMES = { activated: 'info', rolledBack: 'error', failed: 'error', blocked: 'warn' } as const;

type Tell = (line: EventLine) => void;

/** Says one thing that happened. */
type Say = (line: Omit<EventLine, 'at' | 'about'> & Partial<Pick<EventLine, 'about'>>) => void;

/** Puts the lines together. Whatever they quote does nothing to a terminal. */
export function sayer(tell: Tell, now: () => Instant): Say {
  return ({ message, ...line }) => {
    tell({ at: now(), about: {}, ...line, message: plainLine(message) });
  };
}

/** Tells what an agent does, a line for each thing that happens; a problem that lasts is told once. */
export function tellEvents(agent: Agent, say: Say, now: () => Instant): void {
  for (const outcome of ['activated', 'rolledBack', 'failed', 'blocked'] as const)
    agent.on(outcome, (event) => {
      say({
        level: OUTCOMES[outcome],
        event: outcome,
        message: describe(outcome, event),
        about: aboutRun(event),
      });
    });
  agent.on('tampered', (moved) => {
    say({
      level: 'warn',
      event: 'tampered',
      message: `tampered: ${describeMoved(moved)}`,
      about: { ...moved },
    });
  });
  agent.on('offline', ({ error }) => {
    say({ level: 'warn', event: 'offline', message: `offline: ${error}` });
  });
  agent.on('online', ({ since }) => {
    say({ level: 'info', event: 'online', message: `online again, after ${saySpan(now() - since)}` });
  });
  tellProblems(agent, say);
}

function tellProblems(agent: Agent, say: Say): void {
  let told: string | null = null;
  agent.on('polled', (polled) => {
    if (polled !== 'held') told = null;
    if (polled === 'launched')
      say({ level: 'info', event: 'launched', message: 'there is work to do: a worker is on its way' });
    else say({ level: 'debug', event: 'polled', message: `polled: ${polled}`, about: { result: polled } });
  });
  agent.on('problem', (error) => {
    const problem = messageOf(error);
    if (problem !== told) say({ level: 'error', event: 'problem', message: `problem: ${problem}` });
    told = problem;
  });
}

function aboutRun({ run, from, to, cause }: RunEvent): EventLine['about'] {
  return { run, from: from?.tag ?? null, to: to.tag, commit: to.commit, cause };
}

function describe(outcome: string, { from, to, cause, run }: RunEvent): string {
  const way = `${from === null ? 'nothing' : describeRelease(from)} → ${describeRelease(to)}`;
  return `${outcome}: ${way}${cause === null ? '' : `: ${cause}`} (run ${run})`;
}
