import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { execa } from 'execa';
import { lookAtHead } from '../../src/workspace/head.js';
import { ownFolder } from '../folder.js';

const IDENTITY = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
const AUTHOR = ['-c', 'user.name=Somebody', '-c', 'user.email=somebody@example.invalid'];

test('HEAD is where git says, and a usual checkout tells it without git', async (t) => {
  const folder = await ownFolder(t);
  const root = join(folder, 'app');
  const git = async (...args: string[]): Promise<string> =>
    (await execa('git', [...AUTHOR, ...args], { cwd: root, env: IDENTITY })).stdout;
  await execa('git', ['init', '--quiet', '--initial-branch=main', root], { env: IDENTITY });
  const first = await git('commit', '--quiet', '--allow-empty', '-m', 'one').then(() =>
    git('rev-parse', 'HEAD'),
  );
  const second = await git('commit', '--quiet', '--allow-empty', '-m', 'two').then(() =>
    git('rev-parse', 'HEAD'),
  );

  const look = async (at = root, PATH = '/nowhere'): Promise<[string, string[]] | null> => {
    const asking = { env: { ...IDENTITY, PATH }, signal: AbortSignal.timeout(10_000), background: false };
    const head = await lookAtHead(at, asking);
    return head === null ? null : [head.commit, head.steps.map(({ commit }) => commit)];
  };
  assert.deepEqual(await look(), [second, [first, second]], 'on a branch');
  await git('checkout', '--quiet', '--detach', first);
  assert.deepEqual(await look(), [first, [first, second, first]], 'on no branch');

  const PATH = process.env['PATH'] ?? '';
  await git('checkout', '--quiet', 'main');
  await git('pack-refs', '--all');
  await assert.rejects(look(), { code: 'COMMAND_MISSING' }, 'a packed branch is for git');
  assert.equal((await look(root, PATH))?.[0], second);
  const linked = join(folder, 'linked');
  await git('worktree', 'add', '--quiet', '--detach', linked, first);
  assert.equal((await look(linked, PATH))?.[0], first, 'in a linked worktree');
  assert.equal(await look(folder, PATH), null, 'where there is no checkout');
});
