import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { appFiles } from '../bed/app.js';
import { Machine } from '../bed/machine.js';
import { claimPorts } from '../bed/place.js';
import { Remote } from '../bed/remote.js';
import { PROCESSES } from './application.js';
import { GitServer } from './git-server.js';
import { measureMemory, type MemoryResult } from './memory.js';
import { ratiosOf, spreadOf, type Spread } from './numbers.js';
import { bareEnv, openQuietWays, type QuietWay } from './quiet-way.js';
import { growTo, NEWEST } from './tags.js';

/** What polls that find nothing take, by the number of tags, and the memory of the poller with the most of them. */
export interface PollsResult {
  readonly sizes: readonly SizeResult[];
  readonly memory: MemoryResult;
}

/** One number of tags; the first way is ours. */
export interface SizeResult {
  readonly tags: number;
  readonly ways: readonly LookResult[];
}

/** What one look takes; bytes and requests are medians. */
export interface LookResult {
  readonly name: string;
  readonly cpuMs: Spread;
  /** How many times as much CPU time as ours, round by round. */
  readonly ratio: Spread;
  readonly wireBytes: number;
  readonly requests: number;
  /** How many programs it starts; null where there is no strace. */
  readonly programs: number | null;
}

interface Look {
  readonly cpuMs: number;
  readonly wireBytes: number;
  readonly requests: number;
}

const SIZES = [100, 1_000, 10_000];
const STRACE = '/usr/bin/strace';

/** Has every way look in turn, again and again, at a repository that grows and of which the machine has the newest release. */
export async function measurePolls(rounds: number, tell: (text: string) => void): Promise<PollsResult> {
  tell('a machine with ten processes on the newest release');
  const remote = await Remote.open();
  const machine = await Machine.open();
  const server = await GitServer.open(dirname(fileURLToPath(remote.fileUrl)), { env: bareEnv(machine) });
  await runNewest(machine, remote, server.url);
  const ways = await openQuietWays({ machine, url: server.url });
  const sizes: SizeResult[] = [];
  for (const tags of SIZES) {
    await growTo(remote, tags);
    sizes.push({
      tags,
      ways: await measureSize(ways, {
        server,
        rounds,
        tell: (text) => {
          tell(`${tags} tags: ${text}`);
        },
      }),
    });
  }
  const memory = await measureMemory(machine, server, tell);
  await Promise.all(ways.map((way) => way.close()));
  await server.close();
  await machine.close();
  await remote.close();
  return { sizes, memory };
}

/** An adopted checkout with all processes on the newest release. */
async function runNewest(machine: Machine, remote: Remote, url: string): Promise<void> {
  const port = await claimPorts(PROCESSES);
  const apps = [{ name: 'web', port, instances: PROCESSES }];
  await remote.release(NEWEST, appFiles({ version: NEWEST, apps, gitops: { health: { settle: '500ms' } } }));
  await machine.deploy(remote, NEWEST);
  await machine.must('git', ['remote', 'set-url', 'origin', url]);
  for (const args of [['init', '--yes'], ['apply']]) {
    const { code, stderr } = await machine.cli(args);
    if (code !== 0) throw new Error(`pm2-gitops ${args.join(' ')}: ${stderr}`);
  }
}

interface Measuring {
  readonly server: GitServer;
  readonly rounds: number;
  readonly tell: (text: string) => void;
}

async function measureSize(ways: readonly QuietWay[], measuring: Measuring): Promise<LookResult[]> {
  const taken = new Map<QuietWay, Look[][]>(ways.map((way) => [way, []]));
  // The first look after tags were added is none that finds nothing.
  for (const way of ways) await way.look();
  for (let round = 0; round < measuring.rounds; round += 1) {
    measuring.tell(`round ${round + 1} of ${measuring.rounds}`);
    const turn = round % 2 === 0 ? ways : ways.toReversed();
    for (const way of turn) taken.get(way)?.push(await lookAgain(way, measuring.server));
  }
  const ours = cpuByRound([...taken.values()][0] ?? []);
  const results: LookResult[] = [];
  for (const [way, byRound] of taken) {
    const all = byRound.flat();
    results.push({
      name: way.name,
      cpuMs: spreadOf(all.map(({ cpuMs }) => cpuMs)),
      ratio: ratiosOf(cpuByRound(byRound), ours),
      wireBytes: spreadOf(all.map(({ wireBytes }) => wireBytes)).median,
      requests: spreadOf(all.map(({ requests }) => requests)).median,
      programs: existsSync(STRACE) ? await way.programs() : null,
    });
  }
  return results;
}

async function lookAgain(way: QuietWay, server: GitServer): Promise<Look[]> {
  const looks: Look[] = [];
  for (let look = 0; look < way.looks; look += 1) {
    const { result, served } = await server.during(() => way.look());
    looks.push({ cpuMs: result, wireBytes: served.wireBytes, requests: served.requests });
  }
  return looks;
}

function cpuByRound(rounds: readonly (readonly Look[])[]): number[] {
  return rounds.map((looks) => spreadOf(looks.map(({ cpuMs }) => cpuMs)).median);
}
