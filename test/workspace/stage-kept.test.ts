import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { keptFor } from '../../src/workspace/kept.js';
import { MOVE_NAME } from '../../src/workspace/kept-record.js';
import { readMark } from '../../src/workspace/mark.js';
import { stageKept } from '../../src/workspace/stage-kept.js';
import { stageFolder } from '../../src/workspace/stage.js';
import { moveCheckout } from '../../src/workspace/switch-checkout.js';
import { effort, makeFixture } from './checkout-fixture.js';

test('a kept release is staged from disk, and a second time when a kill kept the first from the journal', async (t) => {
  const f = makeFixture(t);
  await moveCheckout(f.move, effort());
  const kept = { state: f.state, runId: 'run-2', release: { tag: 'v1', commit: f.v1, ref: 'refs/tags/v1' } };
  const tree = join(stageFolder(f.state, 'run-2'), 'tree');
  assert.equal(await stageKept(kept, effort()), true);
  assert.equal(existsSync(join(f.state, 'kept', f.v1)), false);
  assert.equal(await stageKept(kept, effort()), true);
  assert.equal((await readMark(tree))?.commit, f.v1);
  assert.ok(existsSync(join(tree, 'node_modules/dep/index.js')));
  assert.equal(await stageKept({ ...kept, runId: 'run-3' }, effort()), false);
});

test('a kept release that is staged is always one or the other: kept with its record, or staged with its mark', async (t) => {
  const f = makeFixture(t);
  await moveCheckout(f.move, effort());
  const kept = { state: f.state, runId: 'run-2', release: { tag: 'v1', commit: f.v1, ref: 'refs/tags/v1' } };
  const folder = join(f.state, 'kept', f.v1);
  rmSync(join(f.state, 'stage'), { recursive: true, force: true });
  writeFileSync(join(f.state, 'stage'), ''); // the rename cannot be done: so it stands just before it
  await assert.rejects(stageKept(kept, effort()));
  assert.equal((await readMark(folder))?.commit, f.v1);
  assert.ok(await keptFor(f.state, f.v1));
  rmSync(join(f.state, 'stage'));
  // Cut off right after the rename: the record still lies in the tree.
  const tree = join(stageFolder(f.state, 'run-2'), 'tree');
  mkdirSync(dirname(tree), { recursive: true });
  renameSync(folder, tree);
  assert.equal(await stageKept(kept, effort()), true);
  assert.equal(existsSync(join(tree, MOVE_NAME)), false);
});
