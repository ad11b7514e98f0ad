import { hint, orOk, problem, skipped, warning, type Check } from '../check.js';

/** What pm2 keeps of an entry, as far as traps lie in it. */
export interface AppTraits {
  readonly pmId: number;
  readonly name: string;
  readonly pid: number | null;
  readonly mode: 'fork' | 'cluster';
  readonly treekill: boolean;
  /** The pids of the last tree that pm2 killed; it waits for them again at each restart without `treekill`. */
  readonly treePids: readonly number[];
  readonly script: string;
  readonly cwd: string;
  readonly interpreter: string;
  readonly autorestart: boolean;
  /** Null: pm2's default. */
  readonly maxRestarts: number | null;
  readonly stopExitCodes: readonly number[];
  readonly watches: boolean;
  readonly waitsReady: boolean;
  /** The names in its environment that a person chose: what pm2 adds is left out. */
  readonly envNames: readonly string[];
}

/** What pm2 understands of a variable's name: https://pm2.keymetrics.io/docs/usage/application-declaration/ */
const OPTIONS = new Set(
  [
    'name namespace script args cwd exec_mode watch ignore_watch watch_delay watch_options interpreter',
    'exec_interpreter node_args interpreter_args treekill autorestart autostart max_restarts min_uptime restart_delay',
    'exp_backoff_restart_delay max_memory_restart kill_timeout kill_retry_time listen_timeout wait_ready',
    'shutdown_with_message stop_exit_codes cron_restart merge_logs log_date_format out_file error_file pid_file',
    'filter_env force instance_var increment_var pmx vizion automation uid gid username windowsHide status',
    'pm_id pm_cwd pm_exec_path pm_uptime pm_out_log_path pm_err_log_path pm_pid_path created_at restart_time',
  ]
    .join(' ')
    .split(' '),
);
const SHELLS = /(^|[/\\])(ba|da|z|k|fi)?sh(\.exe)?$|(^|[/\\])(cmd|powershell|pwsh)(\.exe)?$/i;
const WRAPPERS =
  /(^|[/\\])(npm|npx|yarn|pnpm|pnpx|corepack)(-cli)?(\.(c?js|cmd|ps1|exe))?$|\.(sh|bash|cmd|bat|ps1)$/i;

/** The traps of a root's apps. */
export function judgeTraits(apps: readonly AppTraits[]): Check[] {
  const judges = [judgeTreekill, judgeWrappers, judgeWatch, judgeRestarts, judgeEnvNames, judgeWaitReady];
  return judges.flatMap((judge) => judge(apps));
}

function judgeTreekill(apps: readonly AppTraits[]): Check[] {
  const stale = byName(
    apps,
    ({ treekill, treePids, pid }) => !treekill && treePids.some((one) => one !== pid),
  );
  const found = stale.map((name) =>
    problem(
      'apps.treekill-changed',
      `${name}: treekill was switched off while it ran; at each restart pm2 starts the new process while the old one drains, and may kill a stranger`,
      `pm2 delete ${name}, and start it anew`,
    ),
  );
  return orOk(found, 'apps.treekill-changed', 'no app still has the pids of a former tree');
}

function judgeWrappers(apps: readonly AppTraits[]): Check[] {
  const wrapped = byName(apps, (app) => !app.treekill && isWrapper(app));
  const found = wrapped.map((name) =>
    problem(
      'apps.wrapper',
      `${name}: a wrapper stands between pm2 and the app, and treekill is false: pm2 ends the wrapper alone`,
      `start the app's own script instead, or take treekill: false away; then pm2 delete ${name}, and start it anew`,
    ),
  );
  return orOk(found, 'apps.wrapper', 'pm2 can end each app');
}

function isWrapper({ script, interpreter }: AppTraits): boolean {
  return WRAPPERS.test(script) || SHELLS.test(interpreter) || SHELLS.test(script);
}

function judgeWatch(apps: readonly AppTraits[]): Check[] {
  const found = byName(apps, ({ watches }) => watches).map((name) =>
    problem(
      'apps.watch',
      `${name}: pm2 watches its files, and restarts it by itself while a release is switched to`,
      `take "watch" out of its app; then pm2 delete ${name}, and start it anew`,
    ),
  );
  return orOk(found, 'apps.watch', 'no app is restarted by itself when files change');
}

function judgeRestarts(apps: readonly AppTraits[]): Check[] {
  const once = byName(apps, ({ autorestart }) => !autorestart).map((name) =>
    warning(
      'apps.restarts',
      `${name}: autorestart is false; a process that ends by itself proves no release healthy`,
      'leave it out by naming the others under "apps" in gitops.json, or let it be restarted',
    ),
  );
  const few = byName(apps, (app) => app.autorestart && app.maxRestarts !== null && app.maxRestarts < 1);
  const found = few.map((name) =>
    warning(
      'apps.restarts',
      `${name}: max_restarts below 1 has pm2 give it up at its first crash`,
      'take max_restarts out of its app, or make it larger',
    ),
  );
  const codes = byName(apps, ({ stopExitCodes }) => stopExitCodes.length > 0).map((name) =>
    hint(
      'apps.restarts',
      `${name}: pm2 leaves it stopped after some exit codes`,
      'see that a crash ends with none of its stop_exit_codes',
    ),
  );
  return orOk([...once, ...found, ...codes], 'apps.restarts', 'pm2 restarts what crashes');
}

function judgeEnvNames(apps: readonly AppTraits[]): Check[] {
  const found = [...new Set(apps.map(({ name }) => name))].flatMap((name) => {
    const names = apps.filter((app) => app.name === name).flatMap(({ envNames }) => envNames);
    const options = [...new Set(names.filter((each) => OPTIONS.has(each)))];
    return options.length === 0 ? [] : [envNamesCheck(name, options)];
  });
  return orOk(found, 'apps.env-options', 'no variable has the name of a pm2 option');
}

function envNamesCheck(name: string, options: readonly string[]): Check {
  return warning(
    'apps.env-options',
    `${name}: pm2 takes ${options.join(', ')} of its environment for its own options`,
    `give the variables other names (in capitals); then pm2 delete ${name}, and start it anew`,
  );
}

function judgeWaitReady(apps: readonly AppTraits[]): Check[] {
  const clusters = byName(apps, ({ mode }) => mode === 'cluster');
  if (clusters.length === 0) return [skipped('apps.wait-ready', 'no app is in cluster mode')];
  const found = byName(apps, ({ mode, waitsReady }) => mode === 'cluster' && !waitsReady).map((name) =>
    hint(
      'apps.wait-ready',
      `${name}: a worker counts as ready before it listens; some requests fail at each reload`,
      'wait_ready: true, process.send("ready") once it listens, server.close() on SIGINT',
    ),
  );
  return orOk(found, 'apps.wait-ready', 'cluster apps say when they are ready');
}

/** The names of the apps of which some instance is so. */
function byName(apps: readonly AppTraits[], isSo: (app: AppTraits) => boolean): string[] {
  return [...new Set(apps.filter(isSo).map(({ name }) => name))];
}
