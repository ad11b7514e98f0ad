import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { execa } from 'execa';
import * as v from 'valibot';
import { pushTag } from '../agent/signatures.js';
import { appFiles } from '../bed/app.js';
import { jsonOf, QUICK, Scene } from '../bed/scene.js';
import { sshSigner, without } from '../bed/signer.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 240_000, skip: await without('ssh-keygen') };

/** Commits a release that is tagged by nobody yet. */
async function commitOf(scene: Scene, version: string): Promise<string> {
  return scene.remote.commit(appFiles({ version, apps: scene.apps, gitops: QUICK }), `release ${version}`);
}

async function hasObject({ root }: Scene, commit: string): Promise<boolean> {
  const mirror = join(root, '.pm2-gitops', 'mirror.git');
  const { failed } = await execa('git', ['--git-dir', mirror, 'cat-file', '-e', commit], { reject: false });
  return !failed;
}

test(
  'what nobody signed is not fetched, told once and passed by nothing; what is signed comes; the way back needs no key',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port, instances: 1 }] });
    await scene.release('v1.0.0');
    await scene.adopt('v1.0.0');
    const ops = await sshSigner(t);
    const path = join(scene.root, 'gitops.json');
    const written = v.parse(v.looseObject({}), JSON.parse(await readFile(path, 'utf8')));
    await writeFile(path, JSON.stringify({ ...written, verify: 'required' }));
    await writeFile(join(scene.root, 'gitops.signers'), `ops@example.invalid namespaces="git" ${ops.key}\n`);

    const unsigned = await commitOf(scene, 'v1.1.0');
    await pushTag(scene, { name: 'v1.1.0', target: unsigned });
    assert.match(await scene.cli(['plan']).then(({ stdout }) => stdout), /read how the release is signed/);
    await scene.check();
    const refused = await waitFor('v1.1.0 is refused', async () => {
      const status = await scene.status();
      return status.worker === null && status.why?.reason === 'unverified' && status.lastRun !== null
        ? status
        : null;
    });
    assert.match(refused.why?.detail ?? '', /^v1\.1\.0 \([0-9a-f]{7}\).*it is not signed/);
    assert.deepEqual([refused.lastRun?.outcome, refused.lastRun?.to], ['blocked', 'v1.1.0']);
    assert.equal(await hasObject(scene, unsigned), false, 'nothing of it was fetched for good');
    const asked = scene.remote.counts.fetch;
    await scene.check(3);
    assert.equal(scene.remote.counts.fetch, asked, 'it is looked at once');
    for (const more of [[], ['--now'], ['--to', 'v1.1.0']])
      assert.equal((await scene.cli(['apply', ...more])).code, 3, `apply ${more.join(' ')}`);
    await scene.cliMust(['pin', 'v1.1.0']);
    assert.equal((await scene.cli(['apply'])).code, 3);
    await scene.cliMust(['unpin']);
    const { runs } = v.parse(
      v.object({ runs: v.array(v.unknown()) }),
      jsonOf(await scene.cli(['history', '--json'])),
    );
    assert.equal(runs.length, 1, 'it is told once');
    await scene.everywhere('v1.0.0');

    // The operators sign what they had forgotten to sign, at the same commit.
    await pushTag(scene, { name: 'v1.1.0', target: unsigned }, [ops]);
    await scene.cliMust(['apply']);
    await scene.everywhere('v1.1.0');
    assert.match(
      await scene.cliMust(['logs']),
      /verified: v1\.1\.0 .* is signed by ops@example\.invalid \(ED25519 key SHA256:/,
    );
    await scene.cliMust(['rollback']);
    await scene.everywhere('v1.0.0');
  },
);
