import * as v from 'valibot';
import type { Commit, Instant } from '../domain/release.js';
import type { Tried } from '../domain/trust.js';
import type { Layout } from './layout.js';
import { readRecord, writeRecord } from './records.js';

/** What a machine has found of signatures. */
export interface TrustRecord {
  /** The latest moment that this machine has known while it judged: a clock that was set back lets no key live again. */
  readonly latest: Instant;
  /** The newest first. */
  readonly tried: readonly NotedTry[];
}

/** What was found, when, and by which settings and files. */
export interface NotedTry extends Tried {
  readonly by: string;
  readonly at: Instant;
}

const MOST = 50;
// As short as git writes a commit.
const SHORTEST_ID = 7;
const instant = v.number();
const id = v.pipe(v.string(), v.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/));

/** `trust.json`. */
export const trustFile = v.object({
  schema: v.literal(1),
  latest: instant,
  tried: v.array(
    v.object({
      ref: v.string(),
      commit: id,
      object: v.nullable(id),
      by: v.string(),
      at: instant,
      finding: v.variant('at', [
        v.object({ at: v.literal('verified'), by: v.nullable(v.string()) }),
        v.object({ at: v.literal('refused'), why: v.string() }),
      ]),
    }),
  ),
});

/** Reads it; what was lost is looked at again. Throws `STATE_NEWER`. */
export async function readTrust({ trust }: Layout): Promise<TrustRecord> {
  return (await readRecord(trust, trustFile)) ?? { latest: 0, tried: [] };
}

/** Adds what was found; what was found before of the same counts no more. */
export async function noteTry(layout: Layout, found: NotedTry): Promise<void> {
  const { latest, tried } = await readTrust(layout);
  const others = tried.filter((one) => one.ref !== found.ref || one.commit !== found.commit);
  await write(layout, { latest: Math.max(latest, found.at), tried: [found, ...others].slice(0, MOST) });
}

/** Forgets what was refused, of one tag or of all (null), and what the clock once said: somebody wants it to be looked at again. Gives back whose it was. */
export async function forgetRefusals(layout: Layout, tag: string | null, now: Instant): Promise<Commit[]> {
  const { latest, tried } = await readTrust(layout);
  const meant = tried.filter(
    ({ ref, commit, finding }) =>
      finding.at === 'refused' &&
      (tag === null || ref === `refs/tags/${tag}` || (tag.length >= SHORTEST_ID && commit.startsWith(tag))),
  );
  if (meant.length > 0)
    await write(layout, {
      latest: Math.min(latest, now),
      tried: tried.filter((one) => !meant.includes(one)),
    });
  return meant.map(({ commit }) => commit);
}

async function write({ trust }: Layout, { latest, tried }: TrustRecord): Promise<void> {
  await writeRecord(trust, { latest, tried });
}
