import {
  appName,
  changedKeys,
  variablesOf,
  variantOf,
  type AppDefinition,
  type Variables,
} from './app-definition.js';

/** One entry of pm2's list that belongs to the root. */
export interface AppEntry {
  readonly name: string;
  /** A person stopped it. */
  readonly stopped: boolean;
  /** The environment that it was started with. */
  readonly env: Variables;
}

/** What a release changes about the apps of its root. */
export type AppChange =
  | { readonly kind: 'add'; readonly name: string; readonly app: AppDefinition }
  | { readonly kind: 'remove'; readonly name: string }
  | Recreation;

/** pm2 cannot change it in place: its processes are deleted and started anew. */
export interface Recreation {
  readonly kind: 'recreate';
  readonly name: string;
  /** Whose processes make way: the app's own, or those under the name that it had before. */
  readonly instead: string;
  /** The definition to start, with the variables that the process is to have. */
  readonly app: AppDefinition;
  /** The environment to start it in: what the process had beside its definition's variables. */
  readonly env: Variables;
  /** Which keys of the definition changed. */
  readonly keys: readonly string[];
}

/** What app changes are decided by. */
export interface AppFacts {
  /** What the ecosystem files of the former and of the new release define; null without such a file. */
  readonly former: readonly AppDefinition[] | null;
  readonly wanted: readonly AppDefinition[] | null;
  /** Which names the former and the new release call their own; null: all of them. */
  readonly ours: { readonly former: readonly string[] | null; readonly wanted: readonly string[] | null };
  /** The root's entries of pm2's list. */
  readonly entries: readonly AppEntry[];
  /** What an app inherits that is started for the first time. */
  readonly shell: Variables;
}

/** App changes, and what people should know about the apps that are left as they are. */
export interface AppPlan {
  readonly changes: readonly AppChange[];
  readonly remarks: readonly string[];
}

const NOTHING: AppPlan = { changes: [], remarks: [] };

/**
 * Compares two releases' definitions, never pm2's own record of them. Only apps that the former release's file named are deleted or recreated.
 * What a person did counts more: a stopped app stays as it is, a deleted one stays away, an app of his own is nobody's here.
 */
export function planAppChanges(facts: AppFacts): AppPlan {
  const { entries, ours } = facts;
  const [former, wanted] = [named(facts.former, ours.former), named(facts.wanted, ours.wanted)];
  // A release that names no apps does not say what should run; where nothing runs, everything is started anyway.
  if (wanted.size === 0 || entries.length === 0) return NOTHING;
  // People started these by other names: the file does not say what they are.
  if (!entries.some(({ name }) => former.has(name) || wanted.has(name))) return NOTHING;
  const runs = (name: string): boolean => entries.some((entry) => entry.name === name);
  const namesNow = new Set((facts.wanted ?? []).map(appName));
  const gone = [...former.keys()].filter((name) => !namesNow.has(name) && runs(name));
  const fresh = [...wanted.keys()].filter((name) => !former.has(name) && !runs(name));
  const kept = [...wanted.keys()].filter((name) => former.has(name) && runs(name));
  const renamed = pairs(gone, fresh, { former, wanted });
  const ends = new Set(renamed.flatMap(({ from, to }) => [from, to]));
  const moves = [...kept.map((name) => ({ from: name, to: name })), ...renamed];
  const recreations = moves.map((move) => recreate(move, { former, wanted, facts }));
  const added = fresh.filter((name) => !ends.has(name));
  const removed = gone.filter((name) => !ends.has(name));
  // A release of which nothing would run is not what a person wants who deleted the rest of it.
  const isEmpty = added.length === 0 && entries.every(({ name }) => removed.includes(name));
  return {
    changes: [
      ...recreations.flatMap(({ change }) => change ?? []),
      ...added.flatMap((name) => addition(name, wanted)),
      ...(isEmpty ? [] : removed.map((name) => ({ kind: 'remove' as const, name }))),
    ],
    remarks: recreations.flatMap(({ remark }) => remark ?? []),
  };
}

/** A change in one line, for people. */
export function describeChange(change: AppChange): string {
  switch (change.kind) {
    case 'add':
      return `${change.name} is new in this release`;
    case 'remove':
      return `${change.name} is gone from this release`;
    case 'recreate':
      return change.instead === change.name
        ? `${change.name} is defined anew: ${change.keys.join(', ')}`
        : `${change.instead} is called ${change.name} in this release`;
  }
}

/** Names that are to be started though processes outside the root bear them: pm2 would restart those. */
export function takenNames(changes: readonly AppChange[], strangers: readonly string[]): string[] {
  return changes.flatMap(({ kind, name }) => (kind !== 'remove' && strangers.includes(name) ? [name] : []));
}

type ByName = ReadonlyMap<string, AppDefinition>;

/** Definitions by name. A name that occurs twice is no one's: pm2 could not tell the two apart either. */
function named(apps: readonly AppDefinition[] | null, ours: readonly string[] | null): ByName {
  const all = (apps ?? []).map((app) => [appName(app), app] as const);
  const isSingle = (name: string): boolean => all.filter(([other]) => other === name).length === 1;
  return new Map(all.filter(([name]) => isSingle(name) && (ours?.includes(name) ?? true)));
}

