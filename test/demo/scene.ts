import { systemClock } from '../../src/os/clock.js';
import { alignRows } from '../../src/cli/terminal.js';
import { firstRelease, instancesOf } from './shop.js';
import type { Scene, Telling } from './telling.js';

const FIRST = 'v1.0.0';
const POLL_MS = 10_000;
const LOOK_MS = 100;
const START_LIMIT_MS = 20_000;
const clock = systemClock();

/** A developer's first release, and a machine that runs it as such machines do: one checkout, many processes. */
export async function setTheScene(telling: Telling): Promise<Scene> {
  const { world, screen } = telling;
  introduce(telling);
  screen.chapter(`${FIRST} runs`, 'git clone, pm2 start, pm2-gitops init: as the operator left it');
  screen.live('cloning, pm2-gitops init');
  await world.found();
  await world.publish(FIRST, firstRelease(world.apps));
  await world.install(FIRST, { poll: `${POLL_MS / 1000}s` });
  await everyoneServes(telling);
  showProcesses(telling);
  const { nextPoll, processes, active } = await world.status();
  const { length } = processes.filter(({ commit }) => commit === active?.commit);
  if (length !== instancesOf(world.apps) || nextPoll === null)
    throw new Error(`status --json tells of ${length} processes on ${FIRST}`);
  return { ...telling, turn: Date.parse(nextPoll), everyMs: POLL_MS };
}

function introduce({ world, screen }: Telling): void {
  const { colors } = screen;
  const rows = [
    ['remote', world.remote, 'a bare repository, no network'],
    ['checkout', world.root, `one for all; looks every ${POLL_MS / 1000} s`],
    ['pm2', world.pm2Home, 'a daemon of its own; treekill as pm2 has it'],
  ].map(([label = '', path = '', remark = '']) => [colors.dim(label), path, colors.dim(remark)]);
  screen.line();
  screen.line(`  ${colors.bold('pm2-gitops')}   tag a release and go to sleep`);
  screen.line();
  for (const row of alignRows(rows).split('\n')) screen.line(`  ${row}`);
}

async function everyoneServes({ world, witness, screen, signal }: Telling): Promise<void> {
  const limit = AbortSignal.timeout(START_LIMIT_MS);
  const wanted = instancesOf(world.apps);
  for (;;) {
    await witness.look();
    const { length } = witness.serving();
    if (length === wanted) return;
    if (limit.aborted) throw new Error(`only ${length} of ${wanted} processes of ${FIRST} answer`);
    screen.live(`pm2 start: ${length} of ${wanted} processes answer`);
    await clock.sleep(LOOK_MS, signal);
  }
}

function showProcesses({ world, screen, witness }: Telling): void {
  const { colors } = screen;
  const rows = witness
    .serving()
    .map((start) => [
      `${colors.green('●')} ${start.name}`,
      String(start.pmId),
      String(start.pid),
      world.apps.find(({ name }) => name === start.name)?.mode ?? '',
      `127.0.0.1:${start.port}`,
      colors.bold(start.version),
      start.name === 'web' ? colors.dim('holds an agent') : '',
    ]);
  const heads = ['  app', 'id', 'pid', 'mode', 'GET /version', 'answers', ''].map(colors.dim);
  for (const row of alignRows([heads, ...rows]).split('\n')) screen.line(`  ${row}`);
}
