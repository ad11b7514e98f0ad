import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { checkSource } from '../../../src/agent/doctor/source.js';
import { Visit } from '../../../src/agent/doctor/visit.js';
import { nameOf } from '../../../src/domain/doctor/catalogue.js';
import type { Answer, Ask } from '../../bed/loopback.js';
import { Remote } from '../../bed/remote.js';
import { ownRoot } from '../place.js';

const LIMIT = { timeout: 60_000 };

async function openRemote(t: TestContext): Promise<Remote> {
  const remote = await Remote.open();
  t.after(() => remote.close());
  await remote.release('v1.0.0', { a: '1' });
  return remote;
}

/** What doctor says of the source of a machine: each check as `level name: detail`. */
async function examined(t: TestContext, config: object, { env = {}, token = '' } = {}): Promise<string> {
  const root = await ownRoot(t, config);
  const usual = { PATH: process.env['PATH'] ?? '', HOME: root.layout.root, GIT_CONFIG_NOSYSTEM: '1' };
  const host = { ...root.host, env: { ...usual, ...env }, secretEnv: { TOKEN: token } };
  const checks = await checkSource(new Visit({ ...root, host }, new AbortController().signal));
  return checks
    .map(({ level, id, detail, mend }) => `${level} ${nameOf(id)}: ${detail} → ${mend ?? ''}`)
    .join('\n');
}

function movedFrom(path: string, to: string) {
  return ({ path: asked }: Ask): Answer | null =>
    asked.startsWith(path)
      ? { status: 301, headers: { location: asked.replace(path, to) }, body: Buffer.alloc(0) }
      : null;
}

test('doctor tells who asks the source and why, and with which credentials', LIMIT, async (t) => {
  const remote = await openRemote(t);
  const plain = await examined(t, { repository: remote.url });
  assert.match(plain, /^ok source: reachable, 1 refs/m);
  assert.match(plain, /^ok way: asked by the poller itself/m);
  assert.match(plain, /^ok credentials: git's own/m);
  assert.match(plain, /^ok channel: stable picks v1\.0\.0/m);
  const proxied = await examined(
    t,
    { repository: remote.url },
    { env: { HTTPS_PROXY: 'http://127.0.0.1:9' } },
  );
  assert.match(proxied, /^ok way: asked by git: HTTPS_PROXY is set/m);
  assert.match(await examined(t, { repository: remote.fileUrl }), /^ok way: asked by git: it is no http/m);
  remote.before = ({ method }) =>
    method === 'POST' ? { status: 501, headers: {}, body: Buffer.from('what?') } : null;
  assert.match(await examined(t, { repository: remote.url }), /^ok way: asked by git: .*501/m);
});

test('doctor tells whether credentials work, and never what they are', LIMIT, async (t) => {
  const remote = await openRemote(t);
  remote.auth = { user: 'x-access-token', password: 'right-and-secret' };
  const byEnv = { repository: remote.url, credentials: { env: 'TOKEN' } };
  const wrong = await examined(t, byEnv, { token: 'wrong-and-secret' });
  assert.match(wrong, /^problem source: .*401 → check the repository and its credentials/m);
  assert.match(wrong, /^problem credentials: the environment variable TOKEN: refused → renew them/m);
  const right = await examined(t, byEnv, { token: 'right-and-secret' });
  assert.match(right, /^ok credentials: the environment variable TOKEN → $/m);
  const none = await examined(t, { repository: remote.url });
  assert.match(none, /^problem credentials: git's own.*: refused → name some/m);
  assert.match(await examined(t, byEnv), /^problem source: .*TOKEN is not set/m);
  assert.doesNotMatch([wrong, right, none].join('\n'), /and-secret/);

  const folder = (await ownRoot(t)).layout.root;
  const file = join(folder, 'token');
  await writeFile(file, 'right-and-secret\n', { mode: 0o600 });
  const byFile = { repository: remote.url, credentials: { file } };
  assert.match(await examined(t, byFile), /^ok credentials: the file .*token → $/m);
});

test('doctor names the address that a repository has moved to', LIMIT, async (t) => {
  const remote = await openRemote(t);
  remote.before = movedFrom('/old.git', '/app.git');
  const old = remote.url.replace('app.git', 'old.git');
  const moved = await examined(t, { repository: old });
  assert.match(moved, /^ok source: reachable/m);
  const warning = `warning repository: it moved to ${remote.url} for good → put that under "repository" in gitops.json`;
  assert.ok(moved.includes(warning), moved);
  const keyed = await examined(t, { repository: old, credentials: { env: 'TOKEN' } }, { token: 'secret' });
  assert.match(keyed, /^problem source: .*where credentials do not go/m);
  assert.ok(keyed.includes(warning), keyed);
  assert.doesNotMatch(await examined(t, { repository: remote.url }), /it moved/);
});
