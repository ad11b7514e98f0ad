import assert from 'node:assert/strict';
import test from 'node:test';
import { readChecks } from '../../src/source/github/checks.js';
import { openLine } from '../../src/source/github/line.js';
import { readQuota } from '../../src/source/github/quota.js';
import { readLatest } from '../../src/source/github/releases.js';
import { GithubApi } from '../bed/github.js';
import { COMMIT, failureOf, GREEN, lineTo, openApi, TOKEN } from './github-line.js';

const LIMIT = { timeout: 30_000 };

test('a GitHub App signs in by its key, for one token that all questions use', LIMIT, async (t) => {
  const api = await openApi(t);
  api.runs.set(COMMIT, [GREEN]);
  const { id: app, installation, privateKey: pem } = api.app;
  const line = await lineTo(api, { key: { kind: 'app', app, installation, pem } });
  await readChecks(line, COMMIT, null);
  await readLatest(line, null);
  assert.equal(api.counts()['apps/create-installation-access-token 201'], 1);
  const used = new Set(api.seen.slice(1).map(({ token }) => token));
  assert.deepEqual([...used], ['an-installation-token-1']);

  const other = await GithubApi.open();
  await other.close();
  for (const [key, message] of [
    [{ app, installation, pem: other.app.privateKey }, /answers 401.*could not be decoded/],
    [{ app: '1', installation, pem }, /answers 401.*Integration not found/],
    [{ app, installation: 43, pem }, /answers 404/],
  ] as const) {
    const wrong = await lineTo(api, { key: { kind: 'app', ...key } });
    const error = await failureOf(readChecks(wrong, COMMIT, null));
    assert.equal(error.code, 'SOURCE_REFUSED');
    assert.match(error.message, message);
    assert.match(error.hint ?? '', /github\.app/);
  }
});

test('who asks too often is told for how long not to, and is not kept waiting for it', LIMIT, async (t) => {
  const api = await openApi(t);
  const line = await lineTo(api);
  for (const [refusal, from, to] of [
    [{ usedUpFor: 1_800 }, 1_790_000, 1_801_000],
    [{ tooMuchFor: 90, told: true }, 90_000, 90_000],
    [{ tooMuchFor: 90, told: false }, 60_000, 60_000],
  ] as const) {
    api.refusal = refusal;
    const before = api.seen.length;
    const error = await failureOf(readLatest(line, null));
    assert.equal(error.code, 'SOURCE_UNREACHABLE');
    assert.match(error.message, /answers 4(03|29): .*asked too often/);
    assert.ok(
      (error.retryAfterMs ?? 0) >= from && (error.retryAfterMs ?? 0) <= to,
      String(error.retryAfterMs),
    );
    assert.equal(api.seen.length, before + 1, 'it is asked once');
  }
  assert.equal((await readQuota(line)).limit, 5_000, 'to ask for the limit is always free');
});

test(
  'a token that is wrong, without the right, or for another repository is told with its mend',
  LIMIT,
  async (t) => {
    const api = await openApi(t);
    const wrong = await lineTo(api, { key: { kind: 'token', token: 'a-token-of-old' } });
    const old = await failureOf(readChecks(wrong, COMMIT, null));
    assert.deepEqual(
      [old.code, old.hint],
      [
        'SOURCE_REFUSED',
        'renew the secret that github.token names in gitops.json (or credentials, where it names none)',
      ],
    );
    api.tokens.add('a-token-of-old');
    assert.deepEqual((await readChecks(wrong, COMMIT, null)).runs.checks, [], 'renewed, it goes on');
    const line = await lineTo(api);
    api.refusal = { lacks: 'checks=read' };
    const poor = await failureOf(readChecks(line, COMMIT, null));
    assert.match(poor.message, /answers 403: Resource not accessible/);
    assert.match(poor.hint ?? '', /the rights that it needs: checks=read/);
    api.refusal = 'none';
    const elsewhere = await lineTo(api, { repo: 'shopp' });
    const lost = await failureOf(readChecks(elsewhere, COMMIT, null));
    assert.match(lost.hint ?? '', /check that acme\/shopp is the repository/);
    const anybody = await lineTo(api, { key: { kind: 'none' } });
    assert.equal((await failureOf(readChecks(anybody, COMMIT, null))).code, 'SOURCE_REFUSED');
  },
);

test('an API that is away, slow, cut off, endless or something else is not waited for', LIMIT, async (t) => {
  const api = await openApi(t);
  api.releases = [{ tag: 'v1.0.0', notes: 'x'.repeat(100_000) }];
  api.latest = 'v1.0.0';
  const line = await lineTo(api, { limitMs: 700 });
  for (const [fault, message] of [
    ['down', /cannot ask 127\.0\.0\.1:\d+: other side closed/],
    ['hang', /gave no answer within 1 s/],
    ['error', /answers 500/],
    ['garbage', /answers, but not as GitHub's API does/],
    [{ status: 503 }, /answers 503/],
    [{ cutAfter: 2_000 }, /cannot ask/],
    [{ endAfter: 2_000 }, /not as GitHub's API does/],
    [{ silentAfter: 2_000 }, /gave no answer within 1 s/],
    [{ dripPerSecond: 500 }, /gave no answer within 1 s/],
  ] as const) {
    api.fault = fault;
    const begin = performance.now();
    const error = await failureOf(readLatest(line, null));
    assert.equal(error.code, 'SOURCE_UNREACHABLE', JSON.stringify(fault));
    assert.match(error.message, message, JSON.stringify(fault));
    assert.ok(performance.now() - begin < 10_000);
  }
  api.fault = 'none';
  api.releases = [{ tag: 'v1.0.0', notes: 'x'.repeat(9 * 1024 * 1024) }];
  assert.match((await failureOf(readLatest(line, null))).message, /answered more than 8388608 bytes/);
  const over = new AbortController();
  const place = { api: api.url, owner: 'acme', repo: 'shop', key: TOKEN };
  const cancelled = await openLine(place, { signal: over.signal });
  api.fault = 'hang';
  const asked = failureOf(readLatest(cancelled, null));
  over.abort();
  assert.equal((await asked).code, 'ABORTED');
});
