import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { isGitOpsError } from '../../src/domain/errors.js';
import { checkDirty, moveBack, moveCheckout, prepareMove } from '../../src/workspace/switch-checkout.js';
import { effort, makeFixture, snapshot, V1, type Fixture } from './checkout-fixture.js';

type Damage = (f: Fixture) => void;

/** The file of an object, after all of the checkout's packs were unpacked. */
function looseFile(f: Fixture, revision: string): string {
  const packs = join(f.root, '.git', 'objects', 'pack');
  for (const name of readdirSync(packs).filter((each) => each.endsWith('.pack'))) {
    const input = readFileSync(join(packs, name));
    rmSync(packs, { recursive: true });
    mkdirSync(packs);
    execFileSync('git', ['-C', f.root, 'unpack-objects', '-q'], { input });
  }
  const id = f.git('rev-parse', revision);
  const path = join(f.root, '.git', 'objects', id.slice(0, 2), id.slice(2));
  chmodSync(path, 0o600);
  return path;
}
const object =
  (revision: string, text: string): Damage =>
  (f) => {
    writeFileSync(looseFile(f, revision), text);
  };
const put =
  (path: string | ((f: Fixture) => string), text: string): Damage =>
  (f) => {
    const file = join(f.root, '.git', typeof path === 'string' ? path : path(f));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
const ours = ({ v2 }: Fixture): string => `refs/pm2-gitops/releases/${v2}`;
const oursOld = ({ v1 }: Fixture): string => `refs/pm2-gitops/releases/${v1}`;
const NOTHING = `${'1'.repeat(40)}\n`;

/** What a power loss or a killed git leaves that hinders nobody, or that is ours to repair. */
const REPAIRED: Readonly<Record<string, Damage>> = {
  'a stale index.lock': put('index.lock', ''),
  'a stale shallow.lock': put('shallow.lock', ''),
  'a stale packed-refs.lock': put('packed-refs.lock', ''),
  'a stale HEAD.lock': put('HEAD.lock', ''),
  'a stale lock of a branch': put('refs/heads/main.lock', ''),
  'a stale config.lock': put('config.lock', ''),
  'a stale lock of a ref of ours': put((f) => `${ours(f)}.lock`, ''),
  'half a pack': put('objects/pack/tmp_pack_x', 'PACK'),
  'an empty pack': put(`objects/pack/pack-${'1'.repeat(40)}.pack`, ''),
  'an empty ref of ours': put(ours, ''),
  'a ref of ours to nothing': put(ours, NOTHING),
  'an empty old ref of ours': put(oursOld, ''),
  'a FETCH_HEAD of garbage': put('FETCH_HEAD', 'garbage\n'),
  'a deleted branch': (f) => void f.git('update-ref', '-d', 'refs/heads/main'),
};

for (const [name, damage] of Object.entries(REPAIRED)) {
  test(`a checkout with ${name} moves, and goes back`, async (t) => {
    const f = makeFixture(t);
    damage(f);
    assert.deepEqual(await checkDirty(f.move, effort()), []);
    await prepareMove(f.move, effort());
    await moveCheckout(f.move, effort());
    assert.equal(f.git('rev-parse', 'HEAD'), f.v2);
    await moveBack(f.back, effort());
    assert.equal(f.read('app.js'), V1['app.js']);
  });
}

/** What only a person can mend: it lies in the user's own repository. */
const TOLD: Readonly<Record<string, Damage>> = {
  'an empty commit of HEAD': object('HEAD', ''),
  'a tree of garbage': object('HEAD^{tree}', 'garbage'),
  'an empty folder in a tree': object('HEAD:lib', ''),
  'an empty file that the way back needs': object('HEAD:app.js', ''),
  'a lost file that the way back needs': (f) => {
    rmSync(looseFile(f, 'HEAD:app.js'));
  },
  'an empty commit in its history': object('HEAD~1', ''),
  'empty packs': (f) => {
    const packs = join(f.root, '.git', 'objects', 'pack');
    for (const name of readdirSync(packs)) {
      chmodSync(join(packs, name), 0o600);
      writeFileSync(join(packs, name), '');
    }
  },
  'an empty index': put('index', ''),
  'an index of garbage': put('index', 'garbage '.repeat(10)),
  'an empty HEAD': put('HEAD', ''),
  'an empty branch': put('refs/heads/other', ''),
  'a branch to nothing': put('refs/heads/other', NOTHING),
  'packed-refs of garbage': put('packed-refs', 'garbage\n'),
  'a config of garbage': put('config', '[garbage'),
  'a shallow file of garbage': put('shallow', 'garbage\n'),
};

for (const [name, damage] of Object.entries(TOLD)) {
  test(`a checkout with ${name} is left as it is, and the mend is told`, async (t) => {
    const f = makeFixture(t);
    damage(f);
    const before = snapshot(f.root);
    const asked = checkDirty(f.move, effort()).then(() => prepareMove(f.move, effort()));
    await assert.rejects(
      asked,
      (error) => isGitOpsError(error, 'GIT_FAILED') && error.hint?.includes('git fsck') === true,
    );
    assert.deepEqual(snapshot(f.root), before);
  });
}

test('what was lost while the new release was live comes back from the mirror', async (t) => {
  const f = makeFixture(t);
  cpSync(f.move.mirror, join(f.state, 'mirror.git'), { recursive: true });
  await moveCheckout(f.move, effort());
  rmSync(looseFile(f, `${f.v1}:app.js`));
  await moveBack(f.back, effort());
  assert.equal(f.read('app.js'), V1['app.js']);
});

test('a file that git leaves out in silence is told', async (t) => {
  const f = makeFixture(t);
  await moveCheckout(f.move, effort());
  rmSync(looseFile(f, `${f.v1}:app.js`));
  await assert.rejects(moveBack(f.back, effort()), { code: 'GIT_FAILED', message: /left out app\.js/ });
});
