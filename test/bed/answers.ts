import * as v from 'valibot';

const Moment = v.pipe(v.string(), v.isoTimestamp());
const Commit = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/));
const ReleaseSchema = v.object({ tag: v.string(), commit: Commit });
const REASONS = [
  'pinned',
  'held',
  'frozen',
  'window',
  'soak',
  'wave',
  'major',
  'approval',
  'quarantined',
  'unverified',
  'engine',
  'dirty',
  'offline',
  'backoff',
  'busy',
  'stuck',
] as const;

const RunSchema = v.object({
  id: v.string(),
  from: v.nullable(v.string()),
  to: v.string(),
  outcome: v.picklist(['activated', 'rolledBack', 'failed', 'blocked']),
  startedAt: Moment,
  endedAt: v.nullable(Moment),
  cause: v.nullable(v.string()),
});

/** `status --json`, key by key as the contract has it. Further keys may come. */
export const StatusSchema = v.looseObject({
  schema: v.literal(1),
  root: v.string(),
  strategy: v.picklist(['releases', 'checkout']),
  machine: v.object({ id: v.string(), name: v.string() }),
  channel: v.string(),
  pin: v.unknown(),
  phase: v.string(),
  desired: v.nullable(ReleaseSchema),
  staged: v.nullable(ReleaseSchema),
  active: v.nullable(v.object({ tag: v.string(), commit: Commit, since: Moment })),
  behind: v.boolean(),
  why: v.nullable(v.object({ reason: v.picklist(REASONS), until: v.nullable(Moment), detail: v.string() })),
  processes: v.array(
    v.object({
      pmId: v.number(),
      name: v.string(),
      pid: v.nullable(v.number()),
      status: v.string(),
      commit: v.nullable(Commit),
      since: v.nullable(Moment),
    }),
  ),
  quarantine: v.array(v.object({ tag: v.string(), commit: Commit, cause: v.string(), since: Moment })),
  lastRun: v.nullable(RunSchema),
  lastPoll: v.nullable(v.object({ at: Moment, ok: v.boolean(), error: v.nullable(v.string()) })),
  nextPoll: v.nullable(Moment),
  worker: v.nullable(v.object({ pid: v.nullable(v.pipe(v.number(), v.minValue(1))) })),
  orphans: v.array(
    v.object({
      ...{ pid: v.number(), command: v.string(), since: Moment, pmId: v.number() },
      ...{ name: v.string(), count: v.number() },
    }),
  ),
  drift: v.array(
    v.object({
      kind: v.picklist(['pointer', 'head', 'process', 'files', 'edits']),
      detail: v.string(),
      repair: v.picklist(['poll', 'later', 'person']),
      until: v.nullable(Moment),
      mend: v.string(),
    }),
  ),
});

/** The parsed answer of `status --json`. */
export type Status = v.InferOutput<typeof StatusSchema>;

/** What tests read of `pm2 jlist`. */
export const JlistSchema = v.array(
  v.pipe(
    v.object({
      pm_id: v.number(),
      name: v.string(),
      pid: v.number(),
      pm2_env: v.looseObject({
        status: v.string(),
        pm_cwd: v.string(),
        pm_exec_path: v.string(),
        restart_time: v.number(),
      }),
    }),
    v.transform(({ pm_id, name, pid, pm2_env }) => ({
      pmId: pm_id,
      name,
      pid,
      status: pm2_env.status,
      cwd: pm2_env.pm_cwd,
      script: pm2_env.pm_exec_path,
      restarts: pm2_env.restart_time,
    })),
  ),
);

/** One entry of pm2's list. */
export type Pm2Process = v.InferOutput<typeof JlistSchema>[number];

/** A line that a fixture process leaves when it starts. */
export const StartSchema = v.object({
  name: v.string(),
  pmId: v.number(),
  version: v.string(),
  pid: v.number(),
  at: v.number(),
});

/** A start of a fixture process. */
export type Start = v.InferOutput<typeof StartSchema>;

/** What an instance of the fixture app answers. */
export const AppAnswerSchema = v.object({
  version: v.string(),
  pid: v.number(),
  dependencies: v.record(v.string(), v.string()),
});
