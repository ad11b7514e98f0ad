import { rm } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import * as v from 'valibot';
import { appName } from '../domain/app-definition.js';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import type { Report } from '../domain/report.js';
import type { Env } from '../os/env.js';
import { exists, writeDurably } from '../os/files.js';
import { run, type ChildLedger, type Command, type RunResult } from '../os/run.js';
import { daemonPid, syncSavedList, usesSavedList } from './home.js';
import { listProcesses, type ListedProcess } from './processes.js';
import { connectDaemon, type Daemon } from './rpc.js';
import type { DaemonPlace } from './socket.js';

/** Apps to be started, and with what. */
export interface StartPlan {
  /** pm2's own app definitions; a relative or missing `cwd` counts from `folder`. */
  readonly apps: readonly Readonly<Record<string, unknown>>[];
  /** The whole environment that the apps inherit beside their own `env`. */
  readonly env: Env;
  /** The folder to call pm2 from: an app without `cwd` gets it. Null: one that stays. */
  readonly folder?: string | null;
  /** Where the definitions may be written for pm2 to read; ends in `.json`, and is removed again. */
  readonly file: string;
  /** Whether a daemon may be started where none runs. */
  readonly startDaemon?: boolean;
}

/** What running pm2's command line needs. */
export interface StartTools extends DaemonPlace {
  readonly report: Report;
  readonly children?: ChildLedger | undefined;
}

/** What a daemon is. */
export interface DaemonInfo {
  readonly version: string;
  readonly pid: number | null;
  /** The folder of the pm2 package that it runs from, or null. */
  readonly folder: string | null;
  /** The Node.js that it runs on. */
  readonly node: string | null;
  readonly nodeVersion: string | null;
}

const CALL_LIMIT_MS = 10_000;
const DELETE_LIMIT_MS = 60_000;
const CLI_LIMIT_MS = 120_000;
const MESSAGE_LINES = 6;
const ReportReply = v.looseObject({
  pm2_version: v.string(),
  node_version: v.fallback(v.nullable(v.string()), null),
  argv: v.fallback(v.array(v.string()), []),
});

/** Starts an empty daemon where none runs, so that somebody can listen before it has apps. */
export async function startDaemon(env: Env, tools: StartTools, signal: AbortSignal): Promise<void> {
  const { code, stderr } = await runCli(await findCli(tools, true, signal), ['ping'], { env, tools, signal });
  if (code === 0) return;
  throw new GitOpsError(
    'DAEMON_ABSENT',
    `pm2 ping could not start a daemon: ${stripVTControlCharacters(stderr).trim()}`,
    {
      hint: 'see whether `pm2 ls` works for this user',
    },
  );
}

/** Starts apps by the pm2 command line that belongs to the running daemon. Throws `DAEMON_ABSENT` and its kin, `NAMES_TAKEN`, `RELEASE_INVALID`. */
export async function startApps(plan: StartPlan, tools: StartTools, signal: AbortSignal): Promise<void> {
  const cli = await findCli(tools, plan.startDaemon ?? false, signal);
  await refuseTakenNames(plan, tools, signal);
  await writeDurably(plan.file, JSON.stringify({ apps: plan.apps }));
  try {
    const { code, stdout, stderr } = await runCli(cli, ['start', plan.file], {
      env: plan.env,
      folder: plan.folder ?? null,
      tools,
      signal,
    });
    if (code === 0) return;
    const said = stripVTControlCharacters(`${stdout}\n${stderr}`)
      .trim()
      .split('\n')
      .slice(-MESSAGE_LINES)
      .join('\n');
    throw new GitOpsError('RELEASE_INVALID', `pm2 could not start the apps:\n${said}`, {
      hint: "check the apps of the release's ecosystem.config.cjs",
    });
  } finally {
    await rm(plan.file, { force: true });
  }
}

/** Takes entries out of pm2's list, with their processes. What is gone already is gone. */
export async function deleteProcesses(
  daemon: Daemon,
  pmIds: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  for (const pmId of pmIds) {
    try {
      await daemon.call('deleteProcessId', [pmId], { signal, timeoutMs: DELETE_LIMIT_MS });
    } catch (error) {
      const isListed = (await listProcesses(daemon, signal)).some((process) => process.pmId === pmId);
      if (isListed || !isGitOpsError(error, 'DAEMON_REFUSED')) throw error;
    }
  }
}

