import { fileURLToPath } from 'node:url';
import type { Machine } from '../bed/machine.js';
import { waitFor } from '../bed/wait.js';
import { PROCESSES } from './application.js';
import { ratiosOf, spreadOf, type Spread } from './numbers.js';

/** Restarts of all processes of one daemon: until the last one started, and until the command ended. */
export interface RestartResult {
  readonly name: string;
  readonly serves: Spread;
  readonly ends: Spread;
  readonly ratio: Spread;
}

interface Restarted {
  readonly servesMs: number;
  readonly endsMs: number;
}

const ROLL = fileURLToPath(new URL('roll-program.js', import.meta.url));
const LIMIT_MS = 120_000;

/** Has pm2's own command and our roll, each in a process of its own, restart the same processes in turn. */
export async function measureRestart(
  machine: Machine,
  rounds: number,
  tell: (text: string) => void,
): Promise<RestartResult[]> {
  const commands = new Map([
    ['pm2 restart all', ['pm2', 'restart', 'all']],
    ['our roll, settle 0: one, then all others', [process.execPath, ROLL, machine.pm2Home, machine.root]],
  ]);
  const taken = new Map<string, Restarted[]>([...commands.keys()].map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % 2 === 0 ? [...commands] : [...commands].reverse();
    for (const [name, command] of turn) {
      tell(`round ${round + 1} of ${rounds}: ${name}`);
      taken.get(name)?.push(await restartAll(machine, command));
    }
  }
  const today = ([...taken.values()][0] ?? []).map(({ servesMs }) => servesMs);
  return Array.from(taken, ([name, all]) => {
    const serves = all.map(({ servesMs }) => servesMs);
    const ends = spreadOf(all.map(({ endsMs }) => endsMs));
    return { name, serves: spreadOf(serves), ends, ratio: ratiosOf(today, serves) };
  });
}

async function restartAll(machine: Machine, [file = '', ...args]: readonly string[]): Promise<Restarted> {
  const before = (await machine.starts()).length;
  const startedAt = Date.now();
  await machine.must(file, args, { timeoutMs: LIMIT_MS });
  const endsMs = Date.now() - startedAt;
  const starts = await waitFor(`${PROCESSES} starts`, async () => {
    const since = (await machine.starts()).slice(before);
    return since.length >= PROCESSES && since;
  });
  return { servesMs: Math.max(...starts.map(({ at }) => at)) - startedAt, endsMs };
}
