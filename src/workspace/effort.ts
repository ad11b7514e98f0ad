import type { Report } from '../domain/report.js';
import type { Env } from '../os/env.js';
import type { ChildLedger, RunOptions } from '../os/run.js';

/** What every piece of staging works under: who may cancel it, how long it may take, where it tells what it does. */
export interface Effort {
  readonly signal: AbortSignal;
  /** Wall-clock limit of each command in milliseconds. */
  readonly limitMs: number;
  readonly report: Report;
  readonly children?: ChildLedger | undefined;
  /** The whole environment of every command: clean, without what pm2 or an app put there. */
  readonly env: Env;
}

/** The part of it that a single command needs, silent. */
export function quiet({ signal, limitMs, children }: Effort): RunOptions {
  return { signal, limitMs, children };
}

/** The same, with every line of the command in the run's log. */
export function reported(effort: Effort): RunOptions {
  return {
    ...quiet(effort),
    onLine: (line) => {
      effort.report.output(line);
    },
  };
}
