import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import * as v from 'valibot';
import { QUICK, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

test(
  'a worker that is cut off again and again gives the candidate up, then the way back, and then rests in the truth',
  { timeout: 240_000 },
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 2 }] });
    const { machine } = scene;
    const wait = join(machine.home, 'wait');
    // While the file lies there, nothing is ever proven and nothing fails: whoever proves is there to be killed.
    const health = { ...QUICK.health, timeout: '120s', command: `! test -e ${wait}` };
    await scene.release('v1.0.0', { gitops: { health } });
    await scene.adopt('v1.0.0');
    await scene.release('v1.1.0', { gitops: { health } });
    await writeFile(wait, '');
    await scene.check();
    await waitFor('the first start', async () => (await scene.glance()).phase === 'proving');

    assert.equal(await killWorkersIn(scene, 'proving'), 3, 'starts of a candidate');
    const givenUp = await scene.status();
    assert.deepEqual(
      givenUp.quarantine.map(({ tag, cause }) => [tag, cause]),
      [['v1.1.0', 'proving was cut off 3 times']],
    );
    const log = await scene.cliMust(['logs']);
    assert.match(
      log,
      /web \d+: restarting[^]*roll back: to v1\.0\.0/,
      'S25: what killed workers told is there',
    );
    assert.equal(await killWorkersIn(scene, 'rollingBack'), 6, 'starts of the way back');
    const stuck = await scene.status();
    assert.deepEqual(
      [stuck.phase, stuck.why?.reason, stuck.active?.tag, stuck.lastRun?.outcome],
      ['stuck', 'stuck', 'v1.0.0', 'failed'],
    );
    assert.match(
      stuck.lastRun?.cause ?? '',
      /proving was cut off 3 times; then the way back was cut off 6 times/,
    );
    assert.equal((await scene.cli(['apply'])).code, 5);
    const starts = await machine.starts();
    await scene.check(5);
    assert.deepEqual(await machine.starts(), starts, 'no loop');

    await rm(wait);
    await scene.cliMust(['retry']);
    await scene.cli(['apply']);
    await scene.everywhere('v1.0.0');
    const mended = await scene.status();
    assert.deepEqual([mended.phase, mended.why?.reason], ['idle', 'quarantined']);
    await scene.release('v1.1.1', { gitops: { health } });
    await scene.cliMust(['apply']);
    assert.deepEqual(await scene.versions(), ['v1.1.1']);
  },
);

const Starts = v.object({ upgrade: v.object({ phase: v.object({ starts: v.optional(v.number()) }) }) });

/** Kills each worker in a phase, once its start is counted, until polls bring no further one into it; how many there were. */
async function killWorkersIn(scene: Scene, phase: string): Promise<number> {
  for (let killed = 0; ; killed += 1) {
    const found = await waitFor(`start ${killed + 1} of ${phase}, or another phase`, async () => {
      const { phase: now, worker } = await scene.glance();
      if (now !== phase) return 'left';
      return (await startsOnRecord(scene)) === killed + 1 && worker?.pid;
    });
    if (found === 'left') return killed;
    process.kill(found, 'SIGKILL');
    await waitFor('the killed one to be gone', async () => {
      const { worker } = await scene.glance();
      return worker?.pid !== found;
    });
    await scene.check();
  }
}

async function startsOnRecord({ root }: Scene): Promise<number> {
  const lines = (await readFile(join(root, '.pm2-gitops', 'journal.jsonl'), 'utf8')).trimEnd().split('\n');
  return v.parse(Starts, JSON.parse(lines.at(-1) ?? '')).upgrade.phase.starts ?? 0;
}
