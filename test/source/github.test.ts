import assert from 'node:assert/strict';
import test from 'node:test';
import { judgeChecks } from '../../src/domain/forge.js';
import { readChecks } from '../../src/source/github/checks.js';
import { createDeployment, tellDeployment } from '../../src/source/github/deployments.js';
import { readLatest, readRelease } from '../../src/source/github/releases.js';
import { GithubApi } from '../bed/github.js';
import { exampleOf, misfitsOfAnswer, operationIds, operationOf } from '../bed/github-description.js';
import { COMMIT, failureOf, GREEN, lineTo, openApi } from './github-line.js';

const LIMIT = { timeout: 30_000 };

test('the examples of GitHub’s description fit it, and what does not fit is seen', () => {
  const paths: Record<string, [string, string, number]> = {
    'rate-limit/get': ['GET', '/rate_limit', 200],
    'repos/get-latest-release': ['GET', '/repos/a/b/releases/latest', 200],
    'repos/get-release-by-tag': ['GET', '/repos/a/b/releases/tags/web/v1', 200],
    'checks/list-for-ref': ['GET', '/repos/a/b/commits/c/check-runs', 200],
    'repos/get-combined-status-for-ref': ['GET', '/repos/a/b/commits/c/status', 200],
    'repos/create-deployment': ['POST', '/repos/a/b/deployments', 201],
    'repos/create-deployment-status': ['POST', '/repos/a/b/deployments/1/statuses', 201],
    'apps/create-installation-access-token': ['POST', '/app/installations/1/access_tokens', 201],
  };
  assert.deepEqual(Object.keys(paths).sort(), operationIds().sort());
  for (const [id, [method, path, status]] of Object.entries(paths)) {
    const operation = operationOf({ method, path });
    assert.ok(operation !== null);
    assert.equal(operation.id, id);
    assert.deepEqual(misfitsOfAnswer(operation, status, exampleOf(id)), [], id);
    assert.notDeepEqual(misfitsOfAnswer(operation, status, { message: 3 }), [], id);
  }
});

test('a question that GitHub does not describe is refused and fails the test', LIMIT, async () => {
  const api = await GithubApi.open();
  for (const [path, body] of [
    ['/repos/acme/shop/releases/newest', null],
    ['/repos/acme/shop/commits/c/check-runs?perpage=3', null],
    ['/repos/acme/shop/commits/c/check-runs?per_page=many', null],
    ['/repos/acme/shop/deployments', '{"environment":"x"}'],
    ['/repos/acme/shop/deployments/1/statuses', '{"state":"done"}'],
    ['/repos/acme/shop/deployments/1/statuses', '{"state":"success","color":"red"}'],
    ['/rate_limit', null],
  ] as const) {
    const headers = { accept: path === '/rate_limit' ? 'text/html' : 'application/vnd.github+json' };
    const init = {
      headers: { ...headers, 'x-github-api-version': '2022-11-28', 'content-type': 'application/json' },
    };
    const answer = await fetch(`${api.url}${path}`, body === null ? init : { ...init, method: 'POST', body });
    assert.equal(answer.status, 400, path);
  }
  assert.equal(api.misfits.length, 7);
  await assert.rejects(api.close(), /description says otherwise/);
});

test(
  'check runs and statuses of a commit are told together, and cost nothing while they are as they were',
  LIMIT,
  async (t) => {
    const api = await openApi(t);
    api.runs.set(COMMIT, [GREEN, { name: 'lint', status: 'in_progress', conclusion: null }]);
    api.statuses.set(COMMIT, [{ context: 'ci/e2e', state: 'error' }]);
    const line = await lineTo(api);
    const first = await readChecks(line, COMMIT, null);
    assert.deepEqual(
      [...first.runs.checks, ...first.statuses.checks],
      [
        { name: 'build', state: 'green' },
        { name: 'lint', state: 'pending' },
        { name: 'ci/e2e', state: 'failed' },
      ],
    );
    assert.deepEqual(await readChecks(line, COMMIT, first), first);
    api.runs.set(COMMIT, [GREEN, { name: 'lint', status: 'completed', conclusion: 'timed_out' }]);
    const later = await readChecks(line, COMMIT, first);
    assert.deepEqual(later.runs.checks[1], { name: 'lint', state: 'failed' });
    assert.deepEqual(api.counts(), {
      ...{ 'checks/list-for-ref 200': 2, 'repos/get-combined-status-for-ref 200': 1 },
      ...{ 'checks/list-for-ref 304': 1, 'repos/get-combined-status-for-ref 304': 2 },
    });

    // An ETag is for one token: with another, nothing is taken for unchanged that this one has not seen.
    api.tokens.add('another');
    const other = await lineTo(api, { key: { kind: 'token', token: 'another' } });
    assert.notEqual((await readChecks(other, COMMIT, later)).runs.etag, later.runs.etag);
  },
);

