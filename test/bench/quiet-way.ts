import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import type { Machine } from '../bed/machine.js';
import { Child } from './child.js';

/** A way of finding out that there is nothing new. */
export interface QuietWay {
  readonly name: string;
  /** How many looks of it make a round: the quick ones can afford more. */
  readonly looks: number;
  /** Looks once and tells its CPU time in milliseconds, with that of its children. */
  look(): Promise<number>;
  /** Looks under `strace`, and tells how many programs one look starts. */
  programs(): Promise<number>;
  close(): Promise<void>;
}

/** Where the ways look, and from where. */
export interface QuietPlace {
  readonly machine: Machine;
  readonly url: string;
}

/** What this poller is called in the tables. */
export const OURS = 'pm2-gitops, a poll';

/** All ways that this machine has; the machine's root is on the newest release, and a clone lies at `clone`. */
export async function openQuietWays(place: QuietPlace): Promise<readonly QuietWay[]> {
  const { machine, url } = place;
  const [clone, ansible] = [machine.path('home', 'clone'), machine.path('home', 'ansible')];
  for (const folder of [clone, ansible])
    await machine.must('git', ['clone', '--quiet', url, folder], { env: bareEnv(machine) });
  const ways = [
    await openOurs(place, OURS),
    await openOurs(place, 'the same, drift: report', ['report']),
    commandWay(place, 'git ls-remote --tags', ['git', 'ls-remote', '--tags', url]),
    commandWay(place, 'git fetch --tags', ['git', '-C', clone, 'fetch', '--tags']),
    commandWay(place, 'git pull', ['git', '-C', clone, 'pull', '--ff-only']),
  ];
  if (!existsSync(ANSIBLE)) return ways;
  const pull = [
    ANSIBLE,
    '--only-if-changed',
    '--url',
    url,
    '--directory',
    ansible,
    '--inventory',
    'localhost,',
  ];
  return [...ways, { ...commandWay(place, 'ansible-pull -o', [...pull, 'none.yml']), looks: 1 }];
}

const ANSIBLE = '/usr/bin/ansible-pull';
const LOOKS = { ours: 20, command: 5 };
// What a poller is on its third day, at a look every five minutes: until then the engine compiles.
const WARM_LOOKS = 600;
const TRACE = ['-f', '-qq', '-e', 'trace=execve', '-o'];
const LIMIT_MS = 120_000;

const quiet = v.object({ polled: v.literal('rested'), cpuMs: v.number() });

/** The machine's environment without what the bed puts before the real tools. */
export function bareEnv({ env }: Machine): Record<string, string> {
  return { ...env, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` };
}

async function openOurs(
  { machine }: QuietPlace,
  name: string,
  more: readonly string[] = [],
): Promise<QuietWay> {
  const [args, env] = [[machine.root, ...more], bareEnv(machine)];
  const child = await Child.open('quiet-program', args, { env });
  for (let look = 0; look < WARM_LOOKS; look += 1) await child.ask(quiet);
  const startsIn = async (looks: number): Promise<number> => {
    const trace = machine.path('tmp', 'trace');
    const traced = await Child.open('quiet-program', args, { env, before: ['strace', ...TRACE, trace] });
    for (let look = 0; look < looks; look += 1) await traced.ask(quiet);
    await traced.end();
    return takeStarts(trace);
  };
  return {
    name,
    looks: LOOKS.ours,
    look: async () => (await child.ask(quiet)).cpuMs,
    // What its start and its first look take is not a look's.
    programs: async () => ((await startsIn(1 + LOOKS.command)) - (await startsIn(1))) / LOOKS.command,
    close: () => child.end(),
  };
}

function commandWay({ machine }: QuietPlace, name: string, command: readonly string[]): QuietWay {
  const env = bareEnv(machine);
  return {
    name,
    looks: LOOKS.command,
    look: () => cpuOf(machine, command),
    programs: async () => {
      const trace = machine.path('tmp', 'trace');
      await machine.must('strace', [...TRACE, trace, ...command], { env, timeoutMs: LIMIT_MS });
      return takeStarts(trace);
    },
    close: () => Promise.resolve(),
  };
}

/** The CPU time of a command and its children in milliseconds, as bash's `time` tells it. */
export async function cpuOf(machine: Machine, command: readonly string[]): Promise<number> {
  const script =
    'TIMEFORMAT="%3U %3S"; time "$@" >/dev/null 2>"$TMPDIR/words" || { cat "$TMPDIR/words" >&2; exit 1; }';
  const terms = { env: bareEnv(machine), timeoutMs: LIMIT_MS };
  const { code, stderr } = await machine.exec('bash', ['-c', script, 'bash', ...command], terms);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code ?? 'a kill'}:\n${stderr}`);
  return stderr.split(' ').reduce((sum, seconds) => sum + Number(seconds) * 1_000, 0);
}

async function takeStarts(trace: string): Promise<number> {
  const text = await readFile(trace, 'utf8');
  await rm(trace);
  return text.split('\n').filter((line) => /execve\(.*= 0$/.test(line)).length;
}
