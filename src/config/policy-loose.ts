import * as v from 'valibot';

// What can be read of a policy though other parts of it are wrong: so every mistake is told at once.

const text = v.fallback(v.nullable(v.string()), null);
const texts = v.fallback(v.array(v.fallback(v.string(), '')), []);
const rules = {
  ...{ channel: v.optional(text, null), pin: v.optional(text, null), timezone: v.optional(text, null) },
  ...{ hold: v.optional(v.unknown()), window: v.optional(v.unknown()), freeze: v.optional(v.unknown()) },
  wave: v.optional(v.unknown()),
};
const feeder = v.fallback(v.nullable(v.object({ channel: v.string() })), null);
const channel = v.fallback(
  v.object({
    ...{ follow: v.optional(text, null), after: v.optional(feeder, null), wave: v.optional(v.unknown()) },
  }),
  { follow: null, after: null },
);
const match = v.fallback(
  v.object({
    ...{ ids: v.optional(texts, []), names: v.optional(texts, []) },
    labels: v.optional(v.fallback(v.record(v.string(), v.unknown()), {}), {}),
  }),
  { ids: [], names: [], labels: {} },
);
const NO_MATCH = { ids: [], names: [], labels: {} };
const group = v.fallback(
  v.object({ name: v.optional(text, null), match: v.optional(match, NO_MATCH), ...rules }),
  { name: null, match: NO_MATCH, channel: null, pin: null, timezone: null },
);
const tombstone = v.fallback(
  v.union([
    v.string(),
    v.pipe(
      v.object({ tag: v.string() }),
      v.transform(({ tag }) => tag),
    ),
  ]),
  '',
);
const machine = v.fallback(v.object({ id: v.optional(text, null) }), { id: null });

const loose = v.object({
  ...{ version: v.optional(v.unknown()), expires: v.optional(text, null), ...rules },
  channels: v.optional(v.fallback(v.record(v.string(), channel), {}), {}),
  groups: v.optional(v.fallback(v.array(group), []), []),
  tombstones: v.optional(v.fallback(v.array(tombstone), []), []),
  ...{ barriers: v.optional(texts, []), approved: v.optional(texts, []) },
  machines: v.optional(v.fallback(v.array(machine), []), []),
});

/** A policy as far as it can be read. */
export type LoosePolicy = v.InferOutput<typeof loose>;

/** Reads what can be read; null where it is no object at all. */
export function readLoosely(value: unknown): LoosePolicy | null {
  const result = v.safeParse(loose, value);
  return result.success ? result.output : null;
}
