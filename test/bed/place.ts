import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { endProcesses, processesOf } from './processes.js';

/** Every process that a bed starts carries this variable; its value begins with the id of the test run. */
export const MARKER = 'PM2_GITOPS_BED';

/** The runner gives all test files one run id by this variable; a file that runs alone makes its own. */
export const RUN_VARIABLE = 'PM2_GITOPS_BED_RUN';

/** A folder of its own for one machine, remote or registry, with the mark of all processes that belong to it. */
export interface Place {
  readonly folder: string;
  readonly mark: string;
}

/** The folder below which all places of a run live. */
export function runFolder(run: string): string {
  return join(tmpdir(), `pgo-${run}`);
}

/** Makes a place. Its path is short: the path of a unix socket below it may have 107 bytes at most. */
export async function openPlace(): Promise<Place> {
  const run = ownRun();
  await mkdir(runFolder(run), { recursive: true });
  const folder = await mkdtemp(`${runFolder(run)}/`);
  return { folder, mark: `${run}/${basename(folder)}` };
}

/** Ends every process of the place. */
export async function stopPlace({ folder, mark }: Place): Promise<void> {
  await endProcesses(() => processesOf({ variable: `${MARKER}=${mark}`, folder }));
}

/** Ends every process of the place, then removes it. */
export async function closePlace(place: Place): Promise<void> {
  const { folder } = place;
  await stopPlace(place);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  // The runner keeps the claims of ports until all files have ended; a file that runs alone takes its own back with its last place.
  if (process.env[RUN_VARIABLE] === undefined && (await isLastPlace()))
    await rm(runFolder(ownRun()), { recursive: true, force: true });
}

/** The first of `count` neighbouring free ports, which no other bed of this run will be given. */
export async function claimPorts(count: number): Promise<number> {
  const claims = join(runFolder(ownRun()), 'ports');
  await mkdir(claims, { recursive: true });
  // Below the range from which the kernel picks ports for others; a block is 20 ports, claimed by making its folder.
  for (let first = 20_000 + (process.pid % 97) * 20; first < 32_000; first += 20) {
    if ((await claim(join(claims, String(first)))) && (await allFree(first, count))) return first;
  }
  throw new Error('no free block of ports below 32000');
}

async function isLastPlace(): Promise<boolean> {
  const left = await readdir(runFolder(ownRun())).catch(() => []);
  return left.every((name) => name === 'ports');
}

function ownRun(): string {
  return process.env[RUN_VARIABLE] ?? process.pid.toString(36);
}

async function claim(folder: string): Promise<boolean> {
  return mkdir(folder).then(
    () => true,
    () => false,
  );
}

async function allFree(first: number, count: number): Promise<boolean> {
  const tries = Array.from({ length: count }, (_, index) => isFree(first + index));
  return (await Promise.all(tries)).every(Boolean);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () =>
      server.close(() => {
        resolve(true);
      }),
    );
  });
}
