import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { isGitOpsError, type GitOpsError } from '../../src/domain/errors.js';
import { listByOurselves } from '../../src/source/by-http.js';
import { openAccess } from '../../src/source/credentials.js';
import { listRefs } from '../../src/source/list-refs.js';
import { OddAnswer } from '../../src/source/odd-answer.js';
import { packetOf } from '../../src/source/pkt-line.js';
import { wantedBy } from '../../src/source/question.js';
import { ownCertificate } from '../bed/certificate.js';
import { LoopbackServer, type Answer } from '../bed/loopback.js';
import { Remote } from '../bed/remote.js';
import { commit } from '../domain/releases.js';
import { ownFolder } from '../folder.js';

const LIMIT = { timeout: 60_000 };
const PATH = process.env['PATH'] ?? '';
const RESULT = { 'content-type': 'application/x-git-upload-pack-result' };
const LISTING = Buffer.from(`${packetOf(`${commit(1)} refs/tags/v1.0.0`)}0000`);

async function openRemote(t: TestContext): Promise<Remote> {
  const remote = await Remote.open();
  t.after(() => remote.close());
  await remote.release('v1.0.0', { a: '1' });
  return remote;
}

/** A server with one answer to everything. */
async function openServer(t: TestContext, answer: Answer): Promise<LoopbackServer> {
  const server = await LoopbackServer.open();
  t.after(() => server.close());
  server.answer = () => answer;
  return server;
}

/** Looks as a machine does, with a home of its own. */
async function machine(t: TestContext, { gitconfig = '', token = '' } = {}) {
  const home = await ownFolder(t);
  await writeFile(join(home, '.gitconfig'), gitconfig);
  const env = { PATH, HOME: home, GIT_CONFIG_NOSYSTEM: '1' };
  const credentials = token === '' ? null : { username: 'me', from: { env: 'TOKEN' } };
  const place = { cwd: home, signal: new AbortController().signal, background: false };
  const look = async (repository: string): Promise<string[]> => {
    const access = await openAccess({ repository, credentials }, { env, secretEnv: { TOKEN: token } });
    const refs = await listRefs({ url: repository, ...access }, { channels: [{ kind: 'stable' }] }, place);
    return refs.map(({ name }) => name);
  };
  const failure = (repository: string): Promise<GitOpsError> =>
    look(repository).then(
      () => assert.fail('it was to fail'),
      (error: unknown) => (isGitOpsError(error) ? error : assert.fail(String(error))),
    );
  return { look, failure };
}

test(
  'a look is one request over a connection that stays open, and over a new one where it did not',
  LIMIT,
  async (t) => {
    const remote = await openRemote(t);
    const { look } = await machine(t);
    for (let times = 0; times < 3; times += 1) assert.deepEqual(await look(remote.url), ['refs/tags/v1.0.0']);
    assert.deepEqual(remote.counts, { advertisement: 0, capabilities: 0, lsRefs: 3, fetch: 0 });
    assert.equal(remote.connections, 1);
    remote.hangUp();
    assert.deepEqual(
      await look(`${remote.url}/`),
      ['refs/tags/v1.0.0'],
      'a slash behind it is none of the name',
    );
    assert.deepEqual([remote.counts.lsRefs, remote.counts.capabilities, remote.connections], [4, 0, 2]);
  },
);

test('credentials of gitops.json let in; wrong ones are refused, and git is not asked', LIMIT, async (t) => {
  const remote = await openRemote(t);
  remote.auth = { user: 'me', password: 's3cret' };
  assert.deepEqual(await (await machine(t, { token: 's3cret' })).look(remote.url), ['refs/tags/v1.0.0']);
  const { code, message } = await (await machine(t, { token: 'old' })).failure(remote.url);
  assert.equal(code, 'SOURCE_REFUSED');
  assert.match(message, /^cannot list the refs of http:.*: the server answered 401$/);
  assert.equal(remote.counts.capabilities, 0);
});

