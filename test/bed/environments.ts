import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Machine } from './machine.js';

/** A preamble by which each process leaves its environment behind, by name and instance. */
export const TELL = `
const own = [process.env.name, process.env.NODE_APP_INSTANCE ?? 0].join('#');
require('node:fs').mkdirSync(process.env.PM2_HOME + '/env', { recursive: true });
require('node:fs').writeFileSync(process.env.PM2_HOME + '/env/' + own, JSON.stringify({ ...process.env, PID: process.pid }));
`;

// What pm2 itself writes anew at each start, or counts.
const PASSING = new Set(
  [
    'PID pm_id pm_uptime created_at unique_id restart_time unstable_restarts status exit_code version node_version prev_restart_delay',
    'vizion_running pm_pid_path pm_out_log_path pm_err_log_path km_link axm_options axm_monitor axm_actions axm_dynamic versioning',
  ].flatMap((line) => line.split(' ')),
);

const Environment = v.record(v.string(), v.union([v.string(), v.number()]));
export type Environments = Record<string, Record<string, string | number>>;

/** The environment of each living process by `name#instance`, without what pm2 writes anew at each start. */
export async function environments(machine: Machine): Promise<Environments> {
  const folder = join(machine.pm2Home, 'env');
  const pids = (await machine.processes()).map(({ pid }) => pid);
  const found: Environments = {};
  for (const name of await readdir(folder)) {
    const env = v.parse(Environment, JSON.parse(await readFile(join(folder, name), 'utf8')));
    if (!pids.includes(Number(env['PID']))) continue;
    found[name] = Object.fromEntries(Object.entries(env).filter(([key]) => !PASSING.has(key)));
  }
  return found;
}

/** Which variables of a process differ, as `NAME: before → after`. */
export function difference(name: string, before: Environments, after: Environments): string[] {
  const [one = {}, other = {}] = [before[name], after[name]];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].sort().flatMap((key) => {
    const [was = 'none', is = 'none'] = [one[key], other[key]];
    return was === is ? [] : [`${key}: ${was} → ${is}`];
  });
}
