import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bootId, startTimeOf } from '../../src/os/proc-linux.js';
import { endOrphans, openChildLedger } from '../../src/state/children.js';
import { ownFolder } from '../folder.js';
import { isAlive } from '../processes.js';
import { waitFor } from '../bed/wait.js';

const NO_RESERVE = '/nowhere/reserve';
const skip = process.platform === 'linux' ? false : 'only Linux tells when a process started';

/** A shell that leads a group of its own, and the child that it waits for. */
async function startGroup(
  context: TestContext,
): Promise<{ shell: ChildProcess; pid: number; child: number }> {
  const shell = spawn('/bin/sh', ['-c', 'sleep 300 & echo $!; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { pid } = shell;
  assert.ok(pid !== undefined);
  context.after(() => {
    if (isAlive(pid)) process.kill(-pid, 'SIGKILL');
  });
  const said: unknown[] = await once(createInterface({ input: shell.stdout }), 'line');
  return { shell, pid, child: Number(said[0]) };
}

test('what a killed worker left running is ended, the whole group of it', { skip }, async (context) => {
  const path = join(await ownFolder(context), 'children.json');
  const { shell, pid, child } = await startGroup(context);
  openChildLedger(path, NO_RESERVE).add(pid);
  const ended = once(shell, 'exit');
  assert.equal(await endOrphans(path), 1);
  await ended;
  await waitFor('the end of the child', () => !isAlive(child));
  assert.equal(existsSync(path), false);
});

test('a group that its leader left is ended as well', { skip }, async (context) => {
  const path = join(await ownFolder(context), 'children.json');
  const { shell, pid, child } = await startGroup(context);
  openChildLedger(path, NO_RESERVE).add(pid);
  const ended = once(shell, 'exit');
  process.kill(pid, 'SIGKILL');
  await ended;
  assert.ok(isAlive(child));
  assert.equal(await endOrphans(path), 1);
  await waitFor('the end of the child', () => !isAlive(child));
});

test(
  'a leaderless group of an earlier boot, or older than what was written down, is left alone',
  { skip },
  async (context) => {
    const path = join(await ownFolder(context), 'children.json');
    const { shell, pid, child } = await startGroup(context);
    context.after(() => process.kill(child, 'SIGKILL'));
    const [startedAt, boot] = [startTimeOf(child), bootId()];
    const ended = once(shell, 'exit');
    process.kill(pid, 'SIGKILL');
    await ended;
    const later = String(Number(startedAt) + 1);
    for (const stranger of [{ startedAt, boot: 'another' }, { startedAt }, { startedAt: later, boot }]) {
      await writeFile(path, JSON.stringify([{ pid, ...stranger }]));
      assert.equal(await endOrphans(path), 0, JSON.stringify(stranger));
      assert.ok(isAlive(child));
    }
  },
);

test('what a killed worker started in its own group is ended', { skip }, async (context) => {
  const path = join(await ownFolder(context), 'children.json');
  const program = fileURLToPath(new URL('./ledger-program.js', import.meta.url));
  const worker = spawn(process.execPath, [program, path], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said = createInterface({ input: worker.stdout })[Symbol.asyncIterator]();
  const child = Number((await said.next()).value);
  worker.stdin.write('end\n'); // a visit that ends well leaves nothing written down
  await said.next();
  assert.equal(existsSync(path), false);
  worker.stdin.write('begin\n');
  await said.next();
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  assert.ok(isAlive(child));
  assert.equal(await endOrphans(path), 1);
  await waitFor('the end of the child', () => !isAlive(child));
});

test('a pid that the system gave to another process is left alone', { skip }, async (context) => {
  const path = join(await ownFolder(context), 'children.json');
  const { pid, child } = await startGroup(context);
  for (const startedAt of ['1', null, '']) {
    await writeFile(path, JSON.stringify([{ pid, startedAt }]));
    assert.equal(await endOrphans(path), 0, String(startedAt));
    assert.ok(isAlive(pid) && isAlive(child));
    assert.equal(existsSync(path), false);
  }
});

test('a pid of nobody, a torn ledger and none at all are no work', { skip }, async (context) => {
  const path = join(await ownFolder(context), 'children.json');
  assert.equal(await endOrphans(path), 0);
  const dead = spawn('/bin/sh', ['-c', 'exit']);
  await once(dead, 'exit');
  for (const text of [
    JSON.stringify([{ pid: dead.pid, startedAt: '1' }]),
    '[{"pid":',
    '',
    '{}',
    '[{"pid":"x"}]',
    '[]',
  ]) {
    await writeFile(path, text);
    assert.equal(await endOrphans(path), 0, text);
  }
});

test('a group that ended by itself is struck off', { skip }, async (context) => {
  const path = join(await ownFolder(context), 'children.json');
  const first = await startGroup(context);
  const second = await startGroup(context);
  const ledger = openChildLedger(path, NO_RESERVE);
  ledger.add(first.pid);
  ledger.add(second.pid);
  ledger.remove(first.pid);
  assert.match(
    readFileSync(path, 'utf8'),
    new RegExp(`^\\[\\{"pid":${second.pid},"startedAt":"\\d+","boot":"[-0-9a-f]+"\\}\\]$`),
  );
  ledger.remove(second.pid);
  assert.equal(existsSync(path), false);
  ledger.remove(second.pid);
});

test(
  'the ledger is replaced as a whole: a kill in the middle leaves the one before',
  { skip },
  async (context) => {
    const folder = await ownFolder(context);
    const path = join(folder, 'children.json');
    const first = await startGroup(context);
    const second = await startGroup(context);
    const ledger = openChildLedger(path, NO_RESERVE);
    ledger.add(first.pid);
    const before = readFileSync(path, 'utf8');
    linkSync(path, join(folder, 'before')); // the very file: it would show any writing into it
    ledger.add(second.pid);
    assert.equal(readFileSync(join(folder, 'before'), 'utf8'), before);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    writeFileSync(`${path}.tmp`, '[{"pid":'); // what a kill in the middle leaves beside it
    const ended = Promise.all([once(first.shell, 'exit'), once(second.shell, 'exit')]);
    assert.equal(await endOrphans(path), 2);
    await ended;
    assert.deepEqual(readdirSync(folder), ['before']);
  },
);

test(
  'what cannot be written down is refused; what cannot be struck off does no harm',
  { skip },
  async (context) => {
    const folder = join(await ownFolder(context), 'state');
    const path = join(folder, 'children.json');
    const ledger = openChildLedger(path, NO_RESERVE);
    const [refused, first, second] = [process.ppid, process.pid, 1];
    assert.throws(() => {
      ledger.add(refused);
    }, /ENOENT/);
    await mkdir(folder);
    ledger.add(first);
    ledger.add(second);
    assert.ok(!readFileSync(path, 'utf8').includes(`"pid":${refused},`), 'what was refused is not there');
    await rm(folder, { recursive: true });
    ledger.remove(first);
    ledger.remove(second);
  },
);
