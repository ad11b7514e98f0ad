import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { moveBack, moveCheckout } from '../../src/workspace/switch-checkout.js';
import {
  V1,
  V2,
  copyFixture,
  effort,
  git,
  inode,
  makeFixture,
  snapshot,
  type Fixture,
  type FixtureOptions,
} from './checkout-fixture.js';

// SIGKILL arrives in the middle of the Nth of these calls: a kill between any two steps that change the disk.
const CALLS = {
  worker: 'rename,renameat,renameat2,link,symlink,unlink,unlinkat,mkdir,rmdir',
  git: 'rename,renameat,renameat2,link,mkdir',
  writer: 'openat,write,unlink,mkdir,rmdir,rename',
};
const WRITTEN = [
  'app.js',
  'both',
  'both/inside',
  'deep',
  'deep/er/new.js',
  'lib/old.js',
  'tracked/a.txt',
  'package.json',
];
const PROGRAM = fileURLToPath(new URL('move-program.js', import.meta.url));
const hasStrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0;
const skip = hasStrace ? false : 'strace cannot trace here';
const OPTIONS: FixtureOptions = {
  v1: { ...V1, 'tracked/a.txt': 'v1\n' },
  v2: { ...V2, 'deep/er/new.js': 'new\n' },
  // tracked/: git's in v1 and made in v2; packages/out: without an old counterpart.
  made: ['node_modules', 'dist', 'packages/out', 'tracked'],
};

/** `writer`: whoever handles some files of the release itself, so that git dies between and within the files that it writes. */
type Victim = keyof typeof CALLS;

/** Who dies at the Nth of its calls, on which way. */
interface Kill {
  readonly way: 'there' | 'back';
  readonly victim: Victim;
  readonly call: number;
}

/** Runs a move in a program of its own that is killed; tells whether it lived to its end all the same. */
async function runKilled({ root, move, v1, v2 }: Fixture, { way, victim, call }: Kill): Promise<boolean> {
  const calls = CALLS[victim];
  const kill = ['-e', `trace=${calls}`, '-e', `inject=${calls}:signal=KILL:when=${call}`];
  // `-b execve` lets go of every program that the worker starts, so that only its own calls are counted.
  const only = victim === 'worker' ? ['-b', 'execve'] : [];
  const files = victim === 'writer' ? WRITTEN.flatMap((path) => ['-P', path, '-P', join(root, path)]) : [];
  const program = [process.execPath, PROGRAM, way, root, move.mirror, v1, v2, ...move.staged.made];
  const child = spawn('strace', ['-f', '-qq', ...only, ...files, '-o', '/dev/null', ...kill, ...program], {
    stdio: 'ignore',
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  });
  await once(child, 'exit');
  return child.exitCode === 0;
}

/** What an unbroken move leaves, and a resumed one must leave too. */
function ending({ root }: Fixture): unknown {
  const status = git(root, 'status', '--porcelain');
  return { tree: git(root, 'rev-parse', 'HEAD^{tree}'), status, files: files(root) };
}

function files(root: string): Record<string, string> {
  return Object.fromEntries(Object.entries(snapshot(root)).filter(([, text]) => text !== 'folder'));
}

for (const victim of ['worker', 'git', 'writer'] as const) {
  test(
    `a move in which the ${victim} is killed at any call ends well when done again, and goes back exactly`,
    { skip },
    async (t) => {
      const fresh = makeFixture(t, OPTIONS);
      const start = ending(fresh);
      const clean = copyFixture(fresh, 'clean');
      await moveCheckout(clean.move, effort());
      const end = ending(clean);
      const livesAt = async (call: number): Promise<boolean> => {
        const f = copyFixture(fresh, `back-${call}`);
        const node = inode(f.root, 'node_modules');
        if (await runKilled(f, { way: 'there', victim, call })) return true;
        const again = copyFixture(f, `again-${call}`);
        await moveCheckout(again.move, effort());
        assert.deepEqual(ending(again), end, `call ${call}: done again`);
        await moveBack(f.back, effort());
        assert.deepEqual(ending(f), start, `call ${call}: gone back`);
        assert.equal(inode(f.root, 'node_modules'), node, `call ${call}: the same node_modules`);
        return false;
      };
      t.diagnostic(`${await untilItLives(livesAt)} kills`);
    },
  );
}

test(
  'a way back in which the worker is killed at any call ends the same when done again',
  { skip },
  async (t) => {
    const fresh = makeFixture(t, OPTIONS);
    const start = ending(fresh);
    const livesAt = async (call: number): Promise<boolean> => {
      const f = copyFixture(fresh, `back-${call}`);
      const node = inode(f.root, 'node_modules');
      await moveCheckout(f.move, effort());
      if (await runKilled(f, { way: 'back', victim: 'worker', call })) return true;
      await moveBack(f.back, effort());
      assert.deepEqual(ending(f), start, `call ${call}`);
      assert.equal(inode(f.root, 'node_modules'), node, `call ${call}: the same node_modules`);
      return false;
    };
    t.diagnostic(`${await untilItLives(livesAt)} kills`);
  },
);

/** Kills at call 1, 2, 3, … (two at a time) until the program gets to its end; gives back how many kills there were. */
async function untilItLives(livesAt: (call: number) => Promise<boolean>): Promise<number> {
  for (let call = 1; call < 60; call += 2) {
    const lived = await Promise.all([livesAt(call), livesAt(call + 1)]);
    if (lived[1]) return lived[0] ? call - 1 : call;
  }
  throw new Error('the move never came to its end');
}
