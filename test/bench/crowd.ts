import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Machine } from '../bed/machine.js';
import { Remote } from '../bed/remote.js';
import { GitServer } from './git-server.js';
import { bareEnv, cpuOf } from './quiet-way.js';
import { growTo, NEWEST } from './tags.js';

/** What a thousand machines that look once ask of one core with `git http-backend`. */
export interface CrowdResult {
  readonly machines: number;
  readonly tags: number;
  readonly ways: readonly CrowdWay[];
}

/** One way of looking, for all machines together. */
export interface CrowdWay {
  readonly name: string;
  readonly wallMs: number;
  readonly requests: number;
  readonly wireBytes: number;
  /** Of git on the server's side, without the web server before it. */
  readonly backendCpuMs: number;
  /** Of all who look. */
  readonly lookersCpuMs: number;
}

const [MACHINES, TAGS, AT_ONCE] = [1_000, 1_000, 8];
const PROGRAM = fileURLToPath(new URL('crowd-program.js', import.meta.url));
const [SERVER_CORE, LOOKERS_CORE] = ['0', '1'];

/** Has a thousand looks made at a server that has one core, by the poller's code and by `git ls-remote`; the lookers have another core. */
export async function measureCrowd(tell: (text: string) => void): Promise<CrowdResult> {
  const remote = await Remote.open();
  const machine = await Machine.open();
  await remote.release(NEWEST, { version: NEWEST });
  await growTo(remote, TAGS);
  const before = ['taskset', '-c', SERVER_CORE];
  const server = await GitServer.open(dirname(fileURLToPath(remote.fileUrl)), {
    env: bareEnv(machine),
    before,
  });
  const ways: readonly (readonly [string, readonly string[]])[] = [
    ['pm2-gitops, a look', [process.execPath, PROGRAM, server.url, String(MACHINES), String(AT_ONCE)]],
    [
      'git ls-remote --tags',
      ['sh', '-c', `seq ${MACHINES} | xargs -P ${AT_ONCE} -I{} git ls-remote --tags ${server.url}`],
    ],
  ];
  const results: CrowdWay[] = [];
  for (const [name, command] of ways) {
    tell(`${MACHINES} machines: ${name}`);
    const { result, served } = await server.during(async () => {
      const startMs = performance.now();
      const lookersCpuMs = await cpuOf(machine, ['taskset', '-c', LOOKERS_CORE, ...command]);
      return { wallMs: performance.now() - startMs, lookersCpuMs };
    });
    results.push({ name, ...result, ...served });
  }
  await server.close();
  await machine.close();
  await remote.close();
  return { machines: MACHINES, tags: TAGS, ways: results };
}