test('where gitops.json names no credentials git is asked for its own, and remembered', LIMIT, async (t) => {
  const remote = await openRemote(t);
  remote.auth = { user: 'me', password: 's3cret' };
  const none = await (await machine(t)).failure(remote.url);
  assert.equal(none.code, 'SOURCE_REFUSED');
  assert.match(none.message, /terminal prompts disabled/);
  const helper = '!f() { echo username=me; echo password=s3cret; }; f';
  const { look } = await machine(t, { gitconfig: `[credential]\n\thelper = "${helper}"\n` });
  assert.deepEqual(await look(remote.url), ['refs/tags/v1.0.0']);
  const before = { ...remote.counts };
  assert.deepEqual(await look(remote.url), ['refs/tags/v1.0.0']);
  // Git asks for the abilities, once without a name and once with one, then for the refs.
  assert.deepEqual(
    [remote.counts.capabilities - before.capabilities, remote.counts.lsRefs - before.lsRefs],
    [2, 1],
  );
});

test('a server that knows no version 2 is left to git', LIMIT, async (t) => {
  const remote = await openRemote(t);
  remote.before = ({ headers }) => {
    delete headers['git-protocol'];
    return null;
  };
  const { look } = await machine(t);
  for (let times = 0; times < 2; times += 1) assert.deepEqual(await look(remote.url), ['refs/tags/v1.0.0']);
  assert.equal(remote.counts.advertisement, 2);
  assert.equal(remote.counts.lsRefs, 1, 'the second look went to git at once');
});

test('a redirect is followed within its place; what leads elsewhere is git’s', LIMIT, async (t) => {
  const [remote, elsewhere] = [await openRemote(t), await openRemote(t)];
  const old = moved(remote, () => '');
  assert.deepEqual(await (await machine(t)).look(old), ['refs/tags/v1.0.0']);
  assert.deepEqual([remote.counts.lsRefs, remote.counts.capabilities], [1, 0]);

  const away = moved(elsewhere, () => remote.url.replace('/app.git', ''));
  assert.deepEqual(await (await machine(t)).look(away), ['refs/tags/v1.0.0']);
  assert.equal(remote.counts.capabilities, 1, 'it was git');

  const round = await openServer(t, {
    status: 302,
    headers: { location: '/git-upload-pack' },
    body: Buffer.alloc(0),
  });
  assert.match((await (await machine(t)).failure(`${round.url}/a.git`)).code, /^SOURCE_/);
});

test('no secret follows a redirect, be it ours or git that asks', LIMIT, async (t) => {
  const [remote, thief] = [await openRemote(t), await openRemote(t)];
  let asked = 0;
  thief.before = () => {
    asked += 1;
    return null;
  };
  const old = moved(remote, () => thief.url.replace('/app.git', ''));
  const { failure } = await machine(t, { token: 's3cret' });
  const { code, message } = await failure(old);
  assert.equal(code, 'SOURCE_REFUSED');
  assert.match(
    message,
    /: it redirects to http:\S+\/app\.git\/git-upload-pack, where credentials do not go$/,
  );
  const byGit = await (
    await machine(t, { token: 's3cret', gitconfig: '[http]\n\tsslVerify = true\n' })
  ).failure(old);
  assert.equal(byGit.code, 'SOURCE_REFUSED');
  assert.match(byGit.message, /error: 307/);
  assert.equal(asked, 0, 'nobody went there');
});

/** The former address of a remote that answers with where it is now. */
function moved(remote: Remote, origin: () => string): string {
  remote.before = ({ path, query }) => {
    if (!path.startsWith('/old.git')) return null;
    const rest = path.replace('/old.git', '/app.git');
    const location = `${origin()}${rest}${query === '' ? '' : `?${query}`}`;
    return { status: 307, headers: { location }, body: Buffer.alloc(0) };
  };
  return remote.url.replace('/app.git', '/old.git');
}

