import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { around, before, type Call } from './around.js';
import { Cutter } from './cutter.js';
import { killTree } from './kill-tree.js';
import { readPlan, type Kill, type Point } from './plan.js';

// Comes before a program: node --import '<this file>?plan=<path>'. In a worker it numbers every call that changes something outside
// the process and kills at the planned one; in whoever launches a worker it only sees to it that the worker gets it as well.

const WORKER = 'worker-main.js';

const FILE_CALLS: readonly [Point['kind'], readonly string[]][] = [
  ['write', ['writeFile', 'appendFile', 'truncate', 'copyFile', 'cp', 'chmod']],
  ['rename', ['rename']],
  ['link', ['link', 'symlink']],
  ['remove', ['rm', 'unlink', 'rmdir']],
  ['folder', ['mkdir']],
];

const { searchParams } = new URL(import.meta.url);
const planPath = searchParams.get('plan') ?? '';
const plan = readPlan(planPath);

const real = { now: Date.now.bind(Date) };

let points = 0;
let step = 'begin';
let visit = 0;
let kill: Kill | null = null;
let held: string | null = null;
const cutter = plan.cuts === null ? null : new Cutter(plan.cuts);

if (plan.aheadMs !== 0) Date.now = () => real.now() + plan.aheadMs;
if (basename(process.argv[1] ?? '') === WORKER) watchWorker();
else passOn();
syncBuiltinESMExports();

/** `sh -c … node worker-main.js` becomes `sh -c … node --import <this> worker-main.js`. */
function passOn(): void {
  before(childProcess, 'spawn', ({ args }) => {
    const given: unknown = args[1];
    if (!Array.isArray(given)) return;
    const at = given.findIndex((text: unknown) => typeof text === 'string' && basename(text) === WORKER);
    if (at !== -1) given.splice(at, 0, '--import', import.meta.url);
  });
}

function watchWorker(): void {
  visit = claimVisit();
  kill = plan.kills[visit] ?? null;
  step = firstStep();
  tell({ kind: 'begin', what: process.argv.at(-1) ?? '', point: 0 });
  if (plan.unsynced !== null) forgetToSync(plan.unsynced);
  watchFiles();
  watchHandles();
  process.on('exit', () => cutter?.cut(`${visit}-end`));
  before(childProcess.ChildProcess.prototype, 'spawn', ({ args }) => {
    reach('spawn', commandOf(args[0]));
  });
  around(childProcess.ChildProcess.prototype, 'spawn', ({ args, go }) => {
    const outcome = go();
    reach('spawned', commandOf(args[0])); // the child lives, and nobody has written it down yet
    return outcome;
  });
  watchPm2();
}

/** Seeded mistakes: `sync` does nothing, or no file that is written by its handle is synced. */
function forgetToSync(what: 'trees' | 'files'): void {
  if (what === 'trees')
    before(childProcess.ChildProcess.prototype, 'spawn', ({ args: [options] }) => {
      const given: unknown =
        typeof options === 'object' && options !== null ? Reflect.get(options, 'args') : [];
      if (Array.isArray(given) && given.includes('sync')) given[given.indexOf('sync')] = 'true';
    });
  else
    around(fs.promises, 'open', ({ go }) => {
      const opened = go();
      if (!(opened instanceof Promise)) return opened;
      return opened.then((file: object) => Object.assign(file, { sync: () => Promise.resolve() }));
    });
}

/** Which worker this is: each makes a file of its own beside the trace. */
function claimVisit(): number {
  for (let n = 0; ; n += 1) {
    try {
      fs.closeSync(fs.openSync(`${plan.trace}.${n}`, 'wx'));
      return n;
    } catch {
      // taken by an earlier worker
    }
  }
}

