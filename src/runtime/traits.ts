import * as v from 'valibot';
import type { AppTraits } from '../domain/doctor/apps.js';
import type { SavedApp } from '../domain/doctor/saved-list.js';
import type { Daemon } from './rpc.js';

/** An entry of pm2's list, with the traps that may lie in it. */
export interface TellingEntry {
  readonly traits: AppTraits;
  readonly saved: SavedApp;
}

const LIST_LIMIT_MS = 15_000;
const Texts = v.fallback(v.record(v.string(), v.unknown()), {});
const codes = v.union([v.number(), v.pipe(v.string(), v.transform(Number))]);

/** What both pm2's list and its saved one hold of an app. */
const common = {
  name: v.fallback(v.string(), ''),
  pm_exec_path: v.fallback(v.string(), ''),
  pm_cwd: v.fallback(v.string(), ''),
  env: Texts,
};

const Entry = v.looseObject({
  pm_id: v.number(),
  pid: v.fallback(v.number(), 0),
  pm2_env: v.looseObject({
    ...common,
    exec_mode: v.fallback(v.string(), 'fork_mode'),
    exec_interpreter: v.fallback(v.string(), ''),
    // pm2 takes anything but true for no.
    treekill: v.fallback(v.unknown(), true),
    _tree_pids: v.fallback(v.array(v.number()), []),
    autorestart: v.fallback(v.unknown(), true),
    max_restarts: v.fallback(v.nullable(codes), null),
    stop_exit_codes: v.fallback(v.array(codes), []),
    // A list of paths, or a text from the environment, watches just as well.
    watch: v.fallback(v.unknown(), false),
    wait_ready: v.fallback(v.boolean(), false),
  }),
});

const Saved = v.looseObject(common);

/** All entries of pm2's list; what does not look like one is dropped. Throws what `Daemon.call` throws. */
export async function readTraits(daemon: Daemon, signal: AbortSignal): Promise<TellingEntry[]> {
  const answer = await daemon.call('getMonitorData', [{}], { signal, timeoutMs: LIST_LIMIT_MS });
  return Array.isArray(answer) ? answer.flatMap((item: unknown) => parseEntry(item)) : [];
}

function parseEntry(item: unknown): TellingEntry[] {
  const parsed = v.safeParse(Entry, item);
  if (!parsed.success) return [];
  const { pm_id: pmId, pid, pm2_env: env } = parsed.output;
  const saved = toSaved(env);
  const traits = {
    ...{ pmId, name: env.name, pid: pid > 0 ? pid : null, script: saved.script, cwd: saved.cwd },
    mode: env.exec_mode === 'cluster_mode' ? ('cluster' as const) : ('fork' as const),
    interpreter: env.exec_interpreter,
    treekill: env.treekill === true,
    treePids: env._tree_pids,
    autorestart: env.autorestart !== false && env.autorestart !== 'false',
    maxRestarts: env.max_restarts,
    stopExitCodes: env.stop_exit_codes,
    watches: Boolean(env.watch) && !(Array.isArray(env.watch) && env.watch.length === 0),
    waitsReady: env.wait_ready,
    envNames: Object.keys(saved.env),
  };
  return [{ traits, saved }];
}

/** The apps of a saved list's text; null where it is none. */
export function parseSavedList(text: string): SavedApp[] | null {
  const list = v.safeParse(v.pipe(v.string(), v.parseJson(), v.array(v.unknown())), text);
  if (!list.success) return null;
  return list.output.flatMap((item) => {
    const parsed = v.safeParse(Saved, item);
    return parsed.success ? [toSaved(parsed.output)] : [];
  });
}

function toSaved({
  name,
  pm_exec_path: script,
  pm_cwd: cwd,
  env,
}: Pick<v.InferOutput<typeof Saved>, keyof typeof common>): SavedApp {
  return { name, script, cwd, env: ownEnv(env, name) };
}

/** What pm2 and the shell that called it put there says nothing of the app. */
function ownEnv(env: Readonly<Record<string, unknown>>, name: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) =>
      /^(PM2_|_$|unique_id$|instances$|SHLVL$|PWD$|OLDPWD$)/.test(key) || key === name
        ? []
        : [[key, typeof value === 'string' ? value : JSON.stringify(value)]],
    ),
  );
}