test(
  'to git a login page is a repository without refs, and it is not asked again because of that',
  LIMIT,
  async (t) => {
    const remote = await openRemote(t);
    const { look } = await machine(t);
    remote.fault = 'garbage';
    assert.deepEqual(await look(remote.url), []);
    remote.fault = 'none';
    const before = remote.counts.capabilities;
    assert.deepEqual(await look(remote.url), ['refs/tags/v1.0.0']);
    assert.equal(remote.counts.capabilities, before);
  },
);

test('for how long a busy server wants to be left alone is kept', LIMIT, async (t) => {
  const date = new Date('2026-01-01T00:00:00Z').toUTCString();
  const later = new Date('2026-01-01T00:02:00Z').toUTCString();
  const table: [number, Record<string, string>, number | null][] = [
    [429, { 'retry-after': '60' }, 60_000],
    [503, { 'retry-after': later, date }, 120_000],
    [403, { 'retry-after': '5' }, 5_000],
    [503, { 'retry-after': 'soon' }, null],
    [500, {}, null],
  ];
  for (const [status, headers, expected] of table) {
    const server = await openServer(t, { status, headers, body: Buffer.from('later') });
    const { code, message, retryAfterMs } = await (await machine(t)).failure(`${server.url}/a.git`);
    assert.deepEqual([code, retryAfterMs], ['SOURCE_UNREACHABLE', expected], `${status}`);
    assert.match(message, new RegExp(`the server answered ${status}$`));
  }
});

test('a packed answer is unpacked, and bounded as it unpacks', LIMIT, async (t) => {
  const headers = { ...RESULT, 'content-encoding': 'gzip' };
  const server = await openServer(t, { status: 200, headers, body: gzipSync(LISTING) });
  const { look, failure } = await machine(t);
  assert.deepEqual(await look(`${server.url}/a.git`), ['refs/tags/v1.0.0']);
  server.fault = { cutAfter: 20 };
  assert.match((await failure(`${server.url}/a.git`)).message, /the answer was cut off$/);
  server.fault = { endAfter: 20 };
  assert.match((await failure(`${server.url}/a.git`)).message, /the answer was cut off$/);
  server.fault = 'none';
  const line = packetOf(`${commit(1)} refs/tags/v1.0.0`);
  server.answer = () => ({ status: 200, headers, body: gzipSync(line.repeat(1_000_000)) });
  assert.match((await failure(`${server.url}/a.git`)).message, /answered more than 33554432 bytes$/);
});

test('whom Node does not trust git is asked about', LIMIT, async (t) => {
  const certificate = await ownCertificate(t);
  if (certificate === null) return;
  const server = createServer(certificate.pair, (request, response) => {
    request.resume().on('end', () => response.writeHead(200, RESULT).end(LISTING));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const url = `https://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/a.git`;
  const where = { cwd: await ownFolder(t), signal: new AbortController().signal, background: false };
  const wanted = wantedBy({ channels: [{ kind: 'stable' }] });
  await assert.rejects(listByOurselves({ url, env: {} }, wanted, where), OddAnswer);
  const { code, message } = await (await machine(t)).failure(url);
  assert.equal(code, 'SOURCE_UNREACHABLE');
  assert.match(message, /certificate/, 'in the words of git');
});

test('neither an open connection nor a look in the background keeps a host alive', LIMIT, async (t) => {
  const remote = await openRemote(t);
  const program = fileURLToPath(new URL('look-program.js', import.meta.url));
  const run = (...args: string[]) =>
    execa(process.execPath, [program, ...args], { reject: false, timeout: 20_000 });
  const looked = await run(remote.url, 'foreground');
  assert.deepEqual([looked.timedOut, looked.exitCode, looked.stdout], [false, 0, '1 refs']);
  remote.fault = 'hang';
  const left = await run(remote.url, 'background');
  // https://nodejs.org/api/process.html#exit-codes: 13, the program ended while it still awaited something.
  assert.deepEqual([left.timedOut, left.exitCode, left.stdout], [false, 13, '']);
});
