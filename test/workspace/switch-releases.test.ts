import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { lookAtPointer } from '../../src/workspace/pointer.js';
import { pointTo, pointedAt, unpoint } from '../../src/workspace/switch-releases.js';
import * as win32 from '../../src/workspace/switch-win32.js';

function makeRoot(t: { after(fn: () => void): void }): string {
  const root = mkdtempSync(join(tmpdir(), 'gitops releases-'));
  t.after(() => {
    rmSync(root, { recursive: true, force: true });
  });
  for (const folder of ['v1-aaaaaaa', 'v2-bbbbbbb'])
    mkdirSync(join(root, 'releases', folder), { recursive: true });
  return root;
}

// The exports of win32 make real symbolic links where there are no junctions, so their order of steps is tested here too.
for (const [name, platform] of Object.entries({ chosen: { pointTo, pointedAt, unpoint }, win32 })) {
  test(`${name}: current names what it was pointed to, twice if asked twice`, async (t) => {
    const root = makeRoot(t);
    assert.equal(await platform.pointedAt(root), null);
    for (const folder of ['v1-aaaaaaa', 'v2-bbbbbbb', 'v2-bbbbbbb']) {
      await platform.pointTo(root, folder);
      assert.equal(await platform.pointedAt(root), folder);
    }
    await platform.unpoint(root);
    await platform.unpoint(root);
    assert.equal(await platform.pointedAt(root), null);
    assert.deepEqual(readdirSync(join(root, 'releases')), ['v1-aaaaaaa', 'v2-bbbbbbb']);
  });
}

test('a folder of the same name elsewhere is no release of this root', async (t) => {
  const [root, other] = [makeRoot(t), makeRoot(t)];
  const current = join(root, 'current');
  symlinkSync(join(other, 'releases', 'v1-aaaaaaa'), current);
  const moved = await lookAtPointer(root);
  assert.deepEqual([moved.folder, await pointedAt(root)], [null, null]);
  assert.match(moved.what, /^names .*v1-aaaaaaa$/);
  await pointTo(root, 'v1-aaaaaaa');
  assert.equal((await lookAtPointer(root)).folder, 'v1-aaaaaaa');
  rmSync(join(root, 'releases', 'v1-aaaaaaa'), { recursive: true });
  assert.match((await lookAtPointer(root)).what, /, which is gone$/);
  rmSync(current);
  assert.deepEqual(await lookAtPointer(root), { folder: null, what: 'is gone', since: null });
  mkdirSync(current);
  assert.equal((await lookAtPointer(root)).what, 'is a plain folder');
});

test(
  'what a crash left between symlink and rename is swept',
  { skip: process.platform === 'win32' },
  async (t) => {
    const root = makeRoot(t);
    await pointTo(root, 'v1-aaaaaaa');
    symlinkSync(join('releases', 'v2-bbbbbbb'), join(root, '.current-next-4711'));
    await pointTo(root, 'v2-bbbbbbb');
    assert.deepEqual(readdirSync(root).sort(), ['current', 'releases']);
    assert.equal(readlinkSync(join(root, 'current')), join('releases', 'v2-bbbbbbb'));
  },
);
