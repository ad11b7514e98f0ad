import * as v from 'valibot';

// The policy as it was parsed and checked when it was read: the poller has neither the parser of its text nor the time.

const instant = v.number();
const commit = v.pipe(v.string(), v.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/));
const numbers = v.array(v.number());
const labels = v.record(v.string(), v.string());

const cron = v.object({
  ...{ minutes: numbers, hours: numbers, daysOfMonth: numbers, months: numbers, weekdays: numbers },
});
const window = v.variant('kind', [
  v.object({ kind: v.literal('days'), days: numbers, from: v.number(), to: v.number() }),
  v.object({ kind: v.literal('cron'), cron, forMs: v.number() }),
]);
const windows = v.object({ zone: v.string(), allow: v.array(window), deny: v.array(window) });

const curve = v.variant('kind', [
  v.object({ kind: v.literal('linear'), overMs: v.number() }),
  v.object({
    kind: v.literal('steps'),
    steps: v.array(v.object({ atMs: v.number(), share: v.number() })),
  }),
]);
const wave = v.object({ canaryMs: v.number(), curve });

const channel = v.variant('kind', [
  v.object({ kind: v.literal('stable') }),
  v.object({ kind: v.literal('latest') }),
  v.object({ kind: v.literal('prerelease'), id: v.string() }),
  v.object({ kind: v.literal('range'), range: v.string() }),
  v.object({ kind: v.literal('tag'), tag: v.string() }),
  v.object({ kind: v.literal('branch'), branch: v.string() }),
  v.object({ kind: v.literal('ref'), ref: v.string() }),
]);

const rules = v.object({
  channel: v.nullable(v.string()),
  pin: v.nullable(v.string()),
  hold: v.nullable(v.object({ reason: v.nullable(v.string()), until: v.nullable(instant) })),
  windows: v.nullable(windows),
  freezes: v.array(v.object({ from: instant, to: instant, reason: v.nullable(v.string()) })),
  soakMs: v.nullable(v.number()),
  wave: v.nullable(wave),
  canary: v.nullable(v.boolean()),
  major: v.nullable(v.picklist(['auto', 'manual'])),
  approval: v.nullable(v.picklist(['none', 'required'])),
});

const policy = v.object({
  version: v.number(),
  expires: v.nullable(instant),
  rules,
  groups: v.array(
    v.object({
      name: v.string(),
      match: v.object({ ids: v.array(v.string()), names: v.array(v.string()), labels }),
      rules,
    }),
  ),
  channels: v.record(
    v.string(),
    v.object({
      ...{ channel, text: v.string(), soakMs: v.nullable(v.number()), wave: v.nullable(wave) },
      after: v.nullable(v.object({ channel: v.string(), forMs: v.number() })),
    }),
  ),
  tombstones: v.array(v.object({ tag: v.string(), reason: v.nullable(v.string()) })),
  barriers: v.array(v.string()),
  approved: v.array(v.string()),
  roster: v.array(v.object({ id: v.string(), name: v.string(), labels })),
});

/** `policy.json`. */
export const policyFile = v.object({
  schema: v.literal(1),
  source: v.string(),
  followed: v.nullable(v.object({ commit, policy, verified: v.optional(v.boolean(), false) })),
  tried: v.nullable(commit),
  mark: v.optional(v.nullable(v.string()), null),
  problem: v.nullable(v.string()),
});

/** `dates.json`. */
export const datesFile = v.object({
  schema: v.literal(1),
  dates: v.record(v.string(), v.object({ commit, at: instant })),
});
