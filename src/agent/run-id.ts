import { runId } from '../domain/run.js';
import type { Root } from './root.js';

/** A fresh id for the run of a work order. */
export function newRunId({ host }: Root): string {
  const suffix = Math.floor(host.chance() * 36 ** 4).toString(36);
  return runId(host.clock.now(), suffix.padStart(4, '0'));
}
