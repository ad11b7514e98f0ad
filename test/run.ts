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
// Each file of scenarios runs pm2 daemons and installs of its own: more at once only make each other slow.
const CONCURRENCY = 2;

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
events.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
await pipeline(events, new spec(), process.stdout, { end: false });
await sweep();

function testFiles(words: readonly string[]): string[] {
  return readdirSync(HERE, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js'))
    .filter((path) => words.length === 0 || words.some((word) => path.split(sep).join('/').includes(word)))
    .sort()
    .map((path) => join(HERE, path));
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
