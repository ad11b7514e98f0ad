import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { LogTail } from '../../src/agent/log-tail.js';
import { openLog, parseLogLine } from '../../src/observe/log.js';
import { systemClock } from '../../src/os/clock.js';
import { ownFolder } from '../folder.js';

const clock = { ...systemClock(), now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) };

test('what is told is in the file at once, one line each, for its owner only', async (context) => {
  const path = join(await ownFolder(context), 'log.txt');
  const log = openLog(path, { clock, secrets: [] });
  log.step('fetch: v1.0.0');
  log.output('\u001b[32mremote:\u001b[0m done\r');
  assert.equal(
    await readFile(path, 'utf8'),
    '2026-01-02T03:04:05.006Z * fetch: v1.0.0\n2026-01-02T03:04:05.006Z | remote: done\n',
  );
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a secret never reaches the log: neither by itself nor in a URL', async (context) => {
  const path = join(await ownFolder(context), 'log.txt');
  const log = openLog(path, { clock, secrets: ['s3cret', '', 'x+y$&'] });
  log.step('token s3cret, again s3cret, https://me:other@host/ and x+y$&');
  log.output('s3\u001b[1mcret');
  const text = await readFile(path, 'utf8');
  assert.match(text, /token \*\*\*, again \*\*\*, https:\/\/host\/ and \*\*\*\n/);
  assert.doesNotMatch(text, /s3cret|other/);
});

test('a log that cannot be written stops nobody', () => {
  const log = openLog('/nowhere/log.txt', { clock, secrets: [] });
  log.step('x');
  log.output('y');
});

test('whatever a command prints: it is one line of the log, and read again as it is', async (context) => {
  const path = join(await ownFolder(context), 'log.txt');
  const log = openLog(path, { clock, secrets: [] });
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      log.output(text);
      count += 1;
      const lines = (await readFile(path, 'utf8')).split('\n');
      assert.equal(lines.length, count + 1);
      const line = parseLogLine(lines.at(-2) ?? '');
      assert.ok(line !== null, JSON.stringify(text));
      assert.deepEqual([line.at, line.kind], ['2026-01-02T03:04:05.006Z', 'output']);
    }),
  );
});

test('what is no line of a log is none', () => {
  for (const line of ['', 'x', '2026-01-02T03:04:05.006Z', '2026-01-02T03:04:05.006Z ? x', '* x'])
    assert.equal(parseLogLine(line), null, line);
});

test('a build that never stops talking leaves a log of bounded size, from its first line to its last', async (context) => {
  const path = join(await ownFolder(context), 'log.txt');
  const bounds = { most: 10_000, head: 1_000, tail: 4_000 };
  const told: string[] = [];
  const tail = new LogTail(({ text }) => told.push(text));
  // A worker that takes the run up again opens the log anew.
  for (const part of [0, 1]) {
    const log = openLog(path, { clock, secrets: [], bounds });
    for (let n = 0; n < 1_000; n++) {
      log.output(`${part}-${n} ünï`);
      if (n % 50 === 0) await tail.read(path);
      assert.ok((await stat(path)).size <= bounds.most + 100);
    }
  }
  await tail.read(path);
  const texts = (await readFile(path, 'utf8')).split('\n').map((line) => parseLogLine(line)?.text);
  assert.equal(texts[0], '0-0 ünï');
  assert.equal(texts.at(-2), '1-999 ünï');
  assert.equal(texts.filter((text) => text?.endsWith('were cut out here')).length, 1);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  // Whoever follows it closely enough misses nothing.
  const all = [0, 1].flatMap((part) => Array.from({ length: 1_000 }, (_, n) => `${part}-${n} ünï`));
  assert.deepEqual(
    told.filter((text) => !text.endsWith('were cut out here')),
    all,
  );
});
