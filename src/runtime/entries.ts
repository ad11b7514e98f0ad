import * as v from 'valibot';
import type { ListedProcess } from './processes.js';
import type { Daemon } from './rpc.js';

/** An entry of pm2's list with all that pm2 keeps of it. */
export interface Entry {
  readonly process: ListedProcess;
  /** Stays over restarts; another one after a start or a resurrect, even under the same pm id. The instances of one start may share it. */
  readonly id: string;
  readonly name: string;
  /** A person stopped it. */
  readonly stopped: boolean;
  /** The environment that it was started with, as text. */
  readonly env: Readonly<Record<string, string>>;
  /** As `pm2 save` would write it: secrets of the environment are in it. */
  readonly record: EntryRecord;
}

export type EntryRecord = Readonly<Record<string, unknown>>;

const LIST_LIMIT_MS = 15_000;
const START_LIMIT_MS = 120_000;
// Of one life of the process, or of the daemon that it had; pids in it may be strangers' by the time it is used again.
const PASSING = ['pm_id', 'instances', '_tree_pids', 'restart_task', 'prev_restart_delay'];

const Raw = v.looseObject({
  pm_id: v.number(),
  pm2_env: v.looseObject({
    env: v.fallback(v.record(v.string(), v.unknown()), {}),
  }),
});

/** The entries of these processes. Throws what `Daemon.call` throws. */
export async function readEntries(
  daemon: Daemon,
  processes: readonly ListedProcess[],
  signal: AbortSignal,
): Promise<Entry[]> {
  const answer = await daemon.call('getMonitorData', [{}], { signal, timeoutMs: LIST_LIMIT_MS });
  const list: readonly unknown[] = Array.isArray(answer) ? answer : [];
  const raws = list.flatMap((item) => {
    const parsed = v.safeParse(Raw, item);
    return parsed.success ? [parsed.output] : [];
  });
  return processes.flatMap((process) => {
    const raw = raws.find(({ pm_id: pmId }) => pmId === process.pmId);
    return raw === undefined ? [] : [toEntry(process, raw.pm2_env)];
  });
}

/** Starts an entry again from its record, as `pm2 resurrect` does: with the environment that it had; one that was stopped is listed and stays so. */
export async function restoreEntry(daemon: Daemon, record: EntryRecord, signal: AbortSignal): Promise<void> {
  await daemon.call('prepare', [record], { signal, timeoutMs: START_LIMIT_MS });
}

function toEntry(process: ListedProcess, pm2Env: v.InferOutput<typeof Raw>['pm2_env']): Entry {
  const env = Object.entries(pm2Env.env).flatMap(([key, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value) ? [[key, String(value)] as const] : [],
  );
  const id = textOr(pm2Env.env['unique_id'], `pm id ${process.pmId}`);
  const stopped = process.pid === null && process.status === 'stopped';
  const record = recordOf(pm2Env, stopped);
  return { process, id, name: process.name, stopped, env: Object.fromEntries(env), record };
}

function recordOf(pm2Env: EntryRecord & { env: EntryRecord }, stopped: boolean): EntryRecord {
  const lasting = Object.entries(pm2Env).filter(([key]) => !PASSING.includes(key));
  const { instances } = pm2Env;
  return {
    ...Object.fromEntries(lasting),
    // On the record itself the number would start as many anew; the process sees it all the same.
    env: instances === undefined ? pm2Env.env : { ...pm2Env.env, instances },
    status: stopped ? 'stopped' : 'online',
  };
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
