import { existsSync, readlinkSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { releaseFolder, sameRelease } from '../../src/domain/release.js';
import { quarantined, type Upgrade } from '../../src/domain/upgrade.js';
import type { Outcome } from '../../src/domain/run.js';
import { connectDaemon } from '../../src/runtime/rpc.js';
import { listProcesses, type ListedProcess } from '../../src/runtime/processes.js';
import { releaseTree } from '../../src/state/layout.js';
import { journalLine } from '../../src/state/schema.js';
import { runIds, readRun } from '../../src/state/runs.js';
import { readMark } from '../../src/workspace/mark.js';
import { askApp } from '../bed/machine.js';
import { MARKER } from '../bed/place.js';
import { processesOf } from '../bed/processes.js';
import { impossibleSteps } from './chain.js';
import type { Subject, Tagged } from './subject.js';
import { namesBelow, weigh } from './weigh.js';

/** Which promise was broken: it hangs or does not converge, serves a mixed or wrong release, leaves something behind, or records what is not so. */
export const BREACHES = ['wedge', 'mixed', 'leftover', 'record'] as const;

/** A promise that was broken, and how. */
export interface Complaint {
  readonly breach: (typeof BREACHES)[number];
  readonly text: string;
}

/** Where a machine must be, whatever was killed. */
export interface Expectation {
  readonly serves: Tagged;
  /** The release that failed here, or null. */
  readonly failed: Tagged | null;
  readonly outcome: Outcome;
  /** Runs that were there before. */
  readonly before: readonly string[];
  /** What the root may weigh at most. */
  readonly maxBytes: number;
}

/** Looks at everything that is promised of a machine at rest. */
export async function inspect(subject: Subject, expected: Expectation): Promise<Complaint[]> {
  const lines = await journalOf(subject);
  const upgrade = lines.at(-1);
  if (upgrade === undefined) return [{ breach: 'wedge', text: 'no journal' }];
  return [
    ...convergence(upgrade, expected).map(as('wedge')),
    ...(await serving(subject, expected)).map(as('mixed')),
    ...(await files(subject, expected.serves)).map(as('mixed')),
    ...(await leftovers(subject, upgrade)).map(as('leftover')),
    ...(await weight(subject, expected)).map(as('leftover')),
    ...strays(subject).map(as('leftover')),
    ...impossibleSteps(lines)
      .map((step) => `the journal steps ${step}`)
      .map(as('record')),
    ...(await runs(subject, expected)).map(as('record')),
  ];
}

/** What a root weighs without what may grow: history of the repositories, and what is kept of runs. */
export function weightOf({ layout }: Subject): Promise<number> {
  return weigh(layout.root, [
    '.git',
    'mirror.git',
    'runs',
    basename(layout.journal),
    basename(layout.observed),
    basename(layout.refs),
  ]);
}

/** Every line of the journal. */
export async function journalOf({ layout }: Subject): Promise<Upgrade[]> {
  const text = await readFile(layout.journal, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => v.parse(journalLine, JSON.parse(line)).upgrade);
}

function as(breach: Complaint['breach']) {
  return (text: string): Complaint => ({ breach, text });
}

function convergence(upgrade: Upgrade, { serves, failed }: Expectation): string[] {
  const active = upgrade.active?.release ?? null;
  return [
    ...(upgrade.phase.at === 'idle' ? [] : [`rests in ${upgrade.phase.at}`]),
    ...(sameRelease(active, serves) ? [] : [`active is ${active?.tag ?? 'nothing'}, not ${serves.tag}`]),
    ...(failed === null || quarantined(upgrade, failed) !== null
      ? []
      : [`${failed.tag} is not in quarantine`]),
    ...(quarantined(upgrade, serves) === null ? [] : [`${serves.tag} is in quarantine`]),
  ];
}

async function serving(subject: Subject, { serves }: Expectation): Promise<string[]> {
  const { ports, layout, strategy } = subject;
  const processes = await pm2List(subject);
  const complaints = processes
    .filter(({ status, pid }) => status !== 'online' || pid === null)
    .map(({ pmId, status }) => `process ${pmId} is ${status}`);
  if (processes.length !== ports.length) complaints.push(`pm2 lists ${processes.length} processes`);
  for (const port of ports) {
    const answer = await askApp(port);
    const [version, dep] = [answer?.version, answer?.dependencies['dep']];
    if (version !== serves.tag || dep !== serves.tag)
      complaints.push(`port ${port} serves ${String(version)} with the dependencies of ${String(dep)}`);
    if (!processes.some(({ pid }) => pid === answer?.pid))
      complaints.push(`port ${port} is served by a stranger`);
  }
  const home = strategy === 'checkout' ? layout.root : releaseTree(layout, serves);
  for (const { pid, pmId } of processes) {
    const cwd = pid === null ? null : folderOf(pid);
    if (cwd !== null && cwd !== home) complaints.push(`process ${pmId} runs in ${cwd}`);
  }
  return complaints;
}

/** The pointer names the release, and the release is complete. */
async function files({ layout, strategy, machine }: Subject, serves: Tagged): Promise<string[]> {
  const complaints: string[] = [];
  if (strategy === 'releases') {
    const named = basename(await readlink(layout.current).catch(() => 'nothing'));
    if (named !== releaseFolder(serves)) complaints.push(`current names ${named}`);
    if ((await readMark(releaseTree(layout, serves)))?.commit !== serves.commit) complaints.push('no mark');
  } else {
    const head = await machine.must('git', ['rev-parse', 'HEAD']);
    const status = await machine.must('git', ['status', '--porcelain']);
    if (head !== serves.commit) complaints.push(`HEAD is ${head}`);
    if (status !== '') complaints.push(`git status: ${status}`);
  }
  const tree = strategy === 'checkout' ? layout.root : releaseTree(layout, serves);
  return [...complaints, ...(await brokenFiles(tree, serves)).map((path) => `${path} is not as committed`)];
}

/** The files of a complete release that are not as they were committed or built. */
export async function brokenFiles(tree: string, { files: committed }: Tagged): Promise<string[]> {
  const built = { ...committed, 'dist/server.cjs': committed['src/server.cjs'] ?? '' };
  const broken: string[] = [];
  for (const [path, text] of Object.entries(built))
    if ((await readFile(join(tree, path), 'utf8').catch(() => null)) !== text) broken.push(path);
  return broken;
}

// What may lie in the state folder of a machine at rest.
const RESTING = [
  ...[
    'machine.json',
    'orders.json',
    'observed.json',
    'refs.json',
    'journal.jsonl',
    'upgrade.lock',
    'poll.lock',
  ],
  ...[
    ...['policy.json', 'dates.json'],
    'live.json',
    'kept',
    'mirror.git',
    'runs',
    'stage',
    'answers',
    'compared.json',
    'compared.index',
    'offspring.json',
    'reserve',
  ],
];
const EMPTY = ['stage', 'answers'];

async function leftovers({ layout, strategy, machine }: Subject, upgrade: Upgrade): Promise<string[]> {
  const state = await namesBelow(layout.state);
  const kept = state.filter((path) => /^kept\/[^/]+$/.test(path)).map((path) => basename(path));
  const found = [
    ...state.filter((path) => !path.includes('/') && !RESTING.includes(path)),
    ...state.filter((path) => EMPTY.some((folder) => path.startsWith(`${folder}/`))),
    ...state.filter(
      (path) =>
        path.endsWith('.tmp') ||
        /(^|\/)(tmp_[^/]*|[^/]*\.lock)$/.test(path.replace(/^(upgrade|poll)\.lock$/, '')),
    ),
    ...kept.filter((commit) => commit !== upgrade.previous?.commit).map((commit) => `kept/${commit}`),
    ...(await readdir(layout.root)).filter(
      (name) => name.startsWith('.current-next') || name.endsWith('.tmp'),
    ),
    ...(await readdir(machine.path('tmp')))
      .filter((name) => !name.startsWith('trace-'))
      .map((name) => `$TMPDIR/${name}`),
  ];
  if (strategy === 'releases') {
    const releases = await readdir(layout.releases);
    if (releases.length > 2) found.push(...releases.map((name) => `releases/${name}`));
    return found;
  }
  const git = (await namesBelow(join(layout.root, '.git'))).filter((path) => path.endsWith('.lock'));
  const rescued = await machine.must('git', [
    'for-each-ref',
    '--format=%(refname)',
    'refs/pm2-gitops/rescue',
    'refs/stash',
  ]);
  return [...found, ...git.map((path) => `.git/${path}`), ...rescued.split('\n').filter(Boolean)];
}

async function weight(subject: Subject, { maxBytes }: Expectation): Promise<string[]> {
  const bytes = await weightOf(subject);
  return bytes <= maxBytes ? [] : [`the root weighs ${bytes} bytes, not ${maxBytes}`];
}

/** Processes of this machine that are neither pm2's, nor the apps', nor the poller. */
function strays({ machine, poller }: Subject): string[] {
  const folder = machine.path();
  const mark = machine.env[MARKER] ?? '';
  return (
    processesOf({ variable: `${MARKER}=${mark}`, folder })
      // Without a command it has ended, and waits for somebody to ask.
      .filter(
        ({ pid, command }) => pid !== poller?.pid && command !== '' && !/PM2|pm2|server\.cjs/.test(command),
      )
      .map(({ pid, command }) => `process ${pid} lives on: ${command.slice(0, 200)}`)
  );
}

async function runs(
  { layout }: Subject,
  { before, outcome, serves, failed }: Expectation,
): Promise<string[]> {
  const complaints: string[] = [];
  const ids = (await runIds(layout)).filter((id) => !before.includes(id));
  for (const id of ids) {
    const run = await readRun(layout, id);
    if (run === null) complaints.push(`run ${id} has no record`);
    else if (run.endedAt === null) complaints.push(`run ${id} has no end`);
    else if (run.endedAt < run.startedAt) complaints.push(`run ${id} ended before it began`);
  }
  const last = ids.at(-1);
  const run = last === undefined ? null : await readRun(layout, last);
  if (run?.outcome !== outcome) complaints.push(`the last run is ${String(run?.outcome)}, not ${outcome}`);
  if (!sameRelease(run?.to ?? null, failed ?? serves))
    complaints.push(`the last run went to ${String(run?.to.tag)}`);
  return complaints;
}

async function pm2List({ machine }: Subject): Promise<readonly ListedProcess[]> {
  const signal = AbortSignal.timeout(10_000);
  const daemon = await connectDaemon({ home: machine.pm2Home, platform: process.platform }, signal);
  try {
    return await listProcesses(daemon, signal);
  } finally {
    daemon.close();
  }
}

function folderOf(pid: number): string | null {
  const link = `/proc/${pid}/cwd`;
  return existsSync(link) ? readlinkSync(link) : null;
}
