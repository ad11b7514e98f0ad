import { join } from 'node:path';
import * as v from 'valibot';
import type { Release } from '../domain/release.js';
import { launchDetached } from '../os/platform.js';
import type { Root } from './root.js';

const orderSchema = v.object({
  root: v.string(),
  run: v.string(),
  cause: v.string(),
  to: v.nullable(v.object({ tag: v.string(), commit: v.string(), ref: v.nullable(v.string()) })),
  impatient: v.boolean(),
  hurried: v.boolean(),
  answer: v.boolean(),
  startPm2: v.boolean(),
});

/** What a worker is told: one JSON argument. */
export interface WorkOrder {
  readonly root: string;
  /** The id that its run gets, if there is something to do. */
  readonly run: string;
  /** What began it, for people: schedule, apply, rollback, retry, resume. */
  readonly cause: string;
  readonly to: Release | null;
  /** Somebody waits: no waiting after a transient failure. */
  readonly impatient: boolean;
  /** `--now`: no waiting for window, soak and wave. */
  readonly hurried: boolean;
  /** Somebody reads the answer file. */
  readonly answer: boolean;
  /** The apps may be started in a pm2 daemon of their own, if none runs. */
  readonly startPm2: boolean;
}

/** Starts a worker that no pm2 process is the parent of, and forgets it. It finds out itself whether it may work. */
export async function launchWorker({ host, layout }: Root, order: Omit<WorkOrder, 'root'>): Promise<void> {
  await launchDetached({
    script: join(import.meta.dirname, 'worker-main.js'),
    args: [JSON.stringify({ root: layout.root, ...order })],
    cwd: layout.root,
    env: { ...host.env, ...host.secretEnv, PM2_HOME: host.pm2Home },
  });
}

/** Reads the worker's argument. Throws a `ValiError` for any other text: nobody else calls. */
export function parseWorkOrder(text: string): WorkOrder {
  return v.parse(v.pipe(v.string(), v.parseJson(), orderSchema), text);
}
