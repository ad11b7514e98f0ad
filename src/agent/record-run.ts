import type { Outcome, Run } from '../domain/run.js';
import type { Event, Upgrade } from '../domain/upgrade.js';
import { readRun, writeRun } from '../state/runs.js';
import type { Workplace } from './workplace.js';

/** A step of the machine, as an observer sees it. */
export interface Transition {
  readonly before: Upgrade;
  readonly after: Upgrade;
  readonly event: Event;
}

/** Keeps the record of the run that a step belongs to. Gives back the run if the step ended it. */
export async function recordRun(place: Workplace, step: Transition): Promise<Run | null> {
  const { layout, host } = place.root;
  const { before, after, event } = step;
  const at = host.clock.now();
  if (event.type === 'desired' && after.phase.at === 'staging') {
    const { run: id, release } = after.phase;
    const run = {
      id,
      cause: place.order.cause,
      from: before.active?.release ?? null,
      to: release,
      startedAt: at,
    };
    await writeRun(layout, { ...run, endedAt: null, outcome: null, problem: null });
    return null;
  }
  const outcome = outcomeOf(step);
  if (outcome === null || before.phase.at === 'idle') return null;
  const begun = await readRun(layout, before.phase.run);
  if (begun === null) return null;
  const ended: Run = { ...begun, endedAt: at, outcome, problem: problemOf(step) };
  await writeRun(layout, ended);
  return ended;
}

/** How a run ends with a step; null while it goes on. */
export function outcomeOf({ before, after, event }: Transition): Outcome | null {
  if (after.phase.at === 'stuck') return 'failed';
  switch (event.type) {
    case 'healthy':
      return 'activated';
    case 'rolledBack':
      return 'rolledBack';
    case 'kept':
      return 'failed';
    case 'superseded':
      return 'blocked';
    case 'failed':
      return after.phase.at === 'rollingBack' ? null : event.fault === 'blocked' ? 'blocked' : 'failed';
    case 'resumed':
      return before.phase.at === 'staging' && after.phase.at === 'idle' ? 'failed' : null;
    default:
      return null;
  }
}

function problemOf({ before, after, event }: Transition): string | null {
  if (after.phase.at === 'stuck') return after.phase.cause;
  if (event.type === 'failed' || event.type === 'kept') return event.cause;
  if (event.type === 'resumed') return after.quarantine.at(-1)?.cause ?? null;
  if (event.type === 'superseded') return 'another release was desired before this one was activated';
  return before.phase.at === 'rollingBack' ? before.phase.cause : null;
}
