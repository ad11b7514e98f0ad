import { homedir, hostname } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import * as v from 'valibot';
import { loadMachineConfig } from '../config/load.js';
import { secretsOf } from '../config/notify.js';
import { GitOpsError } from '../domain/errors.js';
import { machineZone, systemClock } from '../os/clock.js';
import { cleanEnvironment, type Env } from '../os/env.js';
import { exists, readTextIfAny } from '../os/files.js';
import { requireOwnFolder } from '../os/trusted.js';
import { CONFIG_FILE, layoutOf, type Layout } from '../state/layout.js';
import { ensureMachine } from '../state/store.js';
import type { Host, Root } from './root.js';

/** The name of this package, of the pm2 module, and of the variable in which pm2 hands a module all its settings as JSON. */
const MODULE = 'pm2-gitops';
const moduleSettings = v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown()));

/** Reads the process's environment, once; nobody else does. `background`: nothing of ours keeps the process alive. */
export function composeHost({
  background = false,
  names = [],
}: { background?: boolean; names?: readonly string[] } = {}): Host {
  return {
    background,
    clock: systemClock({ background }),
    env: without(cleanEnvironment(process.env), names),
    secretEnv: pick(process.env, names),
    platform: process.platform,
    pm2Home: nonEmpty(process.env['PM2_HOME']) ?? join(homedir(), '.pm2'),
    hostName: hostname(),
    zone: machineZone(),
    chance: Math.random,
  };
}

/** The folder that `PM2_GITOPS_ROOT` names, or null. */
export function rootOfEnvironment(): string | null {
  return nonEmpty(process.env['PM2_GITOPS_ROOT']);
}

/**
 * Where the roots of this user are remembered: what belongs to a user and this machine, but is no configuration
 * (https://specifications.freedesktop.org/basedir-spec/latest/; on Windows the local application data).
 */
export function registerOfRoots(): string {
  const home =
    process.platform === 'win32'
      ? (nonEmpty(process.env['LOCALAPPDATA']) ?? join(homedir(), 'AppData', 'Local'))
      : (nonEmpty(process.env['XDG_STATE_HOME']) ?? join(homedir(), '.local', 'state'));
  return join(home, 'pm2-gitops', 'roots');
}

/** Whether pm2 has started this process: it gives each an id of its own. */
export function runsUnderPm2(): boolean {
  return process.send !== undefined && nonEmpty(process.env['pm_id']) !== null;
}

/** The folders that `pm2 set pm2-gitops:root` names, and further keys that begin with `root`; each is one path, whatever characters it has. */
export function rootsOfModule(): readonly string[] {
  const settings = v.safeParse(moduleSettings, process.env[MODULE]);
  if (!settings.success) return [];
  const named = Object.entries(settings.output).filter(([key]) => key.startsWith('root'));
  return named.flatMap(([, value]) => (typeof value === 'string' && value !== '' ? [resolve(value)] : []));
}

/** Reads a root: its configuration, its machine's id. Throws `NOT_A_ROOT`, `CONFIG_INVALID`, `STATE_UNSAFE`. */
export async function openRoot(folder: string, options: { background?: boolean } = {}): Promise<Root> {
  const layout = layoutOf(resolve(folder));
  const config = await loadMachineConfig(layout.config);
  requireOwnFolder(layout.state);
  const rights = config.github?.rights;
  const secrets = [
    ...[config.credentials?.from, config.policy?.credentials?.from],
    ...[rights?.kind === 'token' ? rights.from : undefined, ...config.notify.flatMap(secretsOf)],
  ];
  const host = composeHost({
    ...options,
    names: secrets.flatMap((from) => (from !== undefined && 'env' in from ? [from.env] : [])),
  });
  return { host, layout, config, machine: await ensureMachine(layout, host.clock.now()) };
}

/** The nearest folder from `start` upwards that holds a `gitops.json`, and is none of a root's releases: these may bring what they like. Throws `NOT_A_ROOT`. */
export async function findRoot(start: string): Promise<string> {
  const found: string[] = [];
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    // A folder above that we may not look into is no root of ours.
    if (await exists(join(folder, CONFIG_FILE)).catch(() => false)) found.push(folder);
    if (dirname(folder) === folder) break;
  }
  const [nearest] = found;
  const owner = found.find((root) => nearest !== undefined && holdsReleases(layoutOf(root), nearest));
  if (nearest !== undefined) return owner ?? nearest;
  throw new GitOpsError('NOT_A_ROOT', `no gitops.json in ${resolve(start)} or above`, {
    hint: 'go to the root, name it with --root DIR, or make one: pm2-gitops init [REPOSITORY]',
  });
}

/** Whether a folder lies where a root keeps releases. */
function holdsReleases({ releases, current, state }: Layout, folder: string): boolean {
  return [releases, current, state].some((place) => `${folder}${sep}`.startsWith(`${place}${sep}`));
}

/** What the environment says of how to write for people. */
export interface OutputWishes {
  /** Colours, whatever is written to; null: nobody said. */
  readonly colors: boolean | null;
  /** The terminal knows no control sequences. */
  readonly dumb: boolean;
  /** Signs beyond ASCII are shown. */
  readonly unicode: boolean;
}

/** Reads them: `NO_COLOR` (no-color.org) is stronger than `FORCE_COLOR` (force-color.org, whose 0 is a no). */
export function outputWishes(): OutputWishes {
  const { NO_COLOR, FORCE_COLOR, TERM, LC_ALL, LC_CTYPE, LANG, WT_SESSION, TERM_PROGRAM } = process.env;
  const forced = nonEmpty(FORCE_COLOR);
  const locale = nonEmpty(LC_ALL) ?? nonEmpty(LC_CTYPE) ?? nonEmpty(LANG) ?? 'C';
  return {
    colors:
      nonEmpty(NO_COLOR) !== null || forced === '0' || forced === 'false'
        ? false
        : forced === null
          ? null
          : true,
    dumb: TERM === 'dumb',
    // The fonts of the old console of Windows have few signs, those of its newer terminals all.
    unicode:
      process.platform === 'win32' ? (WT_SESSION ?? TERM_PROGRAM) !== undefined : /utf-?8/i.test(locale),
  };
}

/** This package's own version. */
export async function ownVersion(): Promise<string> {
  const text = await readTextIfAny(join(import.meta.dirname, '../../../package.json'));
  const found: unknown = text === null ? null : JSON.parse(text);
  return typeof found === 'object' && found !== null && 'version' in found
    ? String(found.version)
    : 'unknown';
}

/** What is a secret goes to git only, whatever its name is. */
function without(env: Env, names: readonly string[]): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

function pick(source: NodeJS.ProcessEnv, names: readonly string[]): Env {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = source[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** An empty variable means what a missing one does, as pm2 has it. */
function nonEmpty(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value;
}
