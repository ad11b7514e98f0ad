import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Start } from '../bed/answers.js';
import { askApp, Machine } from '../bed/machine.js';
import { claimPorts } from '../bed/place.js';
import { waitFor } from '../bed/wait.js';
import { layoutOf } from '../../src/state/layout.js';
import { PORT_FILE, PROCESSES, type Application } from './application.js';
import { spansOfApply, type Span } from './timeline.js';

/** One release brought to one machine, in milliseconds from the command's start. */
export interface Brought {
  /** Until the last of the processes started with the new release, by the application's own word. */
  readonly servesMs: number;
  /** Until the command gave the prompt back. */
  readonly endsMs: number;
  readonly spans: readonly Span[];
}

/** A way of bringing releases to a machine, and the machine on which it is gone. */
export interface Way {
  readonly name: WayName;
  readonly machine: Machine;
  /** Brings a release that was just tagged. */
  bring(tag: string): Promise<Brought>;
}

/** The ways that are compared. */
export type WayName = (typeof WAYS)[number];

/** Today's way first. */
export const WAYS = [
  'git pull && npm ci && pm2 restart all',
  'pm2-gitops apply, adopted checkout',
  'pm2-gitops apply, releases root',
] as const;

const FIRST = 'v1.0.0';
const LIMIT_MS = 180_000;

/** Sets a machine up for a way: the first release runs in all its processes. */
export async function openWay(name: WayName, application: Application): Promise<Way> {
  const machine = await Machine.open({ registry: application.registry });
  const port = await claimPorts(PROCESSES);
  await writeFile(join(machine.home, PORT_FILE), String(port));
  await SET_UP[name](machine, application);
  await allRun(machine, { tag: FIRST, port });
  const bring = name === WAYS[0] ? bringAsToday : bringByApply;
  return {
    name,
    machine,
    bring: async (tag) => {
      const before = (await machine.starts()).length;
      const startedAt = Date.now();
      const spans = await bring(machine, startedAt);
      const endsMs = Date.now() - startedAt;
      const at = await allRun(machine, { tag, port });
      if ((await machine.starts()).length !== before + PROCESSES)
        throw new Error(`${name}: not every process started exactly once`);
      return { servesMs: at - startedAt, endsMs, spans: spans(startedAt + endsMs) };
    },
  };
}

type Spans = (endedAt: number) => readonly Span[];

const SET_UP: Readonly<Record<WayName, (machine: Machine, application: Application) => Promise<void>>> = {
  [WAYS[0]]: async (machine, { remote }) => {
    await machine.must('git', ['clone', '--quiet', remote.url, machine.root], { cwd: machine.home });
    await machine.must('npm', ['ci'], { timeoutMs: LIMIT_MS });
    await machine.must('pm2', ['start', 'ecosystem.config.cjs'], { timeoutMs: LIMIT_MS });
  },
  [WAYS[1]]: async (machine, { remote }) => {
    await machine.deploy(remote, FIRST);
    await must(machine, ['init', '--yes']);
    await must(machine, ['apply']);
  },
  [WAYS[2]]: async (machine, { remote }) => {
    await must(machine, ['init', remote.url, '--yes']);
    await must(machine, ['apply', '--start-pm2']);
  },
};

/** The three commands of the story's line, so that each has its time. */
async function bringAsToday(machine: Machine, startedAt: number): Promise<Spans> {
  const spans: Span[] = [];
  let from = startedAt;
  const step = async (kind: Span['kind'], command: readonly [string, ...string[]]): Promise<void> => {
    const [file, ...args] = command;
    await machine.must(file, args, { timeoutMs: LIMIT_MS });
    const to = Date.now();
    spans.push({ name: command.join(' '), kind, from, to });
    from = to;
  };
  await step('fetch', ['git', 'pull']);
  await step('install', ['npm', 'ci']);
  await step('restart', ['pm2', 'restart', 'all']);
  return () => spans;
}

async function bringByApply(machine: Machine, startedAt: number): Promise<Spans> {
  await must(machine, ['apply']);
  const records = await spansOfApply(layoutOf(machine.root), startedAt);
  return records;
}

async function must(machine: Machine, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await machine.cli(args, { timeoutMs: LIMIT_MS });
  if (code !== 0)
    throw new Error(`pm2-gitops ${args.join(' ')} ended with ${code ?? 'a kill'}:\n${stdout}\n${stderr}`);
}

/** Waits until every process has started with a release and answers with it; when the last of them started. */
async function allRun(machine: Machine, { tag, port }: { tag: string; port: number }): Promise<number> {
  const starts = await waitFor(`${PROCESSES} processes with ${tag}`, async () => {
    const found = startsOf(tag, await machine.starts());
    return found.length === PROCESSES && found;
  });
  for (let index = 0; index < PROCESSES; index += 1)
    await waitFor(
      `${tag} on port ${port + index}`,
      async () => (await askApp(port + index))?.version === tag,
    );
  return Math.max(...starts.map(({ at }) => at));
}

function startsOf(tag: string, starts: readonly Start[]): Start[] {
  return starts.filter(({ version }) => version === tag);
}
