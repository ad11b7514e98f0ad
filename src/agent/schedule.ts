import type { ScheduledTask } from 'node-cron';
import type { Instant } from '../domain/release.js';
import { dueTurn, intervalSchedule, spread } from '../domain/turn.js';
import { readObserved } from '../state/observed-store.js';
import type { Root } from './root.js';

/** When a machine's turns are. */
export interface Schedule {
  /** The turn that is due when a poller starts; null: wait for the following one. */
  readonly first: Instant | null;
  /** The first turn after `now`. */
  following(now: Instant): Instant;
}

// A cron names the same minute on every machine; the id spreads a fleet over this much of it.
const CRON_SPREAD_MS = 30_000;

/** The schedule that a root's configuration asks for. */
export async function scheduleOf({ config: { poll }, machine, layout, host }: Root): Promise<Schedule> {
  const now = host.clock.now();
  if (poll.kind === 'interval') {
    const grid = intervalSchedule(poll.everyMs, machine.id);
    return { first: dueTurn(grid, now), following: (from) => dueTurn(grid, from) + grid.everyMs };
  }
  const { createTask } = await import('node-cron');
  const task = createTask(
    poll.expression,
    () => undefined,
    poll.timezone === null ? {} : { timezone: poll.timezone },
  );
  const delayMs = Math.floor(spread(machine.id) * CRON_SPREAD_MS);
  return {
    // A machine that has never looked does not wait for the night.
    first: (await readObserved(layout)) === null ? now : null,
    following: (from) => {
      const runs = [...spreadingRuns(task, from, delayMs), ...task.getNextRuns(2).map(Number)];
      return runs.map((at) => at + delayMs).find((at) => at > from) ?? from + CRON_SPREAD_MS;
    },
  };
}

/** How often a machine looks: a cron's pace is the time between its next two runs. */
export async function pollEveryMs(root: Root): Promise<number> {
  const { poll } = root.config;
  if (poll.kind === 'interval') return poll.everyMs;
  const schedule = await scheduleOf(root);
  const next = schedule.following(root.host.clock.now());
  return schedule.following(next) - next;
}

/** The cron's runs of the last `delayMs`, whose turn on this machine may be still to come; node-cron itself tells future runs only. */
function spreadingRuns(task: ScheduledTask, from: Instant, delayMs: number): Instant[] {
  const newest = Math.floor(from / 1_000) * 1_000;
  const seconds = Array.from({ length: Math.floor(delayMs / 1_000) + 1 }, (_, ago) => newest - ago * 1_000);
  return seconds.reverse().filter((at) => task.match(new Date(at)));
}
