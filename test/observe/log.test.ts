import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
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
