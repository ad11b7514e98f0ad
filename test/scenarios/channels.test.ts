import assert from 'node:assert/strict';
import test from 'node:test';
import { jsonOf, Scene } from '../bed/scene.js';

const LIMIT = { timeout: 120_000 };

test('S3: each channel follows its tags and no others', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: () => [] });
  const { remote } = scene;
  await scene.release('v1.0.0');
  for (const tag of ['list', 'v.2.1.3', 'latest', '1.2', 'v1.2.3.4']) await remote.tag(tag);
  await scene.release('v1.1.0-beta.1');
  await scene.cliMust(['init', remote.url, '--yes']);
  await scene.machine.configure({ channel: 'stable' });

  assert.equal(await desired(scene, 'stable'), 'v1.0.0');
  assert.equal(await desired(scene, 'beta'), 'v1.1.0-beta.1');
  await scene.release('v1.1.0');
  assert.equal(await desired(scene, 'stable'), 'v1.1.0');
  assert.equal(await desired(scene, 'beta'), 'v1.1.0', 'the final release ends its betas');

  await scene.release('v2.0.0-rc.10');
  await scene.release('v2.0.0-rc.9');
  await scene.release('v2026.5.24-alpha.1');
  await scene.release('1.4.0');
  await remote.tag('api@9.0.0', { annotated: true });
  await remote.branch('next');
  await remote.tag('release/stable');
  const expected: Readonly<Record<string, string>> = {
    stable: '1.4.0',
    rc: 'v2.0.0-rc.10',
    beta: 'v2.0.0-rc.10',
    alpha: 'v2026.5.24-alpha.1',
    '1.x': '1.4.0',
    '^1.0 <1.4': 'v1.1.0',
    'v1.0.0': 'v1.0.0',
    'branch:next': 'next',
    'ref:release/stable': 'release/stable',
  };
  for (const [channel, tag] of Object.entries(expected))
    assert.equal(await desired(scene, channel), tag, `channel ${channel}`);

  await scene.machine.configure({ tagPrefix: 'api@' });
  assert.equal(await desired(scene, 'stable'), 'api@9.0.0');
});

test('S3: a channel that does not exist is wrong usage and changes nothing', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: () => [] });
  await scene.release('v1.0.0');
  await scene.cliMust(['init', scene.remote.url, '--yes']);
  for (const wrong of ['not a channel!', 'branch:', '..']) {
    assert.equal((await scene.cli(['channel', wrong])).code, 2, wrong);
  }
  assert.equal((await scene.status()).channel, 'stable');
});

/** Sets the channel, looks by `plan`, and reads the desired tag; both answers must agree. */
async function desired(scene: Scene, channel: string): Promise<string | undefined> {
  await scene.cliMust(['channel', channel]);
  const plan = await scene.cli(['plan', '--json']);
  assert.ok(plan.code === 3 || plan.code === 0, plan.stderr);
  assert.ok(Object.keys(jsonOf(plan)).length > 0);
  const status = await scene.status();
  assert.equal(status.channel, channel);
  return status.desired?.tag;
}