function addition(name: string, wanted: ByName): AppChange[] {
  const app = wanted.get(name);
  return app === undefined ? [] : [{ kind: 'add', name, app }];
}

interface Move {
  readonly from: string;
  readonly to: string;
}

/** Apps that only changed their name, the most alike first: the new one would find the port taken while the old one lives. */
function pairs(
  gone: readonly string[],
  fresh: readonly string[],
  { former, wanted }: { former: ByName; wanted: ByName },
): Move[] {
  const likely = gone
    .flatMap((from) => fresh.map((to) => ({ from, to, keys: moveKeys(former.get(from), wanted.get(to)) })))
    .filter(({ keys }) => !['script', 'cwd', 'args'].some((key) => keys.includes(key)))
    .sort((one, other) => one.keys.length - other.keys.length);
  return likely.reduce<Move[]>((moves, { from, to }) => {
    const isFree = moves.every((move) => move.from !== from && move.to !== to);
    return isFree ? [...moves, { from, to }] : moves;
  }, []);
}

function moveKeys(before: AppDefinition = {}, app: AppDefinition = {}): string[] {
  return changedKeys(before, app, null);
}

interface Recreated {
  readonly change: AppChange | null;
  readonly remark: string | null;
}

function recreate(
  { from, to }: Move,
  { former, wanted, facts }: { former: ByName; wanted: ByName; facts: AppFacts },
): Recreated {
  const [before, app] = [former.get(from), wanted.get(to)];
  const entries = facts.entries.filter(({ name }) => name === from);
  const alive = entries.filter(({ stopped }) => !stopped);
  const [entry] = alive;
  if (before === undefined || app === undefined) return { change: null, remark: null };
  const variant = variantOf(before, (entry ?? entries[0])?.env ?? {});
  const keys = changedKeys(before, app, variant);
  if (keys.length === 0) return { change: null, remark: null };
  if (entry === undefined) return { change: null, remark: stoppedRemark({ from, to }, keys) };
  const env = mergedEnv({ before, app, variant }, { had: withoutLabel(entry), shell: facts.shell });
  const started = { ...withInstances(app, before, alive.length), env: env.own };
  return {
    change: { kind: 'recreate', name: to, instead: from, app: started, env: env.inherited, keys },
    remark: null,
  };
}

function stoppedRemark({ from, to }: Move, keys: readonly string[]): string {
  return `${from} is stopped and stays so; the release defines it anew (${keys.join(', ')}): to have that, pm2 delete ${from} and start ${to} from the ecosystem file`;
}

/** How many a person wanted by `pm2 scale` counts on, as long as the file's own number is the same. */
function withInstances(app: AppDefinition, before: AppDefinition, count: number): AppDefinition {
  const { instances } = app;
  if (JSON.stringify(instances) !== JSON.stringify(before['instances'])) return app;
  if (instances !== undefined) return { ...app, instances: count };
  // A number without a mode would be a cluster to pm2.
  return count === 1 ? app : { exec_mode: 'fork', ...app, instances: count };
}

/** What pm2 writes into an app's environment by itself, or takes from there for its own options. */
const PM2_OWN = new Set(
  [
    'unique_id PM2_HOME PM2_USAGE PM2_JSON_PROCESSING name namespace exec_mode env args pm_cwd exec_interpreter pm_exec_path node_args',
    'pm_out_log_path pm_err_log_path pm_log_path pm_pid_path pm_id status pm_uptime created_at windowsHide username merge_logs kill_retry_time',
    'prev_restart_delay instance_var unstable_restarts restart_time axm_actions axm_options axm_dynamic axm_monitor pmx_module command watch',
    'filter_env versioning vizion vizion_running MODULE_DEBUG pmx instances automation autostart autorestart stop_exit_codes treekill',
    'exit_code version node_version km_link NODE_APP_INSTANCE io current_conf',
  ].flatMap((line) => line.split(' ')),
);

/** pm2 gives each process an empty variable of its app's name. */
function withoutLabel({ name, env }: AppEntry): Variables {
  return Object.fromEntries(Object.entries(env).filter(([key, value]) => key !== name || value !== '{}'));
}

/** Each variable stays as the process had it, unless the file changed it. */
function mergedEnv(
  { before, app, variant }: { before: AppDefinition; app: AppDefinition; variant: string | null },
  { had, shell }: { had: Variables; shell: Variables },
): { own: Variables; inherited: Variables } {
  const [was, is] = [variablesOf(before, variant), variablesOf(app, variant)];
  const own = Object.entries(is).map(([key, value]) => {
    const now = was[key] === value ? had[key] : undefined;
    return [key, now ?? value] as const;
  });
  const rest = Object.entries(had).filter(([key]) => !PM2_OWN.has(key) && !(key in is) && !(key in was));
  const bared = Object.keys(was).filter((key) => !(key in is));
  const again = bared.flatMap((key) => (shell[key] === undefined ? [] : [[key, shell[key]] as const]));
  return { own: Object.fromEntries(own), inherited: Object.fromEntries([...rest, ...again]) };
}
