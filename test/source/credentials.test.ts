import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { openAccess } from '../../src/source/credentials.js';
import { ownFolder } from '../folder.js';

const ENV = { PATH: '/bin' };
const FROM_ENV = { username: 'me', from: { env: 'TOKEN' } };
const BASIC = Buffer.from('me:s3cret').toString('base64');
const keyring = { env: ENV, secretEnv: { TOKEN: 's3cret' } };

test('a secret lets git in by a header for its own host, in the environment alone', async () => {
  const door = { repository: 'https://host.example:8443/a/b.git', credentials: FROM_ENV };
  assert.deepEqual(await openAccess(door, keyring), {
    env: {
      ...ENV,
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'http.https://host.example:8443/.followRedirects',
      GIT_CONFIG_VALUE_0: 'false',
      GIT_CONFIG_KEY_1: 'http.https://host.example:8443/.extraHeader',
      GIT_CONFIG_VALUE_1: `Authorization: Basic ${BASIC}`,
    },
    basic: BASIC,
    secrets: ['s3cret', BASIC, Buffer.from('s3cret').toString('base64')],
  });
});

test('settings of git that are there already stay', async () => {
  const there = { ...ENV, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'a.b', GIT_CONFIG_VALUE_0: 'c' };
  const { env } = await openAccess(
    { repository: 'https://h/a', credentials: FROM_ENV },
    { ...keyring, env: there },
  );
  assert.equal(env['GIT_CONFIG_COUNT'], '3');
  assert.equal(env['GIT_CONFIG_VALUE_0'], 'c');
  assert.equal(env['GIT_CONFIG_KEY_2'], 'http.https://h/.extraHeader');
});

test('a secret in a file is read anew each time, without its line end', async (context) => {
  const file = join(await ownFolder(context), 'token');
  const door = { repository: 'https://h/a', credentials: { username: 'me', from: { file } } };
  for (const secret of ['first', 'second']) {
    await writeFile(file, `${secret}\n`);
    assert.equal((await openAccess(door, keyring)).secrets.at(0), secret);
  }
  await writeFile(file, '\n');
  await assert.rejects(openAccess(door, keyring), { code: 'SOURCE_REFUSED', message: /token is empty$/ });
});

test('ssh, files and no credentials leave git as the user has it', async () => {
  for (const repository of ['git@host:a/b.git', 'ssh://host/a', '/srv/a.git', 'file:///srv/a'])
    assert.deepEqual(await openAccess({ repository, credentials: FROM_ENV }, keyring), {
      env: ENV,
      basic: null,
      secrets: [],
    });
  const open = { repository: 'https://h/a', credentials: null };
  assert.deepEqual(await openAccess(open, keyring), { env: ENV, basic: null, secrets: [] });
});

test('a secret that is not there is told by its name', async () => {
  const door = { repository: 'https://h/a', credentials: FROM_ENV };
  for (const secretEnv of [{}, { TOKEN: '' }])
    await assert.rejects(openAccess(door, { env: { ...ENV, TOKEN: 's3cret' }, secretEnv }), {
      ...{ code: 'SOURCE_REFUSED', message: 'credentials: the environment variable TOKEN is not set' },
    });
  const credentials = { username: 'me', from: { file: '/nowhere/token' } };
  await assert.rejects(openAccess({ ...door, credentials }, keyring), {
    ...{ code: 'SOURCE_REFUSED', message: 'credentials: cannot read /nowhere/token' },
  });
});
