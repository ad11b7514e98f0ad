import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock, type Clock } from '../../src/os/clock.js';
import { readTextIfAny } from '../../src/os/files.js';
import { isHeldOpen } from '../../src/os/held.js';
import { endTree } from '../../src/os/platform.js';
import { renameStubborn } from '../../src/os/rename.js';
import { ownFolder } from '../folder.js';
import { waitFor } from '../bed/wait.js';

// What only Windows does: run by Windows' own Node.js, be it under Wine (test/windows).

const skip = process.platform !== 'win32' && 'only Windows does so';
const signal = new AbortController().signal;
const programOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A program that keeps a file open so that nobody else may touch it, for a while or until it is told to let go. */
async function hold(path: string, forMs: number): Promise<{ letGo(): Promise<void> }> {
  const holder = spawn(process.execPath, [programOf('holding-program.js'), path, String(forMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'exit');
  await once(holder.stdout, 'data');
  return {
    async letGo() {
      holder.kill();
      await ended;
    },
  };
}

test('a file that another program holds for a moment is moved once it lets go', { skip }, async (context) => {
  const folder = await ownFolder(context);
  await writeFile(join(folder, 'a'), 'text');
  await hold(join(folder, 'a'), 500);
  assert.equal(await isHeldOpen(join(folder, 'a')), 'yes');
  await renameStubborn(join(folder, 'a'), join(folder, 'b'));
  assert.equal(await readFile(join(folder, 'b'), 'utf8'), 'text');
  assert.equal(await isHeldOpen(join(folder, 'b')), 'no');
});

test('a file that is held for good is named, with the mend', { skip }, async (context) => {
  const path = join(await ownFolder(context), 'addon.node');
  await writeFile(path, '');
  const holder = await hold(path, 60_000);
  const waits: number[] = [];
  const clock: Clock = { ...systemClock(), sleep: (ms) => Promise.resolve(void waits.push(ms)) };
  await assert.rejects(renameStubborn(path, `${path}.old`, { clock, signal }), (error: Error) => {
    assert.match(error.message, /addon\.node be moved/);
    return 'code' in error && error.code === 'SYSTEM_FAILED';
  });
  await holder.letGo();
  assert.ok(waits.length > 3);
});

test('a worker outlives the app that launched it, ended with all below it', { skip }, async (context) => {
  const file = join(await ownFolder(context), 'worker.json');
  const app = spawn(
    process.execPath,
    [programOf('detach-program.js'), programOf('worker-program.js'), file],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const { pid } = app;
  assert.ok(pid !== undefined);
  await once(app.stdout, 'data');
  const worker: unknown = JSON.parse(await waitFor('the worker', () => readTextIfAny(file)));
  assert.ok(typeof worker === 'object' && worker !== null && 'pid' in worker && 'rest' in worker);
  assert.deepEqual(worker.rest, ['an argument with "quotes", $HOME and spaces']);
  const ended = once(app, 'exit');
  await endTree(pid);
  await ended;
  const beat = (): Promise<string | null> => readTextIfAny(`${file}.beat`);
  const before = await beat();
  await waitFor('another sign of life', async () => (await beat()) !== before);
  process.kill(Number(worker.pid));
});