test('of many checks every page is read, of too many none is believed', LIMIT, async (t) => {
  const api = await openApi(t);
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...GREEN, name: `check ${index}` }));
  api.runs.set(COMMIT, [...many(149), { ...GREEN, name: 'last', conclusion: 'failure' }]);
  const line = await lineTo(api);
  const read = await readChecks(line, COMMIT, null);
  assert.deepEqual(
    [read.runs.checks.length, read.runs.checks.at(-1)?.state, read.runs.etag],
    [150, 'failed', null],
  );
  api.runs.set(COMMIT, many(501));
  const error = await failureOf(readChecks(line, COMMIT, null));
  assert.match(error.message, /more than 500 checks/);
});

test(
  'each outcome of a check counts as what it is, and what is not known is no success',
  LIMIT,
  async (t) => {
    const api = await openApi(t);
    const line = await lineTo(api);
    const outcomes = {
      green: ['success', 'neutral', 'skipped'],
      failed: ['failure', 'cancelled', 'timed_out', 'action_required'],
    };
    for (const [state, conclusions] of Object.entries(outcomes))
      for (const conclusion of conclusions) {
        api.runs.set(COMMIT, [{ ...GREEN, conclusion }]);
        assert.equal((await readChecks(line, COMMIT, null)).runs.checks[0]?.state, state, conclusion);
      }
    const table: Parameters<typeof judgeChecks>[] = [
      ['none', [{ name: 'a', state: 'failed' }]],
      ['all', [{ name: 'a', state: 'green' }]],
      ['all', []],
      [
        ['a'],
        [
          { name: 'a', state: 'green' },
          { name: 'b', state: 'failed' },
        ],
      ],
      [['a', 'c'], [{ name: 'a', state: 'green' }]],
      [
        'all',
        [
          { name: 'a', state: 'pending' },
          { name: 'b', state: 'failed' },
        ],
      ],
      [
        ['a'],
        [
          { name: 'a', state: 'green' },
          { name: 'a', state: 'failed' },
        ],
      ],
    ];
    assert.deepEqual(
      table.map((given) => judgeChecks(...given)),
      [
        { state: 'green' },
        { state: 'green' },
        { state: 'none' },
        { state: 'green' },
        { state: 'pending', names: ['c'] },
        { state: 'failed', names: ['b'] },
        { state: 'failed', names: ['a'] },
      ],
    );
  },
);

test(
  'the latest release is GitHub’s word, drafts are none, and a release of a tag has notes',
  LIMIT,
  async (t) => {
    const api = await openApi(t);
    const line = await lineTo(api);
    const none = await readLatest(line, null);
    assert.deepEqual(none, { at: 'new', value: null, etag: null });
    api.releases = [
      { tag: 'v1.0.0', title: 'One', notes: 'x'.repeat(9_000) },
      { tag: 'v1.1.0', prerelease: true },
      { tag: 'v2.0.0', draft: true },
    ];
    api.latest = 'v1.0.0';
    const latest = await readLatest(line, null);
    assert.ok(latest.at === 'new' && latest.value !== null);
    const { notes, ...rest } = latest.value;
    assert.equal(notes.length, 4_000);
    assert.deepEqual(
      { ...rest, publishedAt: typeof rest.publishedAt },
      { tag: 'v1.0.0', title: 'One', draft: false, prerelease: false, publishedAt: 'string' },
    );
    assert.deepEqual(await readLatest(line, latest.etag), { at: 'same' });
    assert.equal((await readRelease(line, 'v1.1.0'))?.prerelease, true);
    assert.equal(await readRelease(line, 'v2.0.0'), null);
  },
);

test('a deployment and its states are told, short and without merging anything', LIMIT, async (t) => {
  const api = await openApi(t);
  const line = await lineTo(api);
  const description = 'v1.1.0 '.repeat(40);
  const id = await createDeployment(line, { commit: COMMIT, environment: 'vps-07', description });
  const common = { environment: 'vps-07', alone: true };
  await tellDeployment(line, id, { ...common, state: 'in_progress', description: 'begun' });
  await tellDeployment(line, id, { ...common, state: 'failure', description });
  const [deployed] = api.deployments;
  assert.deepEqual(
    [
      deployed?.commit,
      deployed?.environment,
      deployed?.asked['auto_merge'],
      deployed?.asked['required_contexts'],
    ],
    [COMMIT, 'vps-07', false, []],
  );
  assert.deepEqual(
    deployed?.states.map(({ state }) => state),
    ['in_progress', 'failure'],
  );
  assert.equal(deployed.states[1]?.description.length, 140);
});
