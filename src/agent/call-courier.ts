import { join } from 'node:path';
import * as v from 'valibot';
import { noticesOf } from '../domain/news.js';
import { isDue } from '../domain/outbox.js';
import type { Instant } from '../domain/release.js';
import { launchDetached } from '../os/platform.js';
import { holderOf } from '../state/lock.js';
import { readNotices } from '../state/notice-store.js';
import type { Root } from './root.js';
import { sightOf } from './sight.js';

const errandSchema = v.object({ root: v.string(), since: v.number(), beats: v.boolean() });

/** What a courier is told: one JSON argument. */
export interface Errand {
  readonly root: string;
  /** Where nothing was told yet, runs that ended before this are not told either. */
  readonly since: Instant;
  /** Whether dead man's switches are to be told how it is: once with each turn. */
  readonly beats: boolean;
}

// The newest are enough to see that there is something to tell.
const RUNS_LOOKED_AT = 3;

/** After a turn of the poller: launches a courier if there is something to send. */
export async function callCourier(root: Root): Promise<void> {
  const beats = root.config.notify.some(({ type }) => type === 'uptimeKuma');
  if (!beats && !(await hasErrand(root))) return;
  await launchCourier(root, { since: root.host.clock.now(), beats });
}

/** Starts a courier that no pm2 process is the parent of, and forgets it. */
export async function launchCourier(
  { config, host, layout }: Root,
  errand: Omit<Errand, 'root'>,
): Promise<void> {
  if (config.notify.length === 0) return;
  await launchDetached({
    script: join(import.meta.dirname, 'courier-main.js'),
    args: [JSON.stringify({ root: layout.root, ...errand })],
    cwd: layout.root,
    env: { ...host.env, ...host.secretEnv, PM2_HOME: host.pm2Home },
  });
}

/** Reads the courier's argument. Throws a `ValiError` for any other text: nobody else calls. */
export function parseErrand(text: string): Errand {
  return v.parse(v.pipe(v.string(), v.parseJson(), errandSchema), text);
}

/** One that is under way looks again before it leaves. */
async function hasErrand(root: Root): Promise<boolean> {
  if ((await holderOf(root.layout.courierLock)) !== null) return false;
  const record = await readNotices(root.layout);
  if (record === null) return true;
  const sight = await sightOf(root, record.told, RUNS_LOOKED_AT);
  return isDue(record.outbox, sight.now) || noticesOf(record.told, sight).told !== record.told;
}
