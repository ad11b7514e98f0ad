import { messageOf } from '../../src/domain/errors.js';
import { leave } from './leftovers.js';
import { Screen } from './screen.js';
import { tell } from './story.js';
import { showProof } from './telling.js';
import { Witness } from './witness.js';
import { World } from './world.js';

// npm run demo: a whole machine on this disk that follows its tags, with real git, real pm2 and real processes.

const INTERRUPTED = 130;
const screen = new Screen(process.stdout, { plain: (process.env['NO_COLOR'] ?? '') !== '' });
const interrupt = new AbortController();
const stop = (): void => {
  interrupt.abort(new Error('interrupted'));
};
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
// Nobody reads on, as with `| head`.
process.stdout.on('error', stop);
process.exitCode = await main(interrupt.signal).catch((error: unknown) => {
  screen.paragraph(screen.colors.red('✗'), messageOf(error));
  return 1;
});

async function main(signal: AbortSignal): Promise<number> {
  const startedAt = Date.now();
  const world = await World.open(signal);
  const witness = new Witness(world);
  const problem = await tell({ world, screen, witness, signal }).then(
    () => null,
    (error: unknown) => messageOf(error),
  );
  if (problem !== null) await explain(world, problem);
  const isClean = await cleanUp(world, witness);
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  screen.line();
  if (problem === null && isClean)
    screen.line(`  ${screen.colors.bold('Nothing.')} All of this was real, and took ${seconds} s.`);
  screen.line();
  if (signal.aborted) return INTERRUPTED;
  return problem === null && isClean ? 0 : 1;
}

async function explain(world: World, problem: string): Promise<void> {
  const { colors } = screen;
  screen.line();
  if (interrupt.signal.aborted) {
    screen.line(`  ${colors.yellow('interrupted')}: cleaning up`);
    return;
  }
  screen.line(`  ${colors.red('✗')} ${problem}`);
  screen.line(`  ${colors.dim('→')} the logs are kept in ${await world.keepLogs(problem)}`);
}

async function cleanUp(world: World, witness: Witness): Promise<boolean> {
  screen.chapter('What is left behind', 'looked for after the end');
  screen.live('ending pm2 and its processes');
  const leftovers = await leave(world, witness);
  for (const { what, gone } of leftovers) {
    if (gone) showProof({ screen }, what);
    else screen.paragraph(screen.colors.red('✗'), `not so: ${what}`);
  }
  return leftovers.every(({ gone }) => gone);
}
