import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { parsePolicy } from '../../src/config/policy.js';
import { sourceName } from '../../src/agent/fleet.js';
import { layoutOf } from '../../src/state/layout.js';
import { writePolicyRecord } from '../../src/state/policy-store.js';
import { bareRoot, runCli, taggedRepository } from './program.js';

const POLICY = JSON.stringify({
  version: 7,
  soak: '2h',
  hold: { reason: 'an audit' },
  channels: { nightly: { follow: '>=1.0.0' } },
  groups: [
    {
      name: 'canaries',
      match: { names: ['vps-*'] },
      channel: 'nightly',
      canary: true,
      pin: 'v1.0.0',
      soak: '3h',
    },
  ],
  tombstones: [{ tag: 'v1.0.0', reason: 'leaks' }],
});

/** A root that has read a policy; `problem`: a newer one is not followed. */
async function policedRoot(
  context: TestContext,
  text: string,
  problem: string | null = null,
): Promise<string> {
  const repository = await taggedRepository(context);
  const root = await bareRoot(context, repository);
  const file = { repository, name: 'vps-07', soak: '1h', strategy: 'releases', policy: { ref: 'fleet' } };
  await writeFile(join(root, 'gitops.json'), JSON.stringify(file));
  assert.equal((await runCli(root, ['history'])).code, 0);
  const policy = await parsePolicy(text, { origin: 'fleet.json', zone: 'UTC' });
  const source = sourceName({ repository, ref: 'refs/heads/fleet', path: 'fleet.json' });
  const commit = 'a'.repeat(40);
  await writePolicyRecord(layoutOf(root), {
    source,
    followed: { commit, policy, verified: false },
    tried: commit,
    mark: null,
    problem,
  });
  return root;
}

test('a machine tells which policy it follows, who says what, and to whoever gives orders where the policy decides otherwise', async (context) => {
  const text = POLICY.replace('"pin":"v1.0.0",', '');
  const root = await policedRoot(context, text, 'abcdef0:fleet.json: version 6 is older than 7');
  const said = async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await runCli(root, args);
    return stdout + stderr;
  };
  const shown = await said('policy', 'show');
  assert.match(shown, /^version 7 \(aaaaaaa\), group canaries {2}a newer one is not followed$/m);
  assert.match(shown, /^channel +nightly +policy, group canaries$/m);
  assert.match(shown, /^channel +stable +gitops\.json: overruled$/m);
  assert.match(shown, /^hold +an audit +policy$/m);
  assert.match(shown, /^soak +1 h +gitops\.json$/m);
  assert.match(shown, /^soak +3 h +policy, group canaries$/m);
  assert.match(shown, /^canary +yes +policy, group canaries$/m);
  assert.match(shown, /^! .*version 6 is older than 7; version 7 .*stays in force$/m);
  const status = await said('status');
  assert.match(status, /^policy +version 7 \(aaaaaaa\), group canaries/m);
  const json: unknown = JSON.parse((await runCli(root, ['status', '--json'])).stdout);
  assert.ok(typeof json === 'object' && json !== null && 'policy' in json);
  assert.deepEqual(json.policy, {
    ...{ commit: 'a'.repeat(40), version: 7, group: 'canaries', expires: null },
    problem: "abcdef0:fleet.json: version 6 is older than 7; version 7 of the fleet's policy stays in force",
  });

  assert.match(
    await said('channel'),
    /^stable\n! the fleet's policy puts this machine on nightly: stable counts/,
  );
  assert.deepEqual(JSON.parse((await runCli(root, ['channel', '--json'])).stdout), {
    ...{ schema: 1, channel: 'stable', inForce: 'nightly' },
    warnings: ["the fleet's policy puts this machine on nightly: stable counts when it no longer does"],
  });
  assert.doesNotMatch(await said('channel', 'nightly'), /!|no channel/);
  assert.match(
    await said('pin', 'v1.0.0'),
    /^pinned .*\n! v1\.0\.0 is withdrawn by the fleet's policy: leaks; it is not brought\n! held by the fleet's policy: an audit; nothing is brought until that ends\n$/,
  );
  assert.equal((await runCli(root, ['hold', '--reason', 'a fair'])).code, 0);
  assert.match(await said('policy', 'show'), /^hold +a fair +a person here$/m);
  assert.match(
    await said('resume'),
    /^resumed\n! held by the fleet's policy: an audit; resume does not lift that\n$/,
  );
});

test('a policy that could not be read yet, or that there is none of, is told', async (context) => {
  const root = await bareRoot(context, await taggedRepository(context));
  assert.match((await runCli(root, ['policy', 'show'])).stdout, /^no policy: gitops\.json names none\n/);
  assert.match((await runCli(root, ['resume'])).stdout, /^it was not held\n$/);
  await writeFile(join(root, 'gitops.json'), JSON.stringify({ repository: '/srv/shop.git', policy: {} }));
  assert.match((await runCli(root, ['policy', 'show'])).stdout, /could not be read yet/);
  const status: unknown = JSON.parse((await runCli(root, ['status', '--json'])).stdout);
  assert.ok(typeof status === 'object' && status !== null && 'policy' in status);
  assert.deepEqual(status.policy, {
    ...{ commit: null, version: null, group: null, expires: null },
    problem: "the fleet's policy could not be read yet",
  });
});
