import * as v from 'valibot';
import { NO_FORGE_RECORD, type ForgeRecord } from '../domain/forge.js';
import type { Commit } from '../domain/release.js';
import type { Layout } from './layout.js';
import { readRecord, writeRecord } from './records.js';

const instant = v.number();
const list = v.object({
  etag: v.nullable(v.string()),
  checks: v.array(v.object({ name: v.string(), state: v.picklist(['green', 'pending', 'failed']) })),
});
const release = v.object({
  ...{ tag: v.string(), title: v.string(), notes: v.string() },
  ...{ draft: v.boolean(), prerelease: v.boolean(), publishedAt: v.nullable(v.string()) },
});

/** `forge.json`. */
/** `forge.json`. */
export const forgeFile = v.object({
  schema: v.literal(1),
  source: v.string(),
  checks: v.record(v.string(), v.object({ at: instant, times: v.number(), runs: list, statuses: list })),
  latest: v.nullable(v.object({ at: instant, etag: v.nullable(v.string()), release: v.nullable(release) })),
  trouble: v.nullable(
    v.object({
      ...{ at: instant, times: v.number(), until: instant },
      ...{ limited: v.boolean(), problem: v.string() },
    }),
  ),
});

/** Reads what was read of a forge; nothing where that was another one, before the first time, and where it was lost: then it is asked again. */
export async function readForge({ forge }: Layout, source: string): Promise<ForgeRecord> {
  const found = await readRecord(forge, forgeFile);
  if (found?.source !== source) return NO_FORGE_RECORD;
  const { checks, latest, trouble } = found;
  return { checks, latest, trouble };
}

/** Replaces it. Only a worker writes. */
export async function writeForge({ forge }: Layout, source: string, record: ForgeRecord): Promise<void> {
  await writeRecord(forge, { source, ...record });
}

/** The deployment that the forge was told of last, for which run, and how it was told to stand. */
export interface ToldDeployment {
  readonly id: number;
  readonly commit: Commit;
  readonly run: string;
  readonly state: 'in_progress' | 'success' | 'failure';
}

/** `deployment.json`. */
export const deploymentFile = v.object({
  schema: v.literal(1),
  source: v.string(),
  ...{ id: v.number(), commit: v.string(), run: v.string() },
  state: v.picklist(['in_progress', 'success', 'failure']),
});

/** Reads it; null before the first. */
export async function readDeployment({ deployment }: Layout, source: string): Promise<ToldDeployment | null> {
  const found = await readRecord(deployment, deploymentFile);
  return found?.source === source ? found : null;
}

/** Replaces it. Only a worker writes. */
export async function writeDeployment(
  { deployment }: Layout,
  source: string,
  { id, commit, run, state }: ToldDeployment,
): Promise<void> {
  await writeRecord(deployment, { source, id, commit, run, state });
}
