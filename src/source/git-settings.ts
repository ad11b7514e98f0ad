import { join, resolve } from 'node:path';
import type { Env } from '../os/env.js';
import { stateAt } from '../os/file-at.js';
import { gitCommand, gitStartFailure } from '../os/git.js';
import { query } from '../os/query.js';
import { isGitOpsError } from '../domain/errors.js';
import { headerOf } from './credentials.js';
import type { LookPlace, Remote } from './look-place.js';

/** A setting of git and the file that it stands in, if it stands in one. */
export interface GitSetting {
  readonly origin: string | null;
  /** As git names it: section and variable in lower case. */
  readonly key: string;
  readonly value: string;
}

/** What git was found to be told, and what the files looked like that say so. */
interface Found {
  readonly settings: readonly GitSetting[] | null;
  readonly files: readonly string[];
  readonly looks: string;
}

const LIMITS = { limitMs: 10_000, maxBytes: 1024 * 1024 };
// One for each root that this process polls for.
const found = new Map<string, Found>();

/**
 * What git is told on this machine; null if it does not say. Git is asked with the first look, and again when one of its files has changed.
 * Throws `GIT_MISSING`, `ABORTED`.
 */
export async function gitSettings(remote: Remote, place: LookPlace): Promise<readonly GitSetting[] | null> {
  const { cwd } = place;
  const known = found.get(cwd);
  const env = withoutOurs(remote);
  if (known?.looks === looksOf(known?.files ?? [], env)) return known.settings;
  const settings = await askGit(env, place);
  const origins = (settings ?? []).flatMap(({ origin }) => (origin === null ? [] : [resolve(cwd, origin)]));
  const files = [...new Set([...usualFiles(env, cwd), ...origins])];
  found.set(cwd, { settings, files, looks: looksOf(files, env) });
  return settings;
}

/** The environment as the machine has it: the header of ours is no setting of the machine's. */
function withoutOurs({ env, basic = null }: Remote): Env {
  const ours = basic === null ? null : headerOf(basic);
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value === ours ? '' : value]));
}

async function askGit(env: Env, { cwd, signal, background }: LookPlace): Promise<GitSetting[] | null> {
  const command = gitCommand(['config', '--null', '--show-origin', '--list'], { cwd, env });
  try {
    const { code, stdout } = await query(command, { ...LIMITS, signal, background });
    return code === 0 ? parseSettings(stdout) : null;
  } catch (error) {
    if (isGitOpsError(error, 'COMMAND_MISSING')) throw gitStartFailure(error);
    if (isGitOpsError(error, 'COMMAND_TIMEOUT')) return null;
    throw error;
  }
}

/** Reads `git config --null --show-origin --list`: origin NUL key LF value NUL; a key alone stands for true. */
export function parseSettings(text: string): GitSetting[] {
  const parts = text.split('\0');
  const settings: GitSetting[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [origin = '', entry = ''] = parts.slice(at, at + 2);
    const end = entry.includes('\n') ? entry.indexOf('\n') : entry.length;
    settings.push({
      origin: origin.startsWith('file:') ? origin.slice('file:'.length) : null,
      key: entry.slice(0, end),
      value: end === entry.length ? 'true' : entry.slice(end + 1),
    });
  }
  return settings;
}

/** Where git looks, whether there is anything yet or not (git-config(1), FILES). */
function usualFiles(env: Env, cwd: string): string[] {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? '/';
  return [
    '/etc/gitconfig',
    join(home, '.gitconfig'),
    join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'git', 'config'),
    join(cwd, '.git', 'config'),
    ...['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM'].flatMap((name) => env[name] ?? []),
  ];
}

function looksOf(files: readonly string[], env: Env): string {
  return JSON.stringify([env, ...files.map(lookOf)]);
}

/** A file that we may not look into is none that git could read. */
function lookOf(path: string): string {
  try {
    return stateAt(path)?.id ?? 'none';
  } catch {
    return 'none';
  }
}
