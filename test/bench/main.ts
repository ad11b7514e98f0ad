import { rm } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { messageOf } from '../../src/domain/errors.js';
import { MARKER, RUN_VARIABLE, runFolder } from '../bed/place.js';
import { endProcesses, processesOf } from '../bed/processes.js';
import type { Machine } from '../bed/machine.js';
import { Application, PROCESSES } from './application.js';
import { measureCrowd } from './crowd.js';
import { measureImport } from './import.js';
import { parseOptions, type Measure, type Options } from './options.js';
import { measurePolls } from './polls.js';
import { measureRelease } from './release.js';
import { reportOf, type Results } from './report.js';
import { measureRestart } from './restart.js';
import { openWay, WAYS, type Way, type WayName } from './way.js';

// npm run bench: what people do today and what we do, side by side on this machine, in turns. Ratios count; seconds are the machine's.

/** Which ways each measure needs. */
const NEEDED: Readonly<Record<Measure, readonly WayName[]>> = {
  release: WAYS,
  restart: [WAYS[0]],
  import: [WAYS[1]],
  polls: [],
  crowd: [],
};

const [FAILED, INTERRUPTED] = [1, 130];
const id = process.pid.toString(36);
process.env[RUN_VARIABLE] = id;
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    interrupt.abort(new Error('interrupted'));
  });

// Not merely an exit code: an interrupted measure still waits for what the sweep has ended.
process.exit(await main());

async function main(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2));
    const load = loadavg();
    const results = await Promise.race([measure(options), interrupted(interrupt.signal)]);
    print(options, results, load);
    return 0;
  } catch (error) {
    console.error(messageOf(error));
    return interrupt.signal.aborted ? INTERRUPTED : FAILED;
  } finally {
    await sweep();
  }
}

async function measure(options: Options): Promise<Results> {
  const { rounds, measures } = options;
  const wants = (name: Measure): boolean => measures.includes(name);
  return {
    ...(await measureOnApplication(options)),
    polls: wants('polls') ? await measurePolls(rounds, tell) : null,
    crowd: wants('crowd') ? await measureCrowd(tell) : null,
  };
}

/** What needs an application that is brought to machines. */
async function measureOnApplication({
  rounds,
  measures,
}: Options): Promise<Omit<Results, 'polls' | 'crowd'>> {
  const needed = WAYS.filter((way) => measures.some((each) => NEEDED[each].includes(way)));
  if (needed.length === 0) return { tree: null, release: null, restart: null, import: null };
  tell('a repository, a registry, a dependency tree');
  const application = await Application.open();
  const ways: Way[] = [];
  for (const name of needed) {
    tell(`a machine for ${name}`);
    ways.push(await openWay(name, application));
  }
  const machineOf = (wanted: WayName): Machine | null =>
    ways.find(({ name }) => name === wanted)?.machine ?? null;
  const [today, adopted] = [machineOf(WAYS[0]), machineOf(WAYS[1])];
  const wants = (name: Measure): boolean => measures.includes(name);
  return {
    tree: application.tree,
    release: wants('release') ? await measureRelease({ application, ways }, rounds, tell) : null,
    restart: wants('restart') && today !== null ? await measureRestart(today, rounds, tell) : null,
    import: wants('import') && adopted !== null ? await measureImport(adopted, tell) : null,
  };
}

function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('interrupted'));
    });
  });
}

function print({ json, rounds }: Options, results: Results, load: readonly number[]): void {
  const facts = {
    node: process.version,
    cores: availableParallelism(),
    load: [load[0] ?? 0, loadavg()[0] ?? 0],
    rounds,
    processes: PROCESSES,
    tree: results.tree,
  };
  if (json) {
    console.log(JSON.stringify({ schema: 1, ...facts, ...results }, null, 2));
    return;
  }
  const [before, after] = facts.load.map((each) => each.toFixed(1));
  const header = [
    'What people do today against pm2-gitops, in turns on one machine: medians (lowest–highest), ratios round by round.',
    `Node ${facts.node}, ${facts.cores} cores, load ${before ?? ''} before and ${after ?? ''} after; ${rounds} rounds;`,
    `${facts.processes} fork processes; ${describeTree(facts.tree)}git and registry on loopback.`,
    '',
  ];
  console.log([...header, ...reportOf(results)].join('\n'));
}

function describeTree(tree: Results['tree']): string {
  return tree === null ? '' : `${tree.packages} packages with ${tree.files} files; `;
}

function tell(text: string): void {
  console.error(text);
}

/** Ends and removes everything that carries this run's mark, whatever happened. */
async function sweep(): Promise<void> {
  const folder = runFolder(id);
  await endProcesses(() => processesOf({ variable: `${MARKER}=${id}/`, folder }));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
