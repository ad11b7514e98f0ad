import { join } from 'node:path';
import * as v from 'valibot';
import type { ErrorCode, GitOpsError } from '../domain/errors.js';
import { OUTCOMES, type Outcome } from '../domain/run.js';
import type { Closed } from '../domain/verdict.js';
import type { Layout } from '../state/layout.js';
import type { Visit } from './worker.js';

/** What a worker tells whoever launched it and waits: how its visit ended. */
export interface Answer {
  readonly kind: 'busy' | 'nothing' | 'held' | 'ended' | 'crashed';
  readonly run: string | null;
  readonly outcome: Outcome | null;
  /** The code of the failure, which decides the exit code; null without one. */
  readonly code: string | null;
  readonly problem: string | null;
  readonly hint: string | null;
}

const nullableText = v.nullable(v.string());

/** The schema of an answer file. */
export const answerFile = v.object({
  schema: v.literal(1),
  kind: v.picklist(['busy', 'nothing', 'held', 'ended', 'crashed']),
  run: nullableText,
  outcome: v.nullable(v.picklist(OUTCOMES)),
  code: nullableText,
  problem: nullableText,
  hint: nullableText,
});

/** The folder of answers that nobody has read yet. */
export function answersFolder(layout: Layout): string {
  return join(layout.state, 'answers');
}

/** Where the worker with this order answers. */
export function answerPath(layout: Layout, orderId: string): string {
  return join(answersFolder(layout), `${orderId}.json`);
}

/** A visit as an answer. */
export function toAnswer(visit: Visit): Answer {
  if (visit.kind === 'busy') return { ...EMPTY, kind: 'busy', code: 'BUSY' satisfies ErrorCode };
  const { run, error, decision, phase } = visit;
  if (run !== null)
    return { ...failureOf(visit, run.problem), kind: 'ended', run: run.id, outcome: run.outcome };
  if (error !== null) return { ...failureOf(visit, error.message), kind: 'ended', outcome: 'blocked' };
  const why = decision?.behind === true ? decision.why : null;
  if (why === null) return EMPTY;
  const staged = phase === 'staged' ? 'it is staged, and waits; ' : '';
  return {
    ...EMPTY,
    ...{ kind: 'held', problem: `${staged}${why.reason}: ${why.detail}`, hint: waitHint(why) },
  };
}

/** How a person need not wait for a closed gate; null where there is no way, or the gate tells it. */
export function waitHint({ reason }: Closed): string | null {
  return reason === 'window' ? 'pm2-gitops apply --now does not wait for it' : null;
}

/** What went wrong, and the mend unless it is told already. */
function failureOf({ phase, error }: Rested, problem: string | null): Answer {
  const [code, hint] = mendOf(phase, error);
  const told = problem ?? error?.message ?? null;
  return {
    ...EMPTY,
    code,
    problem: told,
    hint: hint !== null && told?.includes(hint) === true ? null : hint,
  };
}

/** Halfway between two releases only somebody who mends the disk leads out. */
function mendOf(
  phase: Rested['phase'],
  error: GitOpsError | null,
): readonly [ErrorCode | null, string | null] {
  if (phase === 'stuck') return ['STUCK', STUCK_HINT];
  const halfway = phase === 'activating' || phase === 'proving' || phase === 'rollingBack';
  if (halfway && error?.code === 'DISK_READONLY') return ['STUCK', error.hint];
  return [error?.code ?? null, error?.hint ?? null];
}

type Rested = Extract<Visit, { kind: 'rested' }>;

const STUCK_HINT = 'see pm2-gitops logs; mend what it names, then pm2-gitops retry';

const EMPTY: Answer = { kind: 'nothing', run: null, outcome: null, code: null, problem: null, hint: null };
