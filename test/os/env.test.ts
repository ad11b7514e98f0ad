import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { cleanEnvironment } from '../../src/os/env.js';
import { gitCommand } from '../../src/os/git.js';

// What pm2 and an app really have around them.
const OF_AN_APP = {
  ...{ PORT: '3000', NODE_ENV: 'production', DATABASE_URL: 'postgres://u:p@h/x', NODE_OPTIONS: '--inspect' },
  ...{
    name: 'web',
    pm_id: '0',
    status: 'online',
    exec_mode: 'fork_mode',
    NODE_APP_INSTANCE: '0',
    unique_id: 'x',
  },
  ...{
    GITHUB_TOKEN: 's3cret',
    GIT_DIR: '/elsewhere',
    GIT_INDEX_FILE: '/x',
    LD_PRELOAD: '/x.so',
    npm_lifecycle_event: 'start',
  },
};
const OF_A_MACHINE = {
  ...{
    PATH: '/bin',
    HOME: '/home/me',
    LANG: 'de_DE.UTF-8',
    LC_TIME: 'C',
    TZ: 'UTC',
    PM2_HOME: '/home/me/.pm2',
  },
  ...{ SSH_AUTH_SOCK: '/run/s', HTTPS_PROXY: 'http://p', https_proxy: 'http://p', NVM_DIR: '/n' },
  ...{
    npm_config_registry: 'https://r',
    NPM_CONFIG_CACHE: '/c',
    GIT_SSL_CAINFO: '/ca',
    GIT_SSH_COMMAND: 'ssh -v',
  },
  ...{ SystemRoot: 'C:\\Windows', Path: 'C:\\bin', APPDATA: 'C:\\x', 'ProgramFiles(x86)': 'C:\\p' },
};

test('the machine and the user stay in an environment, pm2 and the app do not', () => {
  assert.deepEqual(cleanEnvironment({ ...OF_AN_APP, ...OF_A_MACHINE, EMPTY: undefined }), OF_A_MACHINE);
});

test('whatever is in an environment: nothing is invented or changed', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }), (source) => {
      for (const [name, value] of Object.entries(cleanEnvironment({ ...source, PATH: '/bin' })))
        assert.equal(value, name === 'PATH' ? '/bin' : source[name]);
    }),
  );
});

test('git is asked deaf and unattended, and text from outside comes as an argument', () => {
  const { file, args, env, cwd } = gitCommand(['ls-remote', '--', '$(x)'], {
    cwd: '/srv',
    env: { PATH: '/bin' },
  });
  assert.deepEqual([file, cwd, args.slice(-3)], ['git', '/srv', ['ls-remote', '--', '$(x)']]);
  assert.ok(args.includes('core.hooksPath=/dev/null') && args.includes('protocol.ext.allow=never'));
  assert.deepEqual([env['GIT_TERMINAL_PROMPT'], env['GIT_ASKPASS'], env['LC_ALL']], ['0', '', 'C']);
  assert.equal(env['GIT_SSH_COMMAND'], undefined);
  const own = gitCommand([], { cwd: '/', env: { GIT_SSH_COMMAND: 'ssh -i key' } }).env;
  assert.equal(own['GIT_SSH_COMMAND'], 'ssh -i key');
});
