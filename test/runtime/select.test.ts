import assert from 'node:assert/strict';
import test from 'node:test';
import type { AppProcess } from '../../src/domain/process.js';
import { isWithin, selectProcesses } from '../../src/runtime/processes.js';

function app(changes: Partial<AppProcess>): AppProcess {
  return {
    pmId: 0,
    name: 'web',
    pid: 1,
    status: 'online',
    startedAt: 1,
    cwd: '/elsewhere',
    script: '/elsewhere/app.js',
    mode: 'fork',
    isModule: false,
    killTimeoutMs: 1_600,
    ...changes,
  };
}

function chosen(
  all: readonly AppProcess[],
  territory: Partial<Parameters<typeof selectProcesses>[1]>,
): string[] {
  return selectProcesses(all, { roots: ['/srv/shop'], apps: null, platform: 'linux', ...territory }).map(
    ({ name }) => name,
  );
}

test('a process belongs to the root in which its folder or its script lies', () => {
  const all = [
    app({ name: 'by folder', cwd: '/srv/shop/current' }),
    app({ name: 'by script', script: '/srv/shop/current/app.js' }),
    app({ name: 'the root itself', cwd: '/srv/./shop/' }),
    app({ name: 'neighbour', cwd: '/srv/shop2' }),
    app({ name: 'outside', cwd: '/srv/shop/../other' }),
    app({ name: 'a folder of two dots and more', cwd: '/srv/shop/..cache' }),
    app({ name: 'nowhere', cwd: '', script: '' }),
  ];
  assert.deepEqual(chosen(all, {}), [
    'by folder',
    'by script',
    'the root itself',
    'a folder of two dots and more',
  ]);
});

test('a root is found by its real path as well', () => {
  const all = [app({ cwd: '/data/shop/current' })];
  assert.deepEqual(chosen(all, { roots: ['/srv/shop', '/data/shop'] }), ['web']);
});

test('named apps are taken wherever they lie', () => {
  const all = [app({ name: 'api' }), app({ name: 'web', cwd: '/srv/shop' })];
  assert.deepEqual(chosen(all, { apps: ['api'] }), ['api']);
});

test("modules, the agent itself and another root's processes are never taken", () => {
  const all = [
    app({ name: 'module', cwd: '/srv/shop', isModule: true }),
    app({ name: 'pm2-gitops', cwd: '/srv/shop' }),
    app({
      name: 'renamed',
      cwd: '/srv/shop',
      script: '/usr/lib/node_modules/pm2-gitops/dist/src/cli/main.js',
    }),
    app({ name: 'theirs', cwd: '/srv/shop/inner/current' }),
  ];
  assert.deepEqual(chosen(all, { nested: ['/srv/shop/inner'] }), []);
});

test('on Windows the case of a path does not matter', () => {
  const all = [
    app({ cwd: 'c:\\srv\\SHOP\\current', script: 'c:\\srv\\SHOP\\current\\app.js' }),
    app({ name: 'other', cwd: 'D:\\Srv\\Shop' }),
  ];
  assert.deepEqual(chosen(all, { roots: ['C:\\Srv\\Shop'], platform: 'win32' }), ['web']);
});

test('a folder holds itself and what lies below it, and no neighbour that begins like it', () => {
  const linux: [string, boolean][] = [
    ['/srv/shop/releases', true],
    ['/srv/shop/releases/', true],
    ['/srv/shop/releases/v1.0.0-1234567/app.js', true],
    ['/srv/shop/releases/..cache', true],
    ['/srv/shop/releases-old/app.js', false],
    ['/srv/shop/releases/../app.js', false],
    ['/srv/shop', false],
    ['/', false],
    ['releases', false],
    ['', false],
  ];
  for (const [path, within] of linux)
    assert.equal(isWithin(path, '/srv/shop/releases', 'linux'), within, path);
  const windows: [string, boolean][] = [
    ['c:\\SRV\\shop\\Releases\\v1', true],
    ['C:/srv/shop/releases/v1', true],
    ['C:\\srv\\shop\\releases-old', false],
    ['D:\\srv\\shop\\releases', false],
  ];
  for (const [path, within] of windows)
    assert.equal(isWithin(path, 'C:\\srv\\shop\\releases', 'win32'), within, path);
});
