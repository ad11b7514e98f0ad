import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
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
