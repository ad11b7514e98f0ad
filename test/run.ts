import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { MARKER, RUN_VARIABLE, runFolder } from './bed/place.js';
import { endProcesses, processesOf } from './bed/processes.js';

// Runs the compiled tests whose path holds one of the given words (all, without any), then looks for what they left behind.

const HERE = dirname(fileURLToPath(import.meta.url));
const FILE_LIMIT_MS = 15 * 60_000;
// The scenes wait half of the time: on two cores more than three at once only make each other slow.
const CONCURRENCY = 3;
// Their files take the longest: begun first, they leave only short ones for the end.
const LONG_FOLDERS = ['fleet', 'faults', 'sweep', 'scenarios', 'runtime', 'simulate', 'workspace', 'cli'];
const SHOWN = 10;

interface Told {
  readonly file?: string;
  readonly nesting: number;
  readonly details: { readonly duration_ms: number };
}

const id = process.pid.toString(36);
process.env[RUN_VARIABLE] = id;
const files = testFiles(process.argv.slice(2));
if (files.length === 0) {
  console.error(
    `no test file under ${HERE} has one of these words in its path: ${process.argv.slice(2).join(', ')}`,
  );
  process.exit(1);
}
const events = run({ files, concurrency: CONCURRENCY, timeout: FILE_LIMIT_MS });
const tookMs = new Map<string, number>();
events.on('test:pass', addTime);
events.on('test:fail', (failed) => {
  addTime(failed);
  if (failed.todo === undefined || failed.todo === false) process.exitCode = 1;
});
await pipeline(events, new spec(), process.stdout, { end: false });
showSlowest();
await sweep();

function testFiles(words: readonly string[]): string[] {
  return readdirSync(HERE, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js'))
    .filter((path) => words.length === 0 || words.some((word) => path.split(sep).join('/').includes(word)))
    .sort()
    .sort((one, other) => rankOf(one) - rankOf(other))
    .map((path) => join(HERE, path));
}

function rankOf(path: string): number {
  const at = LONG_FOLDERS.indexOf(path.split(sep)[0] ?? '');
  return at === -1 ? LONG_FOLDERS.length : at;
}

function addTime({ file = '', nesting, details }: Told): void {
  if (nesting === 0) tookMs.set(file, (tookMs.get(file) ?? 0) + details.duration_ms);
}

/** Prints the files whose tests took the longest. */
function showSlowest(): void {
  const slowest = [...tookMs].sort(([, one], [, other]) => other - one).slice(0, SHOWN);
  const rows = slowest.map(
    ([file, ms]) => `${(ms / 1000).toFixed(1).padStart(6)} s  ${relative(HERE, file)}`,
  );
  console.log(`the files that took the longest:\n${rows.join('\n')}`);
}

/** Says what the tests left behind, removes it, and turns the run into a failure. */
async function sweep(): Promise<void> {
  const folder = runFolder(id);
  const list = (): ReturnType<typeof processesOf> => processesOf({ variable: `${MARKER}=${id}/`, folder });
  const left = list().map(({ pid, command }) => `process ${pid}: ${command}`);
  await rm(join(folder, 'ports'), { recursive: true, force: true });
  if (existsSync(folder))
    left.push(...readdirSync(folder).map((name) => `folder ${relative('.', join(folder, name))}`));
  if (left.length > 0) {
    console.error(`the tests left behind:\n  ${left.join('\n  ')}`);
    process.exitCode = 1;
  }
  await endProcesses(list);
  await rm(folder, { recursive: true, force: true });
}
