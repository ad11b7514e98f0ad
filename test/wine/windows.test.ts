import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { claimPorts } from '../bed/place.js';
import { Remote, type Files } from '../bed/remote.js';
import { waitFor } from '../bed/wait.js';
import { whyNoWine, Windows, windowsPath, type Ended } from './windows.js';

// Windows' own Node.js, git and npm, run by Wine, do what they do on a machine of a user (docs/windows.md).

const skip = await whyNoWine();
const DIST = fileURLToPath(new URL('../..', import.meta.url));
// These touch what differs: locks, names, paths, line ends, files in use, quotes, processes.
const UNITS = 'os/win32 os/shell config/load state/lock state/journal state/records';

let windows: Windows;
let remote: Remote;

before(async () => {
  if (skip !== false) return;
  [windows, remote] = [await Windows.open(), await Remote.open()];
});
after(async () => {
  if (skip !== false) return;
  await windows.close();
  await remote.close();
});

test('what is tested of locks, files, records and processes holds on Windows', { skip }, async () => {
  const files = UNITS.split(' ').map((name) => windowsPath(join(DIST, 'test', `${name}.test.js`)));
  const run = await windows.node(['--test', '--test-concurrency=1', '--test-reporter=tap', ...files]);
  assert.equal(run.code, 0, run.text);
  assert.match(run.text, /^# pass [3-9]\d$/m);
});

test(
  'an adopted checkout of Windows goes to the next release, and back from one that crashes',
  { skip },
  async () => {
    const port = await claimPorts(1);
    await remote.release('v1.0.0', release('v1.0.0', port));
    const shop = join(windows.folder, 'shop');
    succeeded(await windows.git(['clone', '--quiet', '--branch', 'v1.0.0', remote.url, 'shop']));
    succeeded(await pm2(['start', 'ecosystem.config.cjs']));
    await served(port, 'v1.0.0');
    succeeded(await cli(['init', '--yes']));
    succeeded(await cli(['doctor']));

    await remote.release('v1.1.0', release('v1.1.0', port));
    succeeded(await cli(['apply']));
    await served(port, 'v1.1.0 with greeting 1.0.0');
    assert.equal(await readFile(join(shop, 'built.txt'), 'utf8'), 'v1.1.0 is built');

    await remote.release('v1.2.0', { ...release('v1.2.0', port), 'app.js': 'process.exit(1);\n' });
    const failed = await cli(['apply']);
    assert.equal(failed.code, 4, failed.text);
    await served(port, 'v1.1.0 with greeting 1.0.0');
    const status = await cli(['status', '--json']);
    assert.match(status.text, /"reason": "quarantined"/);
    succeeded(await pm2(['kill']));
  },
);

/** A release whose build is a shell command with quotes, and from v1.1.0 on with a dependency that npm must install. */
function release(tag: string, port: number): Files {
  const greets = tag !== 'v1.0.0';
  const says = greets ? `'${tag} with greeting ' + require('greeting').version` : `'${tag}'`;
  const build = `node -e "require('fs').writeFileSync('built.txt', '${tag} is built')" && echo "built"`;
  const gitops = { build, health: { settle: '1s' } };
  return {
    ...manifests(greets ? { greeting: 'file:greeting' } : {}),
    'app.js': `require('http').createServer((_, to) => to.end(${says})).listen(${port}, '127.0.0.1');\n`,
    'ecosystem.config.cjs': `module.exports = ${JSON.stringify({ apps: [{ name: 'shop', script: 'app.js' }], gitops })};\n`,
  };
}

/** What npm reads. A folder stands for the registry: under Wine npm can connect to none (docs/windows.md). */
function manifests(dependencies: Readonly<Record<string, string>>): Files {
  const shop = { name: 'shop', version: '1.0.0', dependencies };
  const installed = { 'node_modules/greeting': { version: '1.0.0', resolved: 'file:greeting' } };
  const packages = { '': shop, ...('greeting' in dependencies ? installed : {}) };
  return {
    'package.json': JSON.stringify(shop),
    'package-lock.json': JSON.stringify({ name: 'shop', lockfileVersion: 3, requires: true, packages }),
    '.npmrc': 'install-links=true\n',
    'greeting/package.json': '{ "name": "greeting", "version": "1.0.0" }\n',
    'greeting/index.js': 'exports.version = "1.0.0";\n',
  };
}

function cli(args: readonly string[]): Promise<Ended> {
  return windows.node([windowsPath(join(DIST, 'src/cli/main.js')), ...args], join(windows.folder, 'shop'));
}

function pm2(args: readonly string[]): Promise<Ended> {
  const path = join(DIST, '../node_modules/pm2/bin/pm2');
  return windows.node([windowsPath(path), ...args], join(windows.folder, 'shop'));
}

function succeeded({ code, text }: Ended): void {
  assert.equal(code, 0, text);
}

async function served(port: number, expected: string): Promise<void> {
  await waitFor(`"${expected}" on port ${port}`, async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
    return (await answer?.text()) === expected;
  });
}
