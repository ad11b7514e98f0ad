import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PRODUCT, type Machine } from '../bed/machine.js';
import { waitFor } from '../bed/wait.js';
import type { GitServer } from './git-server.js';
import { runHost } from './import.js';
import { spreadOf, type Spread } from './numbers.js';
import { bareEnv } from './quiet-way.js';

/** Resident memory in MB after three turns of the schedule. */
export interface MemoryResult {
  /** Of `pm2-gitops run`. */
  readonly standing: Spread;
  /** Of it what it shares with no other process. */
  readonly own: Spread;
  /** What the embedded agent adds to a host. */
  readonly embedded: number;
  readonly bareHost: number;
}

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const [PROCESSES, HOSTS, POLLS] = [3, 3, 3];
const LIMIT_MS = 120_000;
const BYTES_PER_KB = 1024;
const BYTES_PER_MB = 1_000_000;

/** Measures the poller by itself, and hosts with and without it in turn. */
export async function measureMemory(
  machine: Machine,
  server: GitServer,
  tell: (text: string) => void,
): Promise<MemoryResult> {
  await machine.configure({ poll: '10s' });
  const standing: Standing[] = [];
  for (let time = 1; time <= PROCESSES; time += 1) {
    tell(`the poller by itself, ${time} of ${PROCESSES}`);
    standing.push(await standAlone(machine, server));
  }
  const [bare, embedding]: [number[], number[]] = [[], []];
  for (let host = 1; host <= HOSTS; host += 1) {
    tell(`host ${host} of ${HOSTS}, without and with the agent`);
    bare.push((await runHost(machine, [])).polledMb);
    embedding.push((await runHost(machine, [PRODUCT.href, machine.root, 'turns'])).polledMb);
  }
  const bareHost = spreadOf(bare).median;
  return {
    standing: spreadOf(standing.map(({ residentMb }) => residentMb)),
    own: spreadOf(standing.map(({ ownMb }) => ownMb)),
    embedded: spreadOf(embedding).median - bareHost,
    bareHost,
  };
}

interface Standing {
  readonly residentMb: number;
  readonly ownMb: number;
}

async function standAlone(machine: Machine, server: GitServer): Promise<Standing> {
  const args = [MAIN, 'run', '--root', machine.root];
  const poller = spawn(process.execPath, args, { env: bareEnv(machine), stdio: 'ignore' });
  const ended = once(poller, 'exit');
  const asked = await server.requests();
  const options = { limitMs: LIMIT_MS, everyMs: 500 };
  await waitFor('three polls', async () => (await server.requests()) >= asked + POLLS, options);
  const rollup = await readFile(`/proc/${poller.pid ?? 0}/smaps_rollup`, 'utf8');
  poller.kill();
  await ended;
  return {
    residentMb: megabytes(rollup, ['Rss']),
    ownMb: megabytes(rollup, ['Private_Clean', 'Private_Dirty']),
  };
}

function megabytes(rollup: string, names: readonly string[]): number {
  const kilobytes = names.map((name) => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(rollup)?.[1]));
  return (kilobytes.reduce((sum, each) => sum + each) * BYTES_PER_KB) / BYTES_PER_MB;
}
