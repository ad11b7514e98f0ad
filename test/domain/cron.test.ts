import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createTask } from 'node-cron';
import { readCrons } from '../../src/config/cron.js';
import { cronMinutes } from '../../src/domain/cron.js';
import type { CronFields } from '../../src/domain/window.js';

const DAY_MS = 86_400_000;
const monthDays = fc.oneof(
  fc.constantFrom('*', 'L', 'LW', 'L-2', '1W', '15W', '31W', '1,L', '1-7'),
  fc.integer({ min: 1, max: 31 }).map(String),
);
const weekdays = fc.oneof(
  fc.constantFrom('*', 'mon-fri', '7', '5L', 'sat#1', '2#5', '0L,3', '1,7L'),
  fc.integer({ min: 0, max: 6 }).map(String),
);

async function fieldsOf(expression: string): Promise<CronFields> {
  const cron = (await readCrons({ cron: expression })).get(expression);
  assert.ok(cron !== undefined && typeof cron !== 'string', expression);
  return cron;
}

test('a cron of a window matches whenever node-cron says so', async () => {
  await fc.assert(
    fc.asyncProperty(monthDays, weekdays, fc.integer({ min: 2000, max: 2040 }), async (dom, dow, year) => {
      const expression = `30 3 ${dom} * ${dow}`;
      const cron = await fieldsOf(expression);
      const task = createTask(expression, () => undefined, { timezone: 'UTC' });
      for (let at = Date.UTC(year); at < Date.UTC(year + 1); at += DAY_MS)
        assert.deepEqual(
          cronMinutes(cron, at / DAY_MS),
          task.match(new Date(at + 12_600_000)) ? [210] : [],
          new Date(at).toISOString(),
        );
    }),
    { numRuns: 60 },
  );
});

test('the minutes of a day are in order, whatever the order in which they are written', async () => {
  const cron = await fieldsOf('45,15 23-1 * * *');
  assert.deepEqual(cronMinutes(cron, 0), [15, 45, 75, 105, 1_395, 1_425]);
});

test('a file without a cron has nothing to read, one with a wrong one is told of it', async () => {
  assert.equal((await readCrons({ window: { days: 'sat' }, labels: null })).size, 0);
  const wrong = (await readCrons([{ cron: 'x' }])).get('x');
  assert.ok(typeof wrong === 'string' && wrong.includes(' is no cron expression: '));
});
