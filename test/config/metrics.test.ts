import assert from 'node:assert/strict';
import test from 'node:test';
import { parseMachineConfig, type MachineConfig } from '../../src/config/machine.js';

function parse(written: object): MachineConfig {
  const file = { repository: 'https://h/a.git', ...written };
  return parseMachineConfig(file, { origin: 'gitops.json', strategy: 'releases' });
}

function refused(written: object, message: RegExp): void {
  assert.throws(() => parse(written), { code: 'CONFIG_INVALID', message });
}

test('nobody listens and no file is written unless asked', () => {
  for (const written of [{}, { metrics: {} }])
    assert.deepEqual(parse(written).metrics, { listen: null, file: null });
});

test('metrics are told at an address of this machine alone', () => {
  const table: [string, { host: string; port: number }][] = [
    ['127.0.0.1:9464', { host: '127.0.0.1', port: 9464 }],
    ['127.9.8.7:1', { host: '127.9.8.7', port: 1 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
    ['localhost:9464', { host: '127.0.0.1', port: 9464 }],
  ];
  for (const [listen, address] of table)
    assert.deepEqual(parse({ metrics: { listen } }).metrics.listen, address);
  for (const listen of [
    '0.0.0.0:9464',
    '[::]:9464',
    '10.0.0.5:9464',
    ':9464',
    'vps-07:9464',
    '127.0.0.1.example:1',
  ])
    refused(
      { metrics: { listen } },
      /metrics\.listen: .*can be reached from other machines.*write "127\.0\.0\.1:/,
    );
  for (const listen of [
    '127.0.0.1',
    '9464',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:',
    'http://127.0.0.1:1/',
  ])
    refused({ metrics: { listen } }, /metrics\.listen: .*no address with a port; write "127\.0\.0\.1:9464"/);
  refused({ metrics: { listen: 9464 } }, /metrics\.listen: 9464/);
  refused({ metrics: { lisen: '127.0.0.1:9464' } }, /did you mean listen\?/);
});

test('a file of metrics is one that node_exporter reads, wherever the poller stands', () => {
  const file = '/var/lib/node_exporter/textfile/shop.prom';
  assert.equal(parse({ metrics: { file } }).metrics.file, file);
  for (const other of ['shop.prom', '/var/lib/shop.txt'])
    refused({ metrics: { file: other } }, /metrics\.file: .*no absolute path that ends with \.prom/);
});
