import { composeHost, openRoot, runsUnderPm2 } from '../agent/compose.js';
import { rememberRoot } from '../agent/known-roots.js';
import type { EventLine } from '../domain/event-line.js';
import type { Instant } from '../domain/release.js';
import { nameRoots } from '../domain/root-names.js';
import type { Clock } from '../os/clock.js';
import { openPm2Line } from '../os/pm2-line.js';
import { answerTriggers } from './actions.js';
import { openEventLog, type EventLogOptions } from './event-log.js';
import { pollRoot, type PolledRoot } from './polled-root.js';
import { keepScreens } from './screens.js';
import { sayer, tellEvents } from './tell.js';

const HOUR_MS = 3_600_000;

/** What is said, in the log and on pm2's screens, while there is no root. */
const NO_ROOT = 'no root is set: pm2 set pm2-gitops:root /path/of/the/root';

/**
 * Polls roots until the signal aborts: an agent for each, so that one which cannot be read harms no other. Prints a line for each thing that
 * happens; below pm2 it fills pm2's screens and answers `pm2 trigger`. Without any root it says so, and waits.
 */
export async function runPollers(
  folders: readonly string[],
  { print, format, signal }: { print: (line: string) => void; format: LogFormat; signal: AbortSignal },
): Promise<void> {
  const { clock } = composeHost();
  const named = [...nameRoots(folders)];
  if (named.length === 0) print(`${new Date(clock.now()).toISOString()}  ${NO_ROOT}`);
  const roots = await Promise.all(
    named.map(async ([name, folder]) => {
      const tell = await openEventLog(folder, { name: named.length === 1 ? null : name, format, print });
      const root = pollRoot(name, folder);
      tellRoot(root, tell, clock);
      return root;
    }),
  );
  const endJoin = runsUnderPm2() ? joinPm2(roots, { clock, signal }) : () => undefined;
  await Promise.all(roots.map(({ folder }) => rememberRoot(folder)));
  // The agents keep nobody alive; this process is there for nothing else.
  while (!signal.aborted) await clock.sleep(HOUR_MS, signal).catch(() => undefined);
  endJoin();
  await Promise.all(roots.map(({ agent }) => agent.close()));
}

type LogFormat = EventLogOptions['format'];

function tellRoot({ folder, agent }: PolledRoot, tell: (line: EventLine) => void, clock: Clock): void {
  const now = (): Instant => clock.now();
  const say = sayer(tell, now);
  tellEvents(agent, say, now);
  openRoot(folder).then(
    ({ config: { channelText } }) => {
      const message = `polling ${folder}, channel ${channelText}`;
      say({ level: 'info', event: 'polling', message, about: { channel: channelText } });
    },
    () => {
      say({ level: 'info', event: 'polling', message: `polling ${folder}` }); // the agent tells what is wrong with it
    },
  );
}

/** Fills pm2's screens and answers its triggers until the signal aborts. Gives back how to leave pm2's line, which keeps a process alive. */
function joinPm2(
  roots: readonly PolledRoot[],
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): () => void {
  const line = openPm2Line();
  if (roots.length === 0) line.show({ root: NO_ROOT });
  else void keepScreens(line, roots, { clock, signal });
  return answerTriggers(line, roots, { clock, signal, nobody: NO_ROOT });
}
