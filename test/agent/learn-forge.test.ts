import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { gatherFacts } from '../../src/agent/facts.js';
import { decideInformed } from '../../src/agent/learn.js';
import { openRoot } from '../../src/agent/compose.js';
import { tellRelease } from '../../src/agent/tell-release.js';
import { tellBegin, tellEnd } from '../../src/agent/tell-deployment.js';
import type { Run } from '../../src/domain/run.js';
import { runId } from '../../src/domain/run.js';
import { runLog, writeRun } from '../../src/state/runs.js';
import type { Run as CheckRun } from '../bed/github.js';
import { cast, type Cast } from './github-cast.js';

const LIMIT = { timeout: 60_000 };
const MINUTE_MS = 60_000;
const GREEN: CheckRun = { name: 'build', status: 'completed', conclusion: 'success' };
const PENDING: CheckRun = { name: 'build', status: 'in_progress', conclusion: null };

/** What a worker decides, having asked what it lacks. */
async function decided({ place }: Cast): Promise<unknown[]> {
  const { decision } = await decideInformed(place, () => gatherFacts(place.root, place.order));
  return [decision.desired?.tag, decision.step, decision.why?.reason ?? null];
}

/** What the poller makes of it, which asks nobody. */
async function polled({ place }: Cast): Promise<string> {
  const { decide } = await import('../../src/domain/decide.js');
  return decide(await gatherFacts(place.root)).step;
}

test(
  'checks are asked for by the worker, again when it is time, and cost nothing of the limit while they are the same',
  LIMIT,
  async (t) => {
    const it = await cast(t, { checks: true });
    const { api, commits, time } = it;
    api.runs.set(commits['v1.1.0'], [PENDING]);
    api.runs.set(commits['v1.0.0'], [GREEN]);
    assert.equal(await polled(it), 'learn');
    assert.deepEqual(await decided(it), ['v1.0.0', 'stage', null]);
    const asked = api.seen.length;
    assert.equal(asked, 4);
    assert.equal(await polled(it), 'stage');
    assert.deepEqual(await decided(it), ['v1.0.0', 'stage', null]);
    assert.equal(api.seen.length, asked, 'it is not time yet');

    time.aheadMs = MINUTE_MS + 1;
    assert.equal(await polled(it), 'learn');
    await decided(it);
    assert.deepEqual(
      api.seen.slice(asked).map(({ status }) => status),
      [304, 304],
    );
    api.runs.set(commits['v1.1.0'], [GREEN]);
    time.aheadMs = 4 * MINUTE_MS;
    assert.deepEqual(await decided(it), ['v1.1.0', 'stage', null]);
  },
);

test('while GitHub is away nothing opens; it is left alone, and asked again by itself', LIMIT, async (t) => {
  const it = await cast(t, { checks: ['build'] });
  const { api, commits, time } = it;
  api.runs.set(commits['v1.1.0'], [GREEN]);
  api.fault = 'down';
  assert.deepEqual(await decided(it), ['v1.1.0', 'wait', 'offline']);
  assert.equal(await polled(it), 'wait');
  api.fault = 'none';
  const asked = api.seen.length;
  assert.deepEqual(await decided(it), ['v1.1.0', 'wait', 'offline'], 'it is left alone for a minute');
  assert.equal(api.seen.length, asked);
  time.aheadMs = MINUTE_MS + 1;
  assert.deepEqual(await decided(it), ['v1.1.0', 'stage', null]);
});