/** A worker that finds a phase unfinished begins by going on with it. */
function firstStep(): string {
  try {
    const last = fs.readFileSync(plan.journal, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    const at = phaseIn(last);
    return at === null ? 'begin' : at === 'idle' ? 'deciding' : `resuming ${at}`;
  } catch {
    return 'adopting'; // nothing is known of this root yet
  }
}

function watchFiles(): void {
  for (const [kind, names] of FILE_CALLS) {
    for (const name of names) {
      watchFileCall(kind, fs.promises, name);
      watchFileCall(kind, fs, `${name}Sync`);
    }
  }
}

function watchFileCall(kind: Point['kind'], target: object, name: string): void {
  if (name === 'appendFileSync') return; // it calls writeFileSync
  before(target, name, ({ args }) => {
    const what = pathsOf(kind === 'rename' || kind === 'link' ? args.slice(0, 2) : args.slice(0, 1));
    if (!isLog(what)) reach(kind, what);
  });
}

/** Files that are opened first: what is written into them comes by their handle. */
function watchHandles(): void {
  const paths = new WeakMap<object, string>();
  around(fs.promises, 'open', ({ args: [path, flags], go }) => {
    const opened = go();
    if (!(opened instanceof Promise)) return opened;
    return opened.then((file: unknown) => {
      if (typeof file !== 'object' || file === null) return file;
      paths.set(file, String(path));
      if (typeof flags === 'string' && flags !== 'r') watchHandle(file, String(path));
      return file;
    });
  });
}

function watchHandle(file: object, path: string): void {
  for (const name of ['writeFile', 'appendFile', 'write', 'truncate'])
    around(file, name, (call) => {
      reach('write', path);
      return path === plan.journal ? writeJournal(call) : call.go();
    });
  for (const name of ['sync', 'datasync'])
    before(file, name, () => {
      tell({ kind: 'sync', what: path, point: 0 });
    });
}

/** The phase that the journal tells from here on is the step of the points to come. */
function writeJournal({ args, go }: Call): unknown {
  const line = String(args[0]);
  const written = plan.journalLate ? writeLate(line) : go();
  step = phaseIn(line) === 'idle' ? 'tidying' : (phaseIn(line) ?? step);
  return written;
}

/** The seeded mistake: what announces a work is written when the next one begins. */
function writeLate(line: string): Promise<void> {
  if (held === null) process.on('exit', writeHeld);
  else writeHeld();
  held = line;
  return Promise.resolve();
}

function writeHeld(): void {
  if (held !== null) append(plan.journal, held);
}

/** pm2 restarts and stops by what is written to its socket. */
function watchPm2(): void {
  const sockets = new WeakSet();
  before(net.Socket.prototype, 'connect', ({ self, args }) => {
    if (JSON.stringify(args).includes('rpc.sock')) sockets.add(self);
  });
  before(net.Socket.prototype, 'write', ({ self, args }) => {
    if (sockets.has(self)) reach('pm2', /"method":"(\w+)"/.exec(String(args[0]))?.[1] ?? 'call');
  });
}

/** Numbers a point, and dies there if that is planned. */
function reach(kind: Point['kind'], what: string): void {
  points += 1;
  tell({ kind, what, point: points });
  cutter?.cut(`${visit}-${points}`);
  const due = kill?.point === points ? kill : null;
  if (due === null) return;
  if (due.afterMs === null) die(due);
  else setTimeout(die, due.afterMs, due);
}

function die({ victims }: Kill): void {
  tell({ kind: 'kill', what: victims, point: points });
  if (victims === 'tree') killTree(process.pid);
  process.kill(process.pid, 'SIGKILL');
}

function tell(told: Pick<Point, 'kind' | 'what' | 'point'>): void {
  append(plan.trace, `${JSON.stringify({ visit, pid: process.pid, step, ...told })}\n`);
}

/** By calls that are not watched: Node's own appendFileSync calls its writeFileSync. */
function append(path: string, text: string): void {
  const file = fs.openSync(path, 'a');
  fs.writeSync(file, text);
  fs.closeSync(file);
}

function phaseIn(line: string): string | null {
  return /"phase":\{"at":"(\w+)"/.exec(line)?.[1] ?? null;
}

/** A run's log tells what happened; nothing depends on it. */
function isLog(path: string): boolean {
  return path.endsWith('/log.txt');
}

function pathsOf(paths: readonly unknown[]): string {
  return paths.map((path) => (path instanceof URL ? fileURLToPath(path) : String(path))).join(' → ');
}

/** A command without the settings that each git gets. */
function commandOf(options: unknown): string {
  const given: unknown =
    typeof options === 'object' && options !== null && 'args' in options ? options.args : null;
  const args = Array.isArray(given) ? given.map(String) : [];
  return args
    .filter((arg, index) => arg !== '-c' && (args[index - 1] !== '-c' || args[0] !== 'git'))
    .join(' ')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 200);
}
