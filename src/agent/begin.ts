import type { Release } from '../domain/release.js';
import type { Closed } from '../domain/verdict.js';
import { launchWorker } from './launch.js';
import { refuseBusy } from './records.js';
import { decideFreshly } from './request.js';
import type { Root } from './root.js';
import { newRunId } from './run-id.js';

/** What somebody wants brought here now. */
export interface Wanted {
  readonly cause: string;
  /** `--to TAG`, or null: what the rules ask for. */
  readonly to: string | null;
  /** `--now`. */
  readonly hurried: boolean;
  readonly startPm2: boolean;
  /** Whether somebody waits for the worker's answer. */
  readonly answer: boolean;
}

/** What came of it. */
export type Begun = { readonly desired: Release | null; readonly notes: readonly string[] } & (
  | { readonly at: 'rest' }
  | { readonly at: 'gate'; readonly why: Closed }
  | { readonly at: 'work'; readonly run: string }
);

/** Looks at the source, and launches a worker if there is something to do. Throws `BUSY`, `SOURCE_UNREACHABLE`, `TAG_UNKNOWN`. */
export async function beginRun(
  root: Root,
  { cause, to, hurried, startPm2, answer }: Wanted,
  signal: AbortSignal,
): Promise<Begun> {
  await refuseBusy(root);
  const { decision, facts, request } = await decideFreshly(root, { to, hurried }, signal);
  const { desired, step, why, notes } = decision;
  const unadopted = facts.upgrade.active === null && root.config.strategy === 'checkout';
  if (step === 'nothing' && !unadopted) return { at: 'rest', desired, notes };
  if (step === 'wait' && why !== null) return { at: 'gate', desired, notes, why };
  const run = await newRunId(root);
  await launchWorker(root, { run, cause, ...request, answer, startPm2 });
  return { at: 'work', desired, notes, run };
}
