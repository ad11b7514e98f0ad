import { runId } from '../domain/run.js';
import { runIds } from '../state/runs.js';
import type { Root } from './root.js';

/** A fresh id for the run of a work order. */
export async function newRunId({ host, layout }: Root): Promise<string> {
  const suffix = Math.floor(host.chance() * 36 ** 4).toString(36);
  return runId(host.clock.now(), suffix.padStart(4, '0'), (await runIds(layout)).at(-1));
}
