import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { runBuild, runHook } from '../../src/workspace/hooks.js';
import { isAlive } from '../processes.js';
import { Bench } from './bench.js';

describe('hooks and builds', () => {
  let bench: Bench;
  let tree: string;
  beforeEach(async () => {
    bench = await Bench.open();
    tree = bench.path('tree');
    await bench.write({ x: '' }, tree);
  });
  afterEach(() => bench.close());
  const hook = (command: string): Parameters<typeof runHook>[0] => ({
    name: 'afterStage',
    command,
    tree,
    env: { GITOPS_TAG: 'v1' },
  });

  it('run in the tree, with the clean environment and what the contract adds', async () => {
    await runHook(hook('echo "$GITOPS_TAG $CI $PM2_HOME $PWD" > seen'), bench.effort());
    assert.equal(await bench.read('tree', 'seen'), `v1 true  ${tree}\n`);
    assert.match(bench.steps.join('\n'), /^afterStage: echo/);
  });

  it('say not now by 75', async () => {
    await assert.rejects(runHook(hook('echo busy >&2; exit 75'), bench.effort()), {
      code: 'HOOK_NOT_NOW',
      message: /busy/,
    });
  });

  it('fail with their last lines', async () => {
    await assert.rejects(runHook(hook('seq 100; echo no database >&2; exit 3'), bench.effort()), {
      code: 'HOOK_FAILED',
      message: /exit code 3: no database/,
    });
    const build = { command: 'echo cannot find name x; exit 2', tree, env: {} };
    await assert.rejects(runBuild(build, bench.effort()), {
      code: 'BUILD_FAILED',
      message: /exit code 2: cannot find name x/,
    });
  });

  it('do not blame the release for a full disk', async () => {
    const build = { command: 'echo "ENOSPC: no space left on device" >&2; exit 1', tree, env: {} };
    await assert.rejects(runBuild(build, bench.effort()), { code: 'DISK_FULL' });
  });

  it('end with everything they started at their limit', async () => {
    const build = { command: 'sleep 300 & echo $! > child; sleep 300', tree, env: {} };
    await assert.rejects(runBuild(build, bench.effort(500)), {
      code: 'COMMAND_TIMEOUT',
      message: /did not end within/,
    });
    const child = Number(await bench.read('tree', 'child'));
    assert.equal(isAlive(child), false);
  });
});