/** Has pm2 remember its list over a reboot, if the user ever had it do so. */
export async function saveList(env: Env, tools: StartTools, signal: AbortSignal): Promise<void> {
  if (!(await usesSavedList(tools.home))) return;
  const cli = await findCli(tools, false, signal);
  const { code, stderr } = await runCli(cli, ['save'], { env, tools, signal });
  if (code !== 0)
    throw new GitOpsError('DAEMON_REFUSED', `pm2 save failed: ${stripVTControlCharacters(stderr).trim()}`);
  await syncSavedList(tools.home);
}

/** What the daemon says of itself. */
export async function daemonInfo(daemon: Daemon, signal: AbortSignal): Promise<DaemonInfo> {
  const answer = v.safeParse(
    ReportReply,
    await daemon.call('getReport', [{}], { signal, timeoutMs: CALL_LIMIT_MS }),
  );
  if (!answer.success)
    throw new GitOpsError('DAEMON_REFUSED', 'pm2 answered getReport with something that is no report');
  const { argv, node_version: nodeVersion, pm2_version: version } = answer.output;
  const [node, script] = argv.map((path) => (isAbsolute(path) ? path : null));
  // <pm2>/lib/Daemon.js
  const folder = script == null ? null : dirname(dirname(script));
  return { version, nodeVersion, node: node ?? null, folder, pid: await daemonPid(daemon.home) };
}

// pm2 knows apps by name alone: asked to start a second one of a name, it restarts the first, whosever it is.
async function refuseTakenNames({ apps }: StartPlan, tools: StartTools, signal: AbortSignal): Promise<void> {
  const listed = await listIfRunning(tools, signal);
  const wanted = apps.map(appName);
  const [taken] = listed.filter(({ name }) => wanted.includes(name));
  if (taken === undefined) return;
  throw new GitOpsError(
    'NAMES_TAKEN',
    `pm2 already has an app called ${taken.name}, in ${taken.cwd}: starting ours would restart that one`,
    { hint: 'give the apps names that no other app of this pm2 has, or use another PM2_HOME' },
  );
}

async function listIfRunning(tools: StartTools, signal: AbortSignal): Promise<readonly ListedProcess[]> {
  try {
    const daemon = await connectDaemon(tools, signal);
    return await listProcesses(daemon, signal).finally(() => {
      daemon.close();
    });
  } catch (error) {
    if (isGitOpsError(error, 'DAEMON_ABSENT')) return []; // findCli has decided whether one may be started
    throw error;
  }
}

/** How pm2's command line is called: a file, and arguments that come before all others. */
interface Cli {
  readonly file: string;
  readonly args: readonly string[];
}

// Another version than the daemon's prints a banner and may want the daemon updated, which would restart all apps.
async function findCli(tools: StartTools, mayStartDaemon: boolean, signal: AbortSignal): Promise<Cli> {
  const inPath: Cli = { file: 'pm2', args: [] };
  try {
    const daemon = await connectDaemon(tools, signal);
    const { folder, node } = await daemonInfo(daemon, signal).finally(() => {
      daemon.close();
    });
    return folder === null ? inPath : { file: node ?? process.execPath, args: [join(folder, 'bin', 'pm2')] };
  } catch (error) {
    if (mayStartDaemon && isGitOpsError(error, 'DAEMON_ABSENT')) return inPath;
    throw error;
  }
}

interface CliCall {
  readonly env: Env;
  readonly folder?: string | null;
  readonly tools: StartTools;
  readonly signal: AbortSignal;
}

async function runCli(
  cli: Cli,
  args: readonly string[],
  { env, folder = null, tools, signal }: CliCall,
): Promise<RunResult> {
  const { home, report, children } = tools;
  const command: Command = {
    file: cli.file,
    args: [...cli.args, ...args],
    cwd: folder ?? (await nearestFolder(home)),
    env: { ...env, PM2_HOME: home },
  };
  const onLine = (line: string): void => {
    const plain = stripVTControlCharacters(line);
    // The rest is a banner and a table of all apps.
    if (plain.startsWith('[PM2]')) report.output(plain);
  };
  return run(command, { signal, limitMs: CLI_LIMIT_MS, onLine, children });
}

/** The folder itself, or what there is above it. A daemon lives on where it was called, so it must be a folder that stays. */
async function nearestFolder(folder: string): Promise<string> {
  let nearest = folder;
  while (!(await exists(nearest)) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  return nearest;
}
