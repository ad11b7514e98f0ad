import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { LONG, ONLY_LONG } from '../bed/budget.js';
import { askApp } from '../bed/machine.js';
import { PRODUCT_PACKAGE, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const RUNS = LONG ? 2 : 1;
const timeout = 120_000;
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

for (const treekill of [{}, { treekill: false }]) {
  for (const mode of ['fork', 'cluster'] as const) {
    for (const trigger of ['embedded', 'own process'] as const) {
      // Every two of the three meet in `npm test`.
      const isOdd =
        ('treekill' in treekill ? 1 : 0) + (mode === 'cluster' ? 1 : 0) + (trigger === 'embedded' ? 1 : 0) ===
        1;
      const shown = 'treekill' in treekill ? 'treekill false' : 'treekill default';
      test(
        `S2: ${shown}, ${mode}, ${trigger}: the run outlives the process that triggered it`,
        { timeout, skip: isOdd ? false : ONLY_LONG },
        async (t) => {
          const scene = await Scene.open(t, {
            apps: (port) => [{ name: 'web', port, instances: 5, mode, extra: treekill }],
            packages: [PRODUCT_PACKAGE],
          });
          await release(scene, 'v1.0.0');
          await scene.machine.deploy(scene.remote, 'v1.0.0');
          await scene.everywhere('v1.0.0');
          await scene.cliMust(['init', '--yes']);
          await scene.machine.configure({ poll: trigger === 'embedded' ? '1h' : '10s' });
          await scene.machine.pm2(['restart', 'web']);
          await scene.everywhere('v1.0.0');
          if (trigger === 'own process') await startPoller(scene, treekill);
          for (let run = 1; run <= RUNS; run += 1) await upgrade(scene, { tag: `v1.${run}.0`, trigger });
        },
      );
    }
  }
}

async function upgrade(
  scene: Scene,
  { tag, trigger }: { tag: string; trigger: 'embedded' | 'own process' },
): Promise<void> {
  const commit = await release(scene, tag);
  // The answer may never come: the process that polls is among those that are restarted.
  if (trigger === 'embedded') void askApp(scene.port + 2, '/check');
  await waitFor(
    `${tag} to be active`,
    async () => {
      const { active, worker } = await scene.glance();
      return active?.commit === commit && worker === null;
    },
    { limitMs: 30_000 },
  );
  assert.equal((await scene.status()).lastRun?.outcome, 'activated');
  assert.deepEqual(await scene.versions(), [tag]);
  const processes = (await scene.machine.processes()).filter(({ name }) => name === 'web');
  assert.deepEqual(
    processes.map((process) => process.status),
    Array<string>(5).fill('online'),
  );
  assert.deepEqual(await begunAgain(scene), [], 'one worker did it all: none was ended and taken over from');
  assert.deepEqual(await scene.startsOf(tag), processes.map(({ pmId }) => `web#${pmId}`).sort(), 'each once');
}

/** The phases that a second worker had to begin again. A machine heals from that by itself, so only its journal tells. */
async function begunAgain(scene: Scene): Promise<string[]> {
  const journal = await readFile(join(scene.root, '.pm2-gitops', 'journal.jsonl'), 'utf8');
  return journal.split('\n').filter((line) => /"starts":(?!1\b)/.test(line));
}

function release(scene: Scene, tag: string): Promise<string> {
  return scene.release(tag, { variant: 'embeds the agent', dependencies: { 'pm2-gitops': '1.0.0' } });
}

/** The poller as an app of its own, as the shipped ecosystem file runs it; here with the treekill of the case. */
async function startPoller(scene: Scene, treekill: object): Promise<void> {
  const { machine, root } = scene;
  const app = {
    name: 'pm2-gitops',
    script: MAIN,
    args: ['run', '--root', root],
    cwd: machine.home,
    ...treekill,
  };
  const file = machine.path('poller.config.cjs');
  await writeFile(file, `module.exports = ${JSON.stringify({ apps: [app] })};\n`);
  await machine.pm2(['start', file]);
}