test(
  'a token that is refused, then renewed, goes on by itself; a limit is waited for whoever hurries',
  LIMIT,
  async (t) => {
    const it = await cast(t, { checks: true });
    const { api, commits, time, token, place } = it;
    api.runs.set(commits['v1.1.0'], [GREEN]);
    await writeFile(token, 'a-token-of-old');
    assert.deepEqual(await decided(it), ['v1.1.0', 'wait', 'offline']);
    const { why } = (await decideInformed(place, () => gatherFacts(place.root))).decision;
    assert.match(
      why?.detail ?? '',
      /answers 401: Bad credentials.*renew the secret that github\.token names/,
    );
    assert.doesNotMatch(why?.detail ?? '', /a-token/);
    await writeFile(token, 'a-token');
    api.refusal = { lacks: 'a-token' };
    time.aheadMs = MINUTE_MS + 1;
    await decided(it);
    const record = await readFile(place.root.layout.forge, 'utf8');
    assert.match(record, /Resource not accessible/);
    assert.doesNotMatch(record, /a-token/, 'a server that tells it back');
    api.refusal = { usedUpFor: 30 * 60 };
    time.aheadMs = 4 * MINUTE_MS;
    assert.deepEqual(await decided(it), ['v1.1.0', 'wait', 'offline']);
    const asked = api.seen.length;
    time.aheadMs = 20 * MINUTE_MS;
    const hurried = { ...it, place: { ...place, order: { ...place.order, impatient: true } } };
    assert.deepEqual(await decided(hurried), ['v1.1.0', 'wait', 'offline']);
    assert.equal(api.seen.length, asked);
    api.refusal = 'none';
    time.aheadMs = 36 * MINUTE_MS;
    assert.deepEqual(await decided(it), ['v1.1.0', 'stage', null]);
  },
);

test(
  'somebody who waits asks once more at each decision, not again and again within one',
  LIMIT,
  async (t) => {
    const it = await cast(t, { checks: true });
    it.api.runs.set(it.commits['v1.1.0'], [PENDING]);
    it.api.runs.set(it.commits['v1.0.0'], [PENDING]);
    await decided(it);
    const asked = it.api.seen.length;
    const { place } = it;
    const hurried = { ...it, place: { ...place, order: { ...place.order, impatient: true } } };
    assert.deepEqual(await decided(hurried), ['v1.1.0', 'wait', 'approval']);
    assert.equal(it.api.seen.length, asked + 4);
  },
);

test('the channel latest goes where GitHub says, without a word of it to the poller', LIMIT, async (t) => {
  const it = await cast(t, {}, { channel: 'latest' });
  const { api, time } = it;
  assert.equal(await polled(it), 'learn');
  assert.deepEqual(await decided(it), [undefined, 'nothing', null]);
  api.releases = [{ tag: 'v1.0.0' }, { tag: 'v1.1.0', prerelease: true }];
  api.latest = 'v1.0.0';
  assert.equal(await polled(it), 'nothing');
  time.aheadMs = 15 * MINUTE_MS + 1;
  assert.equal(await polled(it), 'learn');
  assert.deepEqual(await decided(it), ['v1.0.0', 'stage', null]);
  assert.deepEqual(api.counts(), { 'repos/get-latest-release 404': 1, 'repos/get-latest-release 200': 1 });
});

test('another repository of another forge is asked anew', LIMIT, async (t) => {
  const it = await cast(t, { checks: true });
  it.api.runs.set(it.commits['v1.1.0'], [GREEN]);
  assert.deepEqual(await decided(it), ['v1.1.0', 'stage', null]);
  const { root } = it.place;
  assert.ok(root.config.github !== null);
  const config = { ...root.config, github: { ...root.config.github, repo: 'shopp' } };
  const moved = { ...it, place: { ...it.place, root: { ...root, config } } };
  assert.equal(await polled(moved), 'learn');
  assert.deepEqual(await decided(moved), ['v1.1.0', 'wait', 'offline']);
});

function runOf({ commits }: Cast, more: Partial<Run> = {}): Run {
  const release = (tag: 'v1.0.0' | 'v1.1.0') => ({ tag, commit: commits[tag], ref: `refs/tags/${tag}` });
  return {
    ...{ id: runId(1_000, 'a'), cause: 'schedule', from: release('v1.0.0'), to: release('v1.1.0') },
    ...{ startedAt: 1_000, endedAt: null, outcome: null, problem: null, reason: null, phases: [] },
    ...more,
  };
}

