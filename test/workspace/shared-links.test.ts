import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { linkLive } from '../../src/workspace/shared-links.js';
import { ownFolder } from '../folder.js';

test('a disk without room for a link says nothing about the release', async (context) => {
  const folder = await ownFolder(context);
  const [tree, home] = [join(folder, 'tree'), join(folder, 'home')];
  await mkdir(tree);
  await mkdir(home);
  await writeFile(join(home, '.env'), '');
  if (spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'nr_inodes=1', 'none', tree]).status !== 0) {
    context.skip('only root can mount a disk without room');
    return;
  }
  try {
    await assert.rejects(linkLive({ tree, paths: ['.env'], home }), { code: 'DISK_FULL' });
  } finally {
    spawnSync('/bin/umount', [tree]);
  }
});
