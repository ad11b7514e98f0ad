import type { Command } from 'commander';
import { Agent, type RunEvent } from '../../agent/agent.js';
import { messageOf } from '../../domain/errors.js';
import { saySpan } from '../../domain/moment.js';
import { describeMoved } from '../../domain/observed.js';
import { plainLine } from '../../domain/plain.js';
import { describeRelease } from '../../domain/release.js';
import { EXIT } from '../exit.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';

const HOUR_MS = 3_600_000;

/** `run`: the poller in the foreground, as pm2 runs it. Its output is a line for each thing that happens. */
export function runVerb({ terminal, signal }: Session, end: (code: number) => void): Command {
  return verb('run', 'the poller in the foreground (what pm2 runs)').action(
    async (options: CommonOptions) => {
      const root = await openNamedRoot(options);
      const say = (text: string): void => {
        terminal.data(`${new Date(root.host.clock.now()).toISOString()}  ${plainLine(text)}`);
      };
      const agent = new Agent(root.layout.root);
      const outcomes = ['activated', 'rolledBack', 'failed', 'blocked'] as const;
      for (const outcome of outcomes)
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
        say(`online again, after ${saySpan(root.host.clock.now() - since)}`);
      });
      agent.on('polled', (polled) => {
        if (polled === 'launched') say('there is work to do: a worker is on its way');
      });
      agent.on('problem', (error) => {
        say(`problem: ${messageOf(error)}`);
      });
      say(`polling ${root.layout.root}, channel ${root.config.channelText}`);
      // The agent itself keeps nobody alive; this process is there for nothing else.
      while (!signal.aborted) await root.host.clock.sleep(HOUR_MS, signal).catch(() => undefined);
      await agent.close();
      end(EXIT.done);
    },
  );
}

function describe(outcome: string, { from, to, cause, run }: RunEvent): string {
  const way = `${from === null ? 'nothing' : describeRelease(from)} → ${describeRelease(to)}`;
  return `${outcome}: ${way}${cause === null ? '' : `: ${cause}`} (run ${run})`;
}