test(
  'the repository’s page shows what a machine runs, tries to run, and what became of it',
  LIMIT,
  async (t) => {
    const it = await cast(t, { deployments: true }, { name: 'vps-07' });
    const { api, place, commits } = it;
    const { layout } = place.root;
    const end = async (run: Run): Promise<void> => {
      await writeRun(layout, run);
      await tellEnd(place);
    };
    const first = runOf(it);
    await writeRun(layout, first);
    await tellBegin(place, first);
    await tellEnd(place);
    const problem = 'web 0 is not healthy: it exits\nthe last lines of its log: a-password';
    await end({ ...first, endedAt: 2, outcome: 'rolledBack', problem });
    await tellEnd(place);
    const states = () => api.deployments.map((each) => each.states.map(({ state }) => state).join(' '));
    assert.deepEqual(states(), ['in_progress failure'], 'what was told is not told again');
    const [deployment] = api.deployments;
    assert.deepEqual([deployment?.environment, deployment?.commit], ['vps-07', commits['v1.1.0']]);
    assert.match(
      deployment?.states[1]?.description ?? '',
      /^v1\.1\.0 \(.*\) was rolled back: web 0 is not healthy: it exits$/,
    );

    // A worker that was killed before it told, or could not: the next tells the truth. A try of the same release goes on in the same deployment.
    api.tokens.clear();
    const second = runOf(it, { id: runId(3_000, 'b') });
    await tellBegin(place, second);
    await end({ ...second, endedAt: 4, outcome: 'activated' });
    api.tokens.add('a-token');
    await tellEnd(place);
    assert.deepEqual(states(), ['in_progress failure success']);
    await tellBegin(place, runOf(it, { id: runId(5_000, 'c') }));
    assert.deepEqual(states(), ['in_progress failure success', 'in_progress'], 'it ran already: a new one');
    const repair = runOf(it, { id: runId(6_000, 'd'), from: first.to, outcome: 'activated' });
    await tellBegin(place, repair);
    await end(repair);
    assert.equal(states().length, 2, 'a repair deploys nothing');
  },
);

test('the log of a run tells what its people say of the release', LIMIT, async (t) => {
  const it = await cast(t, {});
  const { api, place } = it;
  api.releases = [{ tag: 'v1.1.0', title: 'The autumn', notes: 'Faster.\r\nQuieter.', prerelease: true }];
  const run = runOf(it);
  await place.report.begin(run.id);
  await tellRelease(place, run);
  const log = await readFile(runLog(place.root.layout, run.id), 'utf8');
  assert.match(
    log,
    /\* GitHub calls it The autumn, published .*, marked as a prerelease\n.*\| Faster\.\n.*\| Quieter\./,
  );
});

test('a token in the environment is kept for the worker, and from everybody else', LIMIT, async (t) => {
  const { place } = await cast(t, {});
  const { root: folder, config } = place.root.layout;
  const name = 'PM2_GITOPS_TEST_GITHUB';
  process.env[name] = 'a-token';
  t.after(() => Reflect.deleteProperty(process.env, name));
  const github = { token: { env: name } };
  await writeFile(config, JSON.stringify({ repository: 'https://github.com/acme/shop', github }));
  const { host } = await openRoot(folder);
  assert.deepEqual([host.secretEnv[name], host.env[name]], ['a-token', undefined]);
});

test('a forge that hangs costs a run seconds, and changes nothing', LIMIT, async (t) => {
  const it = await cast(t, { deployments: true });
  it.api.fault = 'hang';
  const begin = performance.now();
  await tellBegin(it.place, runOf(it));
  const tookMs = performance.now() - begin;
  assert.ok(tookMs > 4_000 && tookMs < 20_000, String(tookMs));
});
