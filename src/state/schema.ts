import * as v from 'valibot';
import { DRIFT_KINDS } from '../domain/drift.js';
import { ERROR_CODES } from '../domain/errors.js';
import { NO_TALLY } from '../domain/observed.js';
import { REASONS } from '../domain/verdict.js';
import { OUTCOMES, RUN_PHASES } from '../domain/run.js';

const instant = v.number();
const commit = v.pipe(v.string(), v.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/));
const release = v.object({ tag: v.string(), commit, ref: v.nullable(v.string()) });
const life = v.object({ pmId: v.number(), pid: v.number(), startedAt: instant });
const step = v.object({ commit, at: instant });
const candidate = { release, run: v.string(), starts: v.number() };

const phase = v.variant('at', [
  v.object({ at: v.literal('idle') }),
  v.object({ at: v.literal('staging'), ...candidate }),
  v.object({ at: v.literal('staged'), ...candidate }),
  v.object({ at: v.literal('activating'), ...candidate, old: v.array(life) }),
  v.object({ at: v.literal('proving'), ...candidate, old: v.array(life) }),
  v.object({
    at: v.literal('rollingBack'),
    ...candidate,
    cause: v.string(),
    old: v.array(life),
    bad: v.nullable(v.array(life)),
  }),
  v.object({
    at: v.literal('repairing'),
    ...candidate,
    kinds: v.array(v.picklist(DRIFT_KINDS)),
    cause: v.string(),
    old: v.nullable(v.array(life)),
  }),
  v.object({ at: v.literal('stuck'), release, run: v.string(), cause: v.string() }),
]);

/** Any line of `journal.jsonl` that we wrote. */
export const ownLine = v.object({ schema: v.literal(1) });

/** One line of `journal.jsonl`: the whole upgrade after an event. */
export const journalLine = v.object({
  schema: v.literal(1),
  at: instant,
  upgrade: v.object({
    phase,
    active: v.nullable(v.object({ release, since: instant, apps: v.nullable(v.array(v.string())) })),
    previous: v.nullable(release),
    highest: v.nullable(release),
    quarantine: v.array(v.object({ release, cause: v.string(), since: instant })),
    backoff: v.nullable(
      v.object({
        commit,
        failures: v.number(),
        until: instant,
        reason: v.picklist(REASONS),
        cause: v.string(),
      }),
    ),
    trail: v.array(step),
    // Lines of before there was any repair have none.
    repairs: v.optional(
      v.array(v.object({ kind: v.picklist(DRIFT_KINDS), times: v.number(), at: instant, until: instant })),
      [],
    ),
    begun: v.nullable(v.string()),
  }),
});

/** `orders.json`. */
export const ordersFile = v.object({
  schema: v.literal(1),
  pin: v.nullable(v.object({ release, since: instant, until: v.nullable(instant) })),
  hold: v.nullable(v.object({ reason: v.nullable(v.string()), since: instant, until: v.nullable(instant) })),
  // Records of before there were approvals have none.
  approvals: v.optional(v.array(v.object({ release, since: instant, until: v.nullable(instant) })), []),
});

/** `observed.json`: what changes with each look. */
export const observedFile = v.object({
  schema: v.literal(1),
  turn: instant,
  at: instant,
  error: v.nullable(v.string()),
  code: v.nullable(v.picklist(ERROR_CODES)),
  // Records of before there was back-off have none.
  outage: v.optional(
    v.nullable(
      v.object({ since: instant, failures: v.number(), until: instant, by: v.picklist(['server', 'us']) }),
    ),
    null,
  ),
  looks: v.number(),
  // Records of before looks were counted by what became of them have none.
  tally: v.optional(
    v.object({ failed: v.number(), leftOut: v.number(), goodAt: v.nullable(instant) }),
    NO_TALLY,
  ),
  listed: v.optional(v.nullable(v.object({ at: instant, asked: v.string() })), null),
  policy: v.nullable(commit),
  policyError: v.nullable(v.string()),
});

/** `refs.json`: all refs, as they were listed last. */
export const refsFile = v.object({
  schema: v.literal(1),
  at: instant,
  looks: v.number(),
  refs: v.array(v.object({ name: v.string(), commit, object: v.optional(commit) })),
  seen: v.record(v.string(), commit),
  first: v.record(v.string(), v.object({ commit, at: instant, look: v.number() })),
});

/** `compared.json`. */
export const comparedFile = v.object({ schema: v.literal(1), at: instant, commit });

/** `machine.json`. */
export const machineFile = v.object({
  schema: v.literal(1),
  id: v.pipe(v.string(), v.minLength(8)),
  createdAt: instant,
});

/** `runs/<id>/run.json`. */
export const runFile = v.object({
  schema: v.literal(1),
  id: v.string(),
  cause: v.string(),
  from: v.nullable(release),
  to: release,
  startedAt: instant,
  endedAt: v.nullable(instant),
  outcome: v.nullable(v.picklist(OUTCOMES)),
  problem: v.nullable(v.string()),
  // Records of before phases were kept have none.
  phases: v.optional(v.array(v.object({ at: v.picklist(RUN_PHASES), since: instant })), []),
  // Records of before there were notices have none.
  reason: v.optional(v.nullable(v.picklist(REASONS)), null),
});

/** `runs/<id>/dead.json`: what was dead before the run. */
export const deadFile = v.object({ schema: v.literal(1), pmIds: v.array(v.number()) });

/** `runs/<id>/notes.json`: what people say of the release. */
export const notesFile = v.object({ schema: v.literal(1), title: v.string(), notes: v.string() });

/** `runs/<id>/proven.json`: the incarnations that the run has proven. */
export const provenFile = v.object({ schema: v.literal(1), lives: v.array(life) });

/** `children.json`: process groups that a worker started and that may outlive it. */
export const childrenFile = v.array(
  v.object({
    pid: v.number(),
    startedAt: v.nullable(v.string()),
    boot: v.optional(v.nullable(v.string()), null),
  }),
);

/** `offspring.json`. */
export const offspringFile = v.object({
  schema: v.literal(1),
  // Pids and start times begin anew with each start of the machine.
  boot: v.nullable(v.string()),
  offspring: v.array(
    v.object({
      pid: v.number(),
      born: v.string(),
      of: v.object({ pmId: v.number(), startedAt: instant, name: v.string() }),
    }),
  ),
});
