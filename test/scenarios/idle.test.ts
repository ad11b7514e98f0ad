import assert from 'node:assert/strict';
import test from 'node:test';
import { askApp } from '../bed/machine.js';
import { PRODUCT_PACKAGE, Scene } from '../bed/scene.js';
import { stays, waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 180_000 };
const POLLS = 100;
const WATCHED_MS = 22_000;

test(
  'S6: idle polls of ten embedded agents look at the remote once a turn and do nothing else',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, {
      apps: (port) => [{ name: 'web', port, instances: 10 }],
      packages: [PRODUCT_PACKAGE],
    });
    const { remote, machine, port } = scene;
    const change = { variant: 'embeds the agent', dependencies: { 'pm2-gitops': '1.0.0' } } as const;
    await scene.release('v1.0.0', change);
    await machine.deploy(remote, 'v1.0.0');
    await scene.everywhere('v1.0.0');
    await scene.cliMust(['init', '--yes']);
    await machine.configure({ poll: '10s' });
    await machine.pm2(['restart', 'web']);
    await scene.everywhere('v1.0.0');
    await waitFor('a first poll', async () => (await scene.status()).lastPoll?.ok === true);

    const [before, starts] = [{ ...remote.counts }, await machine.starts()];
    await stays('no fetch', () => remote.counts.fetch === before.fetch, WATCHED_MS);
    const looks = remote.counts.lsRefs - before.lsRefs;
    assert.ok(
      looks >= 2 && looks <= 3,
      `${looks} looks in ${WATCHED_MS / 1000} s by ten processes that poll every 10 s`,
    );

    const soFar = { ...remote.counts };
    for (let poll = 0; poll < POLLS; poll += 1) await askApp(port + (poll % 10), '/check');
    const asked = remote.counts.lsRefs - soFar.lsRefs;
    // A regular turn or two may fall into these seconds.
    assert.ok(asked >= POLLS - 2 && asked <= POLLS + 3, `${asked} looks for ${POLLS} polls`);
    assert.equal(remote.counts.fetch, before.fetch);
    assert.equal(remote.counts.advertisement, before.advertisement, 'no listing of all refs');
    assert.deepEqual(await machine.starts(), starts);
    assert.equal((await scene.status()).lastRun, null);
  },
);
