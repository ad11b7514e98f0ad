import assert from 'node:assert/strict';
import test from 'node:test';
import { parseMachineConfig, type MachineConfig } from '../../src/config/machine.js';
import { parseSize } from '../../src/config/size.js';

function parse(written: object): MachineConfig {
  const file = { repository: 'https://h/a.git', ...written };
  return parseMachineConfig(file, { origin: 'gitops.json', strategy: 'releases' });
}

function refused(written: object, message: RegExp): void {
  assert.throws(() => parse(written), { code: 'CONFIG_INVALID', message });
}

test('a log is for people and of bounded size unless told otherwise', () => {
  const usual = { format: 'pretty', level: 'info', file: null, maxBytes: 10_000_000, keep: 5 };
  assert.deepEqual(parse({}).log, usual);
  assert.deepEqual(parse({ log: {} }).log, usual);
  const log = { format: 'json', level: 'debug', file: 'poller.log', keep: 2 };
  assert.deepEqual(parse({ log: { ...log, maxSize: '100KB' } }).log, { ...log, maxBytes: 100_000 });
  for (const maxSize of ['99KB', '2GB', '10', '10 MiB'])
    refused({ log: { maxSize } }, /log\.maxSize: .*no size from "100KB" to "1GB"/);
  refused({ log: { keep: 1 } }, /log\.keep: must be at least 2/);
  refused({ log: { format: 'xml' } }, /log\.format: must be "pretty" or "json"/);
  refused({ log: { level: 'loud' } }, /log\.level: must be "debug", /);
});

test('a size has a unit', () => {
  assert.deepEqual(['1KB', '1.5 mb', ' 2GB '].map(parseSize), [1e3, 1.5e6, 2e9]);
  assert.deepEqual(['', '1', 'MB', '-1MB', '1MiB', '1e3KB'].map(parseSize), [
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
});
