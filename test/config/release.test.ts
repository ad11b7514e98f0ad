import assert from 'node:assert/strict';
import test from 'node:test';
import { parseReleaseConfig } from '../../src/config/release.js';
import { isGitOpsError } from '../../src/domain/errors.js';

function mistakeOf(value: unknown): string {
  try {
    parseReleaseConfig(value, 'ecosystem.config.cjs');
  } catch (error) {
    assert.ok(isGitOpsError(error, 'CONFIG_INVALID'));
    return error.message;
  }
  assert.fail('it was accepted');
}

test('a release that says nothing gets every default', () => {
  const defaults = {
    install: 'auto',
    build: null,
    shared: [],
    apps: null,
    restart: { mode: 'auto', first: 1, batch: null },
    health: {
      ...{ url: null, expect: { status: null, body: null, header: {} } },
      ...{ command: null, settleMs: 2_000, timeoutMs: 30_000 },
    },
    hooks: { afterStage: null, beforeActivate: null, afterActivate: null, afterRollBack: null },
    rollback: 'auto',
    children: 'report',
    timeouts: { installMs: 900_000, buildMs: 900_000, hookMs: 300_000 },
  };
  assert.deepEqual(parseReleaseConfig(undefined, 'x'), defaults);
  assert.deepEqual(parseReleaseConfig({}, 'x'), defaults);
});

test('what a release says is kept, with spans in milliseconds', () => {
  const config = parseReleaseConfig(
    {
      install: false,
      build: 'npm run build',
      shared: ['uploads', 'var/db/'],
      restart: 'reload',
      health: {
        ...{ url: 'http://127.0.0.1:3000/version', settle: '5s', timeout: 60_000 },
        expect: { status: 200, header: { 'X-Release': '{commit}' } },
      },
      hooks: { afterStage: 'node migrate.js' },
      timeouts: { build: '1h' },
    },
    'x',
  );
  assert.equal(config.install, false);
  assert.equal(config.restart.mode, 'reload');
  const expect = { status: 200, body: null, header: { 'X-Release': '{commit}' } };
  assert.deepEqual(config.health.expect, expect);
  assert.equal(config.health.settleMs, 5_000);
  assert.equal(config.health.timeoutMs, 60_000);
  assert.equal(config.timeouts.buildMs, 3_600_000);
  assert.equal(config.hooks.afterStage, 'node migrate.js');
  assert.deepEqual(config.shared, ['uploads', 'var/db/']);
});

test('a mistake is told with its key, its value and the mend', () => {
  const table: [unknown, RegExp][] = [
    [{ helth: {} }, /^ecosystem\.config\.cjs: gitops\.helth: unknown key; did you mean health\?$/],
    [{ health: { settel: 1 } }, /gitops\.health\.settel: unknown key; did you mean settle\?/],
    [{ zzz: 1 }, /gitops\.zzz: unknown key; known are install, build/],
    [
      { health: { settle: '2 parsecs' } },
      /gitops\.health\.settle: "2 parsecs" is no duration; write "500ms"/,
    ],
    [{ health: { expect: { body: 'ok' } } }, /gitops\.health: expect is about the answer of url/],
    [
      { health: { url: 'http://h/', expect: { status: 99 } } },
      /gitops\.health\.expect\.status: 99 is not allowed/,
    ],
    [{ health: { url: 'http://h/', expect: { header: { 'a b': 'x' } } } }, /"a b" is no name of a header/],
    [{ health: { settle: -1 } }, /gitops\.health\.settle: -1 is no duration/],
    [
      { restart: 'reboot' },
      /gitops\.restart\.mode: "reboot" is not allowed; expected "auto" or "restart" or "reload"/,
    ],
    [{ restart: { first: 0 } }, /gitops\.restart\.first: 0 is not allowed; expected >=1/],
    [{ install: true }, /gitops\.install: true is not allowed; write "auto", a command or false/],
    [{ apps: [3] }, /gitops\.apps\[0\]: 3 is not allowed; expected string/],
    [{ shared: ['../x'] }, /gitops\.shared\[0\]: "\.\.\/x" cannot be shared; write a path inside/],
    ['npm ci', /gitops: "npm ci" is not an object/],
  ];
  for (const [value, message] of table) {
    assert.match(mistakeOf(value), message);
  }
});

test('all mistakes are told at once', () => {
  const message = mistakeOf({ rollback: 'maybe', buld: 'x' });
  assert.match(message, /gitops\.rollback: "maybe"/);
  assert.match(message, /gitops\.buld: unknown key; did you mean build\?/);
});

test('shared paths outside the release, or those of git and ours, are refused', () => {
  for (const path of [
    '/etc/passwd',
    '..',
    'a/../../b',
    '.git',
    '.git/config',
    '.pm2-gitops/x',
    'C:\\x',
    '\\\\host\\x',
    '',
    '.',
    'node_modules',
  ]) {
    assert.throws(() => parseReleaseConfig({ shared: [path] }, 'x'), { code: 'CONFIG_INVALID' }, path);
  }
});
