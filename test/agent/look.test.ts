import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { channelInForce, policyState, sourceName } from '../../src/agent/fleet.js';
import { lookNow } from '../../src/agent/look.js';
import type { Root } from '../../src/agent/root.js';
import type { Observed } from '../../src/domain/observed.js';
import { writePolicyRecord } from '../../src/state/policy-store.js';
import { following, NO_POLICY } from '../domain/facts.js';
import { Remote } from '../bed/remote.js';
import { ownRoot } from './place.js';

const LIMIT = { timeout: 60_000 };

async function openRemote(t: TestContext): Promise<Remote> {
  const remote = await Remote.open();
  t.after(() => remote.close());
  return remote;
}

/** A root that asks a remote, by real git. */
async function rootAt(t: TestContext, { url }: Remote, policy: object | null): Promise<Root> {
  const root = await ownRoot(t, { repository: url, ...(policy === null ? {} : { policy }) });
  const env = { PATH: process.env['PATH'] ?? '', HOME: root.layout.root, GIT_CONFIG_NOSYSTEM: '1' };
  return { ...root, host: { ...root.host, env } };
}

function look(root: Root): Promise<Observed> {
  return lookNow(root, new AbortController().signal);
}

test('a policy in the application’s own repository is seen by the same request', LIMIT, async (t) => {
  const remote = await openRemote(t);
  const commit = await remote.release('v1.0.0', { a: '1' });
  const fleet = await remote.commit({ 'fleet.json': '{}' }, 'policy', { branch: 'fleet' });
  const root = await rootAt(t, remote, { ref: 'fleet' });
  const seen = await look(root);
  assert.deepEqual([seen.error, seen.policy, seen.policyError], [null, fleet, null]);
  assert.equal(seen.refs.find(({ name }) => name === 'refs/tags/v1.0.0')?.commit, commit);
  assert.equal(remote.counts.lsRefs, 1);

  await remote.tag('fleet', { annotated: true, commit: fleet });
  const tagged = await look(await rootAt(t, remote, { ref: 'refs/tags/fleet' }));
  assert.equal(tagged.policy, fleet, 'an annotated tag is peeled');

  const none = await look(await rootAt(t, remote, { ref: 'elsewhere' }));
  assert.equal(none.policy, null);
  assert.match(none.policyError ?? '', /has no refs\/heads\/elsewhere/);
  assert.equal((await look(await rootAt(t, remote, null))).policy, null, 'nobody asked for one');
});

test('a policy elsewhere and the releases are seen each without the other', LIMIT, async (t) => {
  const [remote, fleet] = [await openRemote(t), await openRemote(t)];
  await remote.release('v1.0.0', { a: '1' });
  const first = await fleet.commit({ 'fleet.json': '{}' }, 'policy');
  const root = await rootAt(t, remote, { repository: fleet.url });
  assert.equal((await look(root)).policy, first);
  assert.deepEqual([remote.counts.lsRefs, fleet.counts.lsRefs], [1, 1]);

  fleet.auth = { user: 'a', password: 'b' };
  await remote.release('v1.1.0', { a: '2' });
  const blind = await look(root);
  assert.deepEqual([blind.error, blind.refs.length, blind.policy], [null, 2, first]);
  assert.match(blind.policyError ?? '', /cannot list the refs of .*terminal prompts disabled/);

  fleet.auth = null;
  remote.auth = { user: 'a', password: 'b' };
  const second = await fleet.commit({ 'fleet.json': '{"version":2}' }, 'policy');
  const offline = await look(root);
  assert.deepEqual([offline.refs.length, offline.policy, offline.policyError], [2, second, null]);
  assert.match(offline.error ?? '', /terminal prompts disabled/);
});

test('a look asks for what the channel in force may pick from, and the machine’s own', LIMIT, async (t) => {
  const remote = await openRemote(t);
  const tip = await remote.commit({ a: '1' }, 'one');
  await remote.commit({ 'fleet.json': '{}' }, 'policy', { branch: 'fleet' });
  const root = await rootAt(t, remote, { ref: 'fleet' });
  const { policy: source } = root.config;
  assert.ok(source !== null);
  const before = await look(root);
  assert.deepEqual(
    before.refs.map(({ name }) => name),
    ['refs/heads/fleet'],
  );
  const { policy } = following({ rules: { ...NO_POLICY.rules, channel: 'branch:main' } });
  const known = {
    source: sourceName(source),
    followed: { commit: tip, policy, verified: false },
    tried: tip,
  };
  const read = { ...known, mark: null, problem: null };
  await writePolicyRecord(root.layout, read);
  assert.deepEqual(channelInForce(root, await policyState(root, null)), { kind: 'branch', branch: 'main' });
  const after = await look(root);
  assert.equal(after.refs.find(({ name }) => name === 'refs/heads/main')?.commit, tip);

  await writePolicyRecord(root.layout, { ...read, source: 'another place' });
  const { at, ...rest } = await policyState(root, after);
  assert.deepEqual(
    [at, rest],
    ['unread', { detail: "the fleet's policy could not be read yet", tried: null }],
  );
});
