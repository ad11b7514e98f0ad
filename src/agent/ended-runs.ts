import type { Outcome, Run } from '../domain/run.js';
import { listRuns } from '../state/runs.js';
import type { Root } from './root.js';

/** A run that came to its end. */
export interface EndedRun extends Run {
  readonly outcome: Outcome;
}

/** The newest run that ended, or null. */
export async function newestEnded({ layout }: Root): Promise<EndedRun | null> {
  for (const run of await listRuns(layout, 5)) {
    const { outcome } = run;
    if (outcome !== null) return { ...run, outcome };
  }
  return null;
}
