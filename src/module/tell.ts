import type { Agent, RunEvent } from '../agent/agent.js';
import { messageOf } from '../domain/errors.js';
import { saySpan } from '../domain/moment.js';
import { describeMoved } from '../domain/observed.js';
import { describeRelease, type Instant } from '../domain/release.js';

const OUTCOMES = ['activated', 'rolledBack', 'failed', 'blocked'] as const;

/** Tells what an agent does, a line for each thing that happens; a problem that lasts is told once. */
export function tellEvents(agent: Agent, say: (text: string) => void, now: () => Instant): void {
  for (const outcome of OUTCOMES)
    agent.on(outcome, (event) => {
      say(describe(outcome, event));
    });
  agent.on('tampered', (moved) => {
    say(`tampered: ${describeMoved(moved)}`);
  });
  agent.on('offline', ({ error }) => {
    say(`offline: ${error}`);
  });
  agent.on('online', ({ since }) => {
    say(`online again, after ${saySpan(now() - since)}`);
  });
  tellProblems(agent, say);
}

function tellProblems(agent: Agent, say: (text: string) => void): void {
  let told: string | null = null;
  agent.on('polled', (polled) => {
    if (polled !== 'held') told = null;
    if (polled === 'launched') say('there is work to do: a worker is on its way');
  });
  agent.on('problem', (error) => {
    const problem = messageOf(error);
    if (problem !== told) say(`problem: ${problem}`);
    told = problem;
  });
}

function describe(outcome: string, { from, to, cause, run }: RunEvent): string {
  const way = `${from === null ? 'nothing' : describeRelease(from)} → ${describeRelease(to)}`;
  return `${outcome}: ${way}${cause === null ? '' : `: ${cause}`} (run ${run})`;
}
