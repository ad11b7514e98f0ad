import { posix, win32 } from 'node:path';
import * as v from 'valibot';
import { GitOpsError } from '../domain/errors.js';
import type { AppProcess } from '../domain/process.js';
import type { Daemon } from './rpc.js';

/** An entry of pm2's list, with what a restart needs to know beside it. */
export interface ListedProcess extends AppProcess {
  /** How long pm2 waits for a `ready` message or a listening worker, in milliseconds. */
  readonly listenTimeoutMs: number;
  /** Whether pm2 waits for that message (`wait_ready`). */
  readonly waitsReady: boolean;
  readonly errorLog: string | null;
}

/** What belongs to a root. */
export interface Territory {
  /** The root's folder, as it is written and as it really is (symlinks resolved). */
  readonly roots: readonly string[];
  /** Names of pm2 apps, if the configuration says them; null: by folder. */
  readonly apps: readonly string[] | null;
  /** Other roots below this one: their processes are theirs. */
  readonly nested?: readonly string[];
  readonly platform?: NodeJS.Platform;
}

const OWN_NAME = 'pm2-gitops';
const LIST_LIMIT_MS = 15_000;
// pm2's defaults: https://pm2.keymetrics.io/docs/usage/signals-clean-restart/
const KILL_TIMEOUT_MS = 1_600;
const LISTEN_TIMEOUT_MS = 3_000;
const LIFELESS = new Set(['stopped', 'errored', 'waiting restart']);

const Entry = v.looseObject({
  pm_id: v.number(),
  name: v.fallback(v.string(), ''),
  pid: v.fallback(v.number(), 0),
  pm2_env: v.looseObject({
    status: v.string(),
    pm_uptime: v.fallback(v.number(), 0),
    pm_cwd: v.fallback(v.string(), ''),
    pm_exec_path: v.fallback(v.string(), ''),
    exec_mode: v.fallback(v.string(), 'fork_mode'),
    kill_timeout: v.fallback(v.number(), KILL_TIMEOUT_MS),
    listen_timeout: v.fallback(v.number(), LISTEN_TIMEOUT_MS),
    wait_ready: v.fallback(v.boolean(), false),
    pm_err_log_path: v.fallback(v.nullable(v.string()), null),
    pmx_module: v.optional(v.unknown()),
  }),
});

/** All entries of pm2's list; what does not look like an entry is dropped. Throws what `Daemon.call` throws. */
export async function listProcesses(daemon: Daemon, signal: AbortSignal): Promise<ListedProcess[]> {
  const answer = await daemon.call('getMonitorData', [{}], { signal, timeoutMs: LIST_LIMIT_MS });
  if (!Array.isArray(answer))
    throw new GitOpsError('DAEMON_REFUSED', 'pm2 answered with something that is no list of processes');
  return answer.flatMap((item: unknown) => {
    const entry = v.safeParse(Entry, item);
    return entry.success ? [toProcess(entry.output)] : [];
  });
}

/** The processes of a root: never pm2's modules, never the agent itself. */
export function selectProcesses<P extends AppProcess>(all: readonly P[], territory: Territory): P[] {
  const { apps, roots, nested = [], platform = process.platform } = territory;
  return all.filter((candidate) => {
    if (candidate.isModule || isAgent(candidate)) return false;
    if (apps !== null) return apps.includes(candidate.name);
    const lies = (folders: readonly string[]): boolean =>
      folders.some((folder) => livesIn(candidate, folder, platform));
    return lies(roots) && !lies(nested);
  });
}

/** Whether a path is a folder or lies below it, by the rules of the platform's paths; an empty or relative path lies nowhere. */
export function isWithin(path: string, folder: string, platform: NodeJS.Platform): boolean {
  const paths = platform === 'win32' ? win32 : posix;
  if (!paths.isAbsolute(path)) return false;
  // Windows: C:\Srv\Shop and c:\srv\shop are one folder.
  const written = (text: string): string => (platform === 'win32' ? text.toLowerCase() : text);
  const way = paths.relative(written(folder), written(path));
  return way !== '..' && !way.startsWith(`..${paths.sep}`) && !paths.isAbsolute(way);
}

function toProcess({ pm_id, name, pid, pm2_env: env }: v.InferOutput<typeof Entry>): ListedProcess {
  // For an instant between a crash and its own restart pm2 says "stopped" and still has the dead pid;
  // where a person or a limit stopped the app there is none.
  const status = env.status === 'stopped' && pid > 0 ? 'waiting restart' : env.status;
  return {
    pmId: pm_id,
    name,
    pid: pid > 0 && !LIFELESS.has(status) ? pid : null,
    status,
    startedAt: env.pm_uptime,
    cwd: env.pm_cwd,
    script: env.pm_exec_path,
    mode: env.exec_mode === 'cluster_mode' ? 'cluster' : 'fork',
    isModule: env.pmx_module === true,
    killTimeoutMs: env.kill_timeout,
    listenTimeoutMs: env.listen_timeout,
    waitsReady: env.wait_ready,
    errorLog: env.pm_err_log_path,
  };
}

function isAgent({ name, script }: AppProcess): boolean {
  return name === OWN_NAME || /[\\/]pm2-gitops[\\/](.*[\\/])?cli[\\/]main\.js$/.test(script);
}

function livesIn({ cwd, script }: AppProcess, folder: string, platform: NodeJS.Platform): boolean {
  return isWithin(cwd, folder, platform) || isWithin(script, folder, platform);
}
