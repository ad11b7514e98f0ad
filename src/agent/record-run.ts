import { isGitOpsError } from '../domain/errors.js';
import type { Release } from '../domain/release.js';
import { phasesOf, startOf, type Outcome, type Run } from '../domain/run.js';
import { quarantined, type Event, type Phase, type Upgrade } from '../domain/upgrade.js';
import type { Reason } from '../domain/verdict.js';
import { readEntries } from '../state/journal.js';
import { withReserve } from '../state/reserve.js';
import { readRun, writeRun } from '../state/runs.js';
import type { Workplace } from './workplace.js';

/** A step of the machine, as an observer sees it. */
export interface Transition {
  readonly before: Upgrade;
  readonly after: Upgrade;
  readonly event: Event;
}

/** Writes down that a run began, and gives it back. Comes after the journal: a run that the journal does not know never was. */
export async function recordBegin(
  place: Workplace,
  { before, after, event }: Transition,
): Promise<Run | null> {
  const { phase } = after;
  const begins = event.type === 'desired' || event.type === 'drifted';
  if (!begins || (phase.at !== 'staging' && phase.at !== 'repairing')) return null;
  const run = { ...begun(place, before, phase), startedAt: place.root.host.clock.now() };
  await note(place, run);
  return run;
}

/** Writes down how a run ended, if the step ends it. Comes before the journal: what is cut off in between is done and told again. */
export async function recordEnd(place: Workplace, step: Transition): Promise<Run | null> {
  const { layout, host } = place.root;
  const { phase } = step.before;
  const outcome = outcomeOf(step);
  if (outcome === null || phase.at === 'idle') return null;
  const found = (await readRun(layout, phase.run)) ?? begun(place, step.before, phase);
  // Where the clock was set back meanwhile nobody can tell how long it took, but not less than nothing.
  const endedAt = Math.max(found.startedAt, host.clock.now());
  const phases = phasesOf(await readEntries(layout.journal), phase.run);
  const ended: Run = { ...found, endedAt, outcome, problem: problemOf(step), reason: reasonOf(step), phases };
  await note(place, ended);
  return ended;
}

/** The journal is what counts: a record that the disk does not take is no reason to stop, and least of all a way back. */
async function note({ root: { layout }, report }: Workplace, run: Run): Promise<void> {
  try {
    await withReserve(layout.reserve, () => writeRun(layout, run));
  } catch (error) {
    if (!isGitOpsError(error, 'DISK_FULL', 'DISK_READONLY')) throw error;
    report.step(`warning: this run is not on record: ${error.message}`);
  }
}

function begun(
  place: Workplace,
  { active }: Upgrade,
  { run, release, at }: { run: string; release: Release; at: Phase['at'] },
): Run {
  const from = active?.release ?? null;
  const startedAt = startOf(run) ?? place.root.host.clock.now();
  return {
    id: run,
    cause: at === 'repairing' ? 'drift' : place.order.cause,
    from,
    to: release,
    startedAt,
    endedAt: null,
    outcome: null,
    problem: null,
    phases: [],
    reason: null,
  };
}

/** How a run ends with a step; null while it goes on. */
export function outcomeOf({ before, after, event }: Transition): Outcome | null {
  if (after.phase.at === 'stuck') return 'failed';
  if (before.phase.at === 'repairing') return outcomeOfRepair({ before, after, event });
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

/** The active release serves again, or it does not: a repair has no way back. */
function outcomeOfRepair({ after, event }: Transition): Outcome | null {
  if (after.phase.at === 'repairing') return null;
  if (event.type === 'healthy') return 'activated';
  return event.type === 'failed' && event.fault === 'blocked' ? 'blocked' : 'failed';
}

/** What was found, and why it could not be repaired, if it could not. */
function problemOfRepair(cause: string, event: Event): string {
  if (event.type === 'healthy') return cause;
  return `${cause}; not repaired: ${'cause' in event ? event.cause : 'it was cut off again and again'}`;
}

function problemOf({ before, after, event }: Transition): string | null {
  if (after.phase.at === 'stuck') return after.phase.cause;
  if (before.phase.at === 'repairing') return problemOfRepair(before.phase.cause, event);
  if (event.type === 'failed' || event.type === 'kept') return event.cause;
  if (event.type === 'resumed') return after.quarantine.at(-1)?.cause ?? null;
  if (event.type === 'superseded')
    return 'another release was desired before this one was activated, or the active one had to be repaired';
  return before.phase.at === 'rollingBack' ? before.phase.cause : null;
}

function reasonOf({ before, after, event }: Transition): Reason | null {
  const { phase } = before;
  if (after.phase.at === 'stuck') return 'stuck';
  if (event.type !== 'healthy' && phase.at !== 'idle' && quarantined(after, phase.release) !== null)
    return 'quarantined';
  return event.type === 'failed' ? event.reason : null;
}
