import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { PRODUCT, type Machine } from '../bed/machine.js';
import { spreadOf, type Spread } from './numbers.js';

/** What the agent costs the process that embeds it: medians, and a bare host's beside them. */
export interface ImportResult {
  readonly importMs: Spread;
  /** Resident memory over a bare host's, in MB. */
  readonly importedMb: number;
  readonly polledMb: number;
  readonly bareMb: number;
  readonly hosts: number;
}

const HOST = fileURLToPath(new URL('host-program.js', import.meta.url));
const HOSTS = 9;
const LIMIT_MS = 240_000;

const hostSchema = v.object({ importMs: v.number(), importedMb: v.number(), polledMb: v.number() });

/** Starts fresh hosts, with and without the agent in turn. */
export async function measureImport(machine: Machine, tell: (text: string) => void): Promise<ImportResult> {
  const [bare, embedding]: [Host[], Host[]] = [[], []];
  // The first of each fills the system's cache of files and does not count.
  for (let round = 0; round <= HOSTS; round += 1) {
    tell(`host ${round} of ${HOSTS}, without and with the agent`);
    const pair = [await runHost(machine, []), await runHost(machine, [PRODUCT.href, machine.root])] as const;
    if (round === 0) continue;
    bare.push(pair[0]);
    embedding.push(pair[1]);
  }
  const bareMb = medianOf(bare, 'importedMb');
  return {
    importMs: spreadOf(embedding.map(({ importMs }) => importMs)),
    importedMb: medianOf(embedding, 'importedMb') - bareMb,
    polledMb: medianOf(embedding, 'polledMb') - medianOf(bare, 'polledMb'),
    bareMb,
    hosts: HOSTS,
  };
}

type Host = v.InferOutput<typeof hostSchema>;

/** Starts one host with the agent of a product, or a bare one. */
export async function runHost(machine: Machine, args: readonly string[]): Promise<Host> {
  const stdout = await machine.must(process.execPath, [HOST, ...args], { timeoutMs: LIMIT_MS });
  return v.parse(hostSchema, JSON.parse(stdout));
}

function medianOf(hosts: readonly Host[], key: keyof Host): number {
  return spreadOf(hosts.map((host) => host[key])).median;
}
