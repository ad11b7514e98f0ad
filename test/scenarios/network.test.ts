import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import type { Fault } from '../bed/loopback.js';
import { Scene } from '../bed/scene.js';

const LIMIT = { timeout: 240_000 };
const FAULTS: readonly Fault[] = ['down', 'error', { cutAfter: 30 }, 'hang'];

test('S31: whatever ails the remote, a poll ends in time and touches no process', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
  const { machine, remote } = scene;
  await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');
  await scene.release('v1.1.0');
  const starts = await machine.starts();

  for (const fault of FAULTS) {
    await t.test(JSON.stringify(fault), async () => {
      remote.fault = fault;
      await scene.check();
      const status = await scene.status();
      assert.deepEqual(
        [status.lastPoll?.ok, status.why?.reason, status.active?.tag],
        [false, 'offline', 'v1.0.0'],
      );
      assert.ok((status.lastPoll?.error ?? '').length > 0);
    });
  }
  remote.fault = 'none';

  await t.test('a revoked token', async () => {
    remote.auth = { user: 'x', password: 'revoked-secret' };
    const { code, stdout, stderr } = await scene.cli(['apply']);
    remote.auth = null;
    assert.ok(code !== null && code > 1, `exit code ${code ?? 'none'}: ${stderr}`);
    assert.doesNotMatch(stdout + stderr, /\n\s+at /, 'no stack trace');
    assert.equal((await scene.status()).lastPoll?.ok, false);
  });

  assert.deepEqual(await machine.starts(), starts);
  await scene.cliMust(['apply']);
  assert.deepEqual([await scene.versions(), (await scene.status()).why], [['v1.1.0'], null]);
});

test('S31: a connection that breaks off in mid-pack fails the run and touches nothing', LIMIT, async (t) => {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
  const { machine, remote } = scene;
  await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');
  const noise = randomBytes(200_000).toString('base64');
  const commit = await scene.release('v1.1.0', {}, { 'noise.txt': noise });
  const starts = await machine.starts();
  remote.fault = { cutAfter: 50_000 };
  const cut = await scene.cli(['apply']);
  remote.fault = 'none';

  assert.equal(cut.code, 4, cut.stderr);
  const status = await scene.status();
  assert.deepEqual(
    [status.lastRun?.outcome, status.quarantine, status.why?.reason],
    ['failed', [], 'offline'],
  );
  assert.ok(status.why?.until != null, 'it says when it will try again');
  assert.deepEqual(await machine.starts(), starts);
  await scene.cliMust(['apply']);
  assert.deepEqual([await scene.versions(), (await scene.status()).active?.commit], [['v1.1.0'], commit]);
});
