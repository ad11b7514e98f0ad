import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { EventLine } from '../../src/domain/event-line.js';
import { openEventLog, type EventLogOptions } from '../../src/module/event-log.js';
import { ownRoot } from '../agent/place.js';

const LINE: EventLine = {
  ...{ at: Date.UTC(2026, 0, 2, 3, 4, 5, 6), level: 'warn', event: 'blocked' },
  ...{ message: 'blocked: \u202ehidden', about: { run: 'r', cause: null } },
};

/** Tells lines by the log of a root with this configuration, and gives back what was printed. */
async function printed(
  context: TestContext,
  log: object,
  { lines = [LINE], ...options }: Partial<EventLogOptions> & { lines?: readonly EventLine[] } = {},
): Promise<{ folder: string; out: string[] }> {
  const { layout } = await ownRoot(context);
  await writeFile(layout.config, JSON.stringify({ repository: 'https://h/a.git', log }));
  const out: string[] = [];
  const print = (line: string): void => void out.push(line);
  const tell = await openEventLog(layout.root, { name: null, format: null, ...options, print });
  lines.forEach(tell);
  return { folder: layout.root, out };
}

test('a line is for people, or an object for programs in which nothing deceives a terminal', async (context) => {
  const pretty = '2026-01-02T03:04:05.006Z  blocked: \u202ehidden';
  assert.deepEqual((await printed(context, {})).out, [pretty]);
  const { out, folder } = await printed(context, { format: 'json' });
  const [line = ''] = out;
  assert.match(line, /blocked: \\u202ehidden/);
  assert.deepEqual(JSON.parse(line), {
    ...{ at: '2026-01-02T03:04:05.006Z', level: 'warn', event: 'blocked' },
    ...{ message: 'blocked: \u202ehidden', root: folder, run: 'r', cause: null },
  });
  assert.deepEqual((await printed(context, { format: 'json' }, { format: 'pretty' })).out, [pretty]);
  const named = await printed(context, {}, { name: 'shop' });
  assert.deepEqual(named.out, [pretty.replace('  ', '  shop  ')]);
});

test('what matters less than the level is not told', async (context) => {
  const lines = (['debug', 'info', 'warn', 'error'] as const).map((level) => ({
    ...LINE,
    level,
    message: level,
  }));
  const told = async (log: object): Promise<string[]> =>
    (await printed(context, log, { lines })).out.map((line) => line.split('  ')[1] ?? '');
  assert.deepEqual(await told({}), ['info', 'warn', 'error']);
  assert.deepEqual(await told({ level: 'debug' }), ['debug', 'info', 'warn', 'error']);
  assert.deepEqual(await told({ level: 'error' }), ['error']);
});

test('a file takes the lines; one that does not lets them through', async (context) => {
  const { folder, out } = await printed(context, { file: 'poller.log' });
  assert.deepEqual(out, [`the log of ${folder} goes to ${join(folder, 'poller.log')}`]);
  assert.match(
    await readFile(join(folder, 'poller.log'), 'utf8'),
    /^2026-01-02T03:04:05\.006Z {2}blocked: .*\n$/,
  );
  const lost = await printed(context, { file: '/nowhere/poller.log' });
  assert.equal(lost.out.length, 2);
});
