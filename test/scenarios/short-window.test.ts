import assert from 'node:assert/strict';
import test from 'node:test';
import { PRODUCT_PACKAGE, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const MINUTE_MS = 60_000;
/** How long the window is open. */
const OPEN_MS = 40_000;
const LIMIT = { timeout: 240_000 };

/** A window that opens at that minute alone. */
function openAt(instant: number): object {
  const at = new Date(instant);
  const fields = [at.getUTCMinutes(), at.getUTCHours(), at.getUTCDate(), at.getUTCMonth() + 1, '*'];
  return { cron: fields.join(' '), for: `${OPEN_MS}ms` };
}

test(
  'a window shorter than the time between two polls is not missed: one of the pollers looks, and the staged release is activated',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, {
      apps: (port) => [{ name: 'web', port, instances: 2 }],
      packages: [PRODUCT_PACKAGE],
    });
    const { remote, machine } = scene;
    const change = { variant: 'embeds the agent', dependencies: { 'pm2-gitops': '1.0.0' } } as const;
    await scene.release('v1.0.0', change);
    await scene.adopt('v1.0.0');
    const anotherDay = openAt(Date.now() + 40 * 24 * 60 * MINUTE_MS);
    await machine.configure({ poll: '12h', timezone: 'UTC', window: anotherDay });
    await scene.release('v1.1.0', change);
    await scene.cli(['apply']);
    const waiting = await scene.status();
    assert.equal(waiting.phase, 'staged', 'staging does not wait for the window');
    assert.equal(waiting.why?.reason, 'window');
    assert.match(waiting.why.detail, /^opens \d+ \w+ \d{4} \d\d:\d\d UTC$/);

    const opens = Math.ceil((Date.now() + 25_000) / MINUTE_MS) * MINUTE_MS;
    await machine.configure({ window: openAt(opens) });
    await machine.pm2(['restart', 'web']);
    await scene.everywhere('v1.0.0');
    const planned = Date.parse((await scene.status()).nextPoll ?? '');
    assert.ok(planned >= opens && planned < opens + OPEN_MS / 2, `${planned - opens} ms after the opening`);
    await waitFor('the opening', () => Date.now() >= opens, { limitMs: 2 * MINUTE_MS });
    const looks = remote.counts.lsRefs;
    await waitFor('the new release', async () => (await scene.versions()).join() === 'v1.1.0', {
      limitMs: 90_000,
    });
    await waitFor('the end of the run', async () => (await scene.status()).lastRun?.outcome === 'activated');
    assert.equal(remote.counts.lsRefs - looks, 1, 'one look for both pollers');
    const { lastRun, lastPoll } = await scene.status();
    assert.equal(lastRun?.to, 'v1.1.0');
    const looked = Date.parse(lastPoll?.at ?? '');
    assert.ok(looked >= planned && looked < planned + OPEN_MS / 2, `looked ${looked - planned} ms late`);
  },
);
