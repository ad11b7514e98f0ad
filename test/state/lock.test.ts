import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import locks from 'fs-native-extensions';
import { systemClock } from '../../src/os/clock.js';
import { holderOf, lockWithin, locksSupported, requireLocks, tryLock } from '../../src/state/lock.js';
import { assertMode, ownFolder } from '../folder.js';

const PROGRAM = fileURLToPath(new URL('lock-program.js', import.meta.url));
const HOLDER = { pid: process.pid, startedAt: 5, run: 'r1' };
const signal = new AbortController().signal;

/** A process that contends for a lock, told by lines and answering by lines. */
class Contender {
  readonly #child;
  readonly #answers: AsyncIterator<string>;

  constructor(path: string, context: TestContext) {
    this.#child = spawn(process.execPath, [PROGRAM, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    context.after(() => this.kill());
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async answer(): Promise<string | null> {
    const answer = await this.#answers.next();
    return answer.done === true ? null : answer.value;
  }

  ask(line: 'try' | 'release'): Promise<string | null> {
    this.#child.stdin.write(`${line}\n`);
    return this.answer();
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

async function contenders(path: string, count: number, context: TestContext): Promise<Contender[]> {
  const all = Array.from({ length: count }, () => new Contender(path, context));
  for (const contender of all) assert.equal(await contender.answer(), 'ready');
  return all;
}

// Ten on Windows: under Wine each costs ten times as much.
const COUNT = process.platform === 'win32' ? 10 : 100;

test('of 100 processes that try at once exactly one wins, round after round', async (context) => {
  const path = join(await ownFolder(context), 'upgrade.lock');
  const all = await contenders(path, COUNT, context);
  for (let round = 0; round < 10; round += 1) {
    const answers = await Promise.all(all.map((contender) => contender.ask('try')));
    assert.equal(answers.filter((answer) => answer === 'won').length, 1, `round ${round}`);
    assert.equal(answers.filter((answer) => answer === 'lost').length, COUNT - 1, `round ${round}`);
    const winner = all[answers.indexOf('won')];
    assert.equal((await holderOf(path))?.pid, winner?.pid);
    assert.equal(await winner?.ask('release'), 'released');
  }
});

test('when the holder is killed, the next one gets the lock at once', async (context) => {
  const path = join(await ownFolder(context), 'upgrade.lock');
  const [first, second] = await contenders(path, 2, context);
  assert.ok(first !== undefined && second !== undefined);
  for (const holder of [first, second]) {
    assert.equal(await holder.ask('try'), 'won');
    assert.equal(await tryLock(path, HOLDER), null);
    await holder.kill();
    assert.equal(await holderOf(path), null, 'a dead holder holds nothing, whatever the file says');
  }
  const lock = await tryLock(path, HOLDER);
  assert.ok(lock !== null);
  lock.release();
});

test('a leftover lock file is no hindrance, whatever stands in it', async (context) => {
  const folder = await ownFolder(context);
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  const leftovers: [string, string][] = [
    ['a dead process', JSON.stringify({ pid: dead.pid, startedAt: 1, run: 'r' })],
    [
      'a pid that lives, as after a reboot or a reuse',
      JSON.stringify({ pid: process.ppid, startedAt: 1, run: 'r' }),
    ],
    ['our own pid', JSON.stringify({ pid: process.pid, startedAt: 1, run: 'r' })],
    ['nothing', ''],
    ['half a line', '{"pid":47'],
    ['garbage', '\u0000\u0000\u0000'],
    ['a pid alone', '4711\n'],
    ['a long text', 'x'.repeat(10_000)],
  ];
  for (const [story, text] of leftovers) {
    const path = join(folder, 'upgrade.lock');
    await writeFile(path, text);
    assert.equal(await holderOf(path), null, story);
    const lock = await tryLock(path, HOLDER);
    assert.ok(lock !== null, story);
    assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), HOLDER, story);
    lock.release();
    assert.equal(await holderOf(path), null, story);
  }
});

test('who holds the lock is told as far as the file tells', async (context) => {
  const path = join(await ownFolder(context), 'upgrade.lock');
  assert.equal(await holderOf(path), null, 'no file');
  const lock = await tryLock(path, HOLDER);
  assert.ok(lock !== null);
  assert.deepEqual(await holderOf(path), HOLDER);
  const unknown = { pid: null, startedAt: null, run: null };
  const table: [string, object][] = [
    ['', unknown],
    ['{"pid":"x"}', unknown],
    ['{"pid":7}', { pid: 7, startedAt: null, run: null }],
    ['{"pid":7,"startedAt":"x","run":4}', { pid: 7, startedAt: null, run: null }],
    ['[1]', unknown],
    ['null', unknown],
  ];
  for (const [text, expected] of table) {
    await writeFile(path, text);
    assert.deepEqual(await holderOf(path), expected, text);
  }
  lock.release();
});

test('who asks does not hinder others who ask, nor change the file', async (context) => {
  const path = join(await ownFolder(context), 'upgrade.lock');
  const lock = await tryLock(path, HOLDER);
  const asked = await Promise.all(Array.from({ length: 20 }, () => holderOf(path)));
  for (const holder of asked) assert.deepEqual(holder, HOLDER);
  lock?.release();
  const before = await stat(path);
  const free = await Promise.all(Array.from({ length: 20 }, () => holderOf(path)));
  assert.ok(free.every((holder) => holder === null));
  assert.equal((await stat(path)).mtimeMs, before.mtimeMs);
});

test('what the holder says of itself is not what is locked: Windows would keep others from reading it', async (context) => {
  const path = join(await ownFolder(context), 'upgrade.lock');
  const lock = await tryLock(path, HOLDER);
  const other = await open(path, 'r+');
  const { size } = await other.stat();
  const isFree = locks.tryLock(other.fd, 0, size);
  await other.close();
  assert.ok(size > 0 && isFree);
  lock?.release();
});

test('a lock that is let go within the limit is got, one that is not is left', async (context) => {
  const path = join(await ownFolder(context), 'poll.lock');
  const patience = { path, holder: HOLDER, clock: systemClock(), signal };
  const first = await tryLock(path, HOLDER);
  assert.ok(first !== null);
  assert.equal(await lockWithin(100, patience), null);
  const second = lockWithin(10_000, patience);
  first.release();
  const got = await second;
  assert.ok(got !== null);
  const cancelled = new AbortController();
  const waiting = lockWithin(10_000, { ...patience, signal: cancelled.signal });
  cancelled.abort(new Error('cancelled'));
  await assert.rejects(waiting, /cancelled/);
  got.release();
});

test(
  'a full disk keeps nobody from taking the lock, nor from letting it go',
  { skip: process.platform !== 'linux' },
  async (context) => {
    const path = join(await ownFolder(context), 'upgrade.lock');
    await symlink('/dev/full', path);
    for (let round = 0; round < 2; round += 1) {
      const lock = await tryLock(path, HOLDER);
      assert.ok(lock !== null);
      assert.equal(await tryLock(path, HOLDER), null);
      lock.release();
    }
  },
);

test('the lock file is readable by its owner only, and this machine has such locks', async (context) => {
  const path = join(await ownFolder(context), 'upgrade.lock');
  const lock = await tryLock(path, HOLDER);
  await assertMode(path, 0o600);
  lock?.release();
  await requireLocks();
  assert.equal(await locksSupported(), true);
});
