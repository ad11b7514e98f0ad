import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { openAccess } from '../../src/source/credentials.js';
import { gitSettings, parseSettings } from '../../src/source/git-settings.js';
import { whyByGit } from '../../src/source/way.js';
import { ownFolder } from '../folder.js';

const URL = 'https://host.example/a/b.git';
const PATH = process.env['PATH'] ?? '';

function why(setting: string, { url = URL, origin = '/home/me/.gitconfig' } = {}): string | null {
  const end = setting.indexOf('=');
  const [key, value] = [setting.slice(0, end), setting.slice(end + 1)];
  return whyByGit(url, { env: {}, settings: [{ origin, key, value }] });
}

test('a setting that leads elsewhere, or says whom to trust, makes git ask; others do not', () => {
  const git = [
    ...['url.git@host.example:.insteadof=https://host.example/', 'http.proxy=http://proxy:3128'],
    ...['http.extraheader=X: y', 'http.https://host.example/.extraheader=X: y', 'http.sslverify=false'],
    ...['http.https://*.example/.proxy=p', 'http.sslcainfo=/etc/ca.pem', 'http.cookiefile=c'],
    ...['protocol.version=0', 'protocol.https.allow=never', 'protocol.allow=never', 'http.not a url.proxy=p'],
  ];
  for (const setting of git)
    assert.equal(why(setting), `git is told ${setting.split('=')[0] ?? ''}`, setting);
  const ours = [
    ...['url.git@host.example:.insteadof=https://other.example/', 'user.name=me', 'credential.helper=store'],
    ...[
      'url.git@host.example:.pushinsteadof=https://host.example/',
      'http.postbuffer=1',
      'http.extraheader=',
    ],
    ...['http.https://other.example/.proxy=p', 'protocol.ext.allow=never', 'core.sshcommand=ssh -v'],
  ];
  for (const setting of ours) assert.equal(why(setting), null, setting);
});

test('the bundle that Git for Windows brings is no choice of anybody', () => {
  const origin = 'C:/Program Files/Git/etc/gitconfig';
  const bundle = 'http.sslcainfo=C:/Program Files/Git/mingw64/etc/ssl/certs/ca-bundle.crt';
  assert.equal(why(bundle, { origin }), null);
  assert.equal(why('http.sslcainfo=C:/Users/me/ca.crt', { origin }), 'git is told http.sslcainfo');
  assert.equal(why('http.sslcainfo=/etc/ca.crt', { origin: '/etc/gitconfig' }), 'git is told http.sslcainfo');
});

test('a proxy or certificates by environment, and an address that we cannot add to, are for git', () => {
  for (const name of ['HTTPS_PROXY', 'http_proxy', 'ALL_PROXY', 'GIT_SSL_CAINFO', 'SSL_CERT_FILE'])
    assert.equal(whyByGit(URL, { env: { [name]: 'x' }, settings: [] }), `${name} is set`);
  assert.equal(whyByGit(URL, { env: { HTTPS_PROXY: '', NO_PROXY: 'a' }, settings: [] }), null);
  assert.notEqual(whyByGit(URL, { env: {}, settings: null }), null);
  for (const url of [
    'git@host:a/b',
    'ssh://h/a',
    '/srv/a',
    'https://h/a?b=c',
    'https://me:pw@h/a',
    'http://',
  ])
    assert.notEqual(whyByGit(url, { env: {}, settings: [] }), null, url);
  assert.equal(whyByGit('https://me@host.example/a', { env: {}, settings: [] }), null);
});

test('git is asked once what it is told, and again when a file of its has changed', async (t) => {
  const cwd = await ownFolder(t);
  const trace = join(cwd, 'trace');
  const env = { PATH, HOME: cwd, GIT_CONFIG_NOSYSTEM: '1', GIT_TRACE: trace };
  const place = { cwd, signal: new AbortController().signal, background: false };
  const door = { repository: URL, credentials: { username: 'me', from: { env: 'TOKEN' } } };
  const read = async (token: string) => {
    const access = await openAccess(door, { env, secretEnv: { TOKEN: token } });
    const settings = await gitSettings({ url: URL, ...access }, place);
    return whyByGit(URL, { env, settings });
  };
  const asked = async () =>
    (await readLines(trace)).filter((line) => line.includes('built-in: git config')).length;
  assert.deepEqual([await read('one'), await read('two'), await asked()], [null, null, 1]);
  await writeFile(join(cwd, '.gitconfig'), '[http]\n\tproxy = http://127.0.0.1:1\n');
  assert.deepEqual([await read('two'), await asked()], ['git is told http.proxy', 2]);
  await writeFile(join(cwd, '.gitconfig'), '[include]\n\tpath = more\n');
  await writeFile(join(cwd, 'more'), '');
  assert.deepEqual([await read('two'), await read('two')], [null, null]);
});

test('settings are read with where they stand, values of several lines, and keys without a value', () => {
  assert.deepEqual(parseSettings('file:.git/config\0a.b\nx\ny\0command line:\0c.d\0'), [
    { origin: '.git/config', key: 'a.b', value: 'x\ny' },
    { origin: null, key: 'c.d', value: 'true' },
  ]);
});

async function readLines(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8').catch(() => '')).split('\n');
}
