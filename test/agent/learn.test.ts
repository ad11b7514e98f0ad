import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { gatherFacts } from '../../src/agent/facts.js';
import { decideInformed, type Informed } from '../../src/agent/learn.js';
import { lookNow } from '../../src/agent/look.js';
import { readDates } from '../../src/state/policy-store.js';
import type { Workplace } from '../../src/agent/workplace.js';
import { parseMachineConfig } from '../../src/config/machine.js';
import { Remote } from '../bed/remote.js';
import { sshSigner, without, type Signer } from '../bed/signer.js';
import { ownPlace } from './place.js';

const LIMIT = { timeout: 60_000 };
// When the remote's commits and annotated tags were made.
const MADE_MS = 1_750_000_000_000;

async function openRemote(t: TestContext): Promise<Remote> {
  const remote = await Remote.open();
  t.after(() => remote.close());
  return remote;
}

/** A worker of a machine that follows a remote, and a policy. */
async function placeAt(t: TestContext, { url }: Remote, more: object): Promise<Workplace> {
  const place = await ownPlace(t, { repository: url, ...more });
  const env = { PATH: process.env['PATH'] ?? '', HOME: place.root.layout.root, GIT_CONFIG_NOSYSTEM: '1' };
  return { ...place, root: { ...place.root, host: { ...place.root.host, env } } };
}

/** Looks, and decides as a worker does. */
async function lookAndDecide(place: Workplace): Promise<Informed> {
  await lookNow(place.root, place.signal);
  return decideInformed(place, () => gatherFacts(place.root));
}

function policyOf({ facts: { policy } }: Informed): unknown {
  if (policy.at !== 'read') return policy.at === 'none' ? null : policy.detail;
  return [policy.policy.version, policy.problem];
}

test(
  'a policy is followed from commit to commit; what cannot be followed changes nothing and says where it is wrong',
  LIMIT,
  async (t) => {
    const [remote, fleet] = [await openRemote(t), await openRemote(t)];
    await remote.release('v1.0.0', { a: '1' });
    const place = await placeAt(t, remote, { policy: { repository: fleet.url, path: 'ops/fleet.json' } });
    const publish = (text: string) => fleet.commit({ 'ops/fleet.json': text }, 'policy');

    await fleet.commit({ other: '' }, 'no policy yet');
    const none = await lookAndDecide(place);
    assert.match(
      String(policyOf(none)),
      /could not be read yet: [0-9a-f]{7}:ops\/fleet\.json: there is no such file/,
    );
    assert.deepEqual([none.decision.step, none.decision.why?.reason], ['wait', 'held']);

    await publish('{ "version": 7, // the seventh\n }');
    const seventh = await lookAndDecide(place);
    assert.deepEqual([policyOf(seventh), seventh.decision.step], [[7, null], 'stage']);

    await publish('{\n  "version": 8,\n  "hold": maybe\n}');
    const broken = await lookAndDecide(place);
    assert.match(
      String(policyOf(broken)),
      /^7,[0-9a-f]{7}:ops\/fleet\.json:3:11: .*; version 7 of the fleet's policy stays in force$/,
    );
    assert.deepEqual(broken.decision.step, 'stage', 'the former one decides');

    await publish('{ "version": 6, "hold": true }');
    const older = await lookAndDecide(place);
    assert.match(String(policyOf(older)), /version 6 is older than 7, which is in force/);
    assert.deepEqual([older.decision.step, older.decision.notes.length], ['stage', 1]);
    const asked = fleet.counts.fetch;
    await lookAndDecide(place);
    assert.equal(fleet.counts.fetch, asked, 'what was read once is not read again');

    await publish(`{ "version": 9, "hold": true, "x": "${'x'.repeat(1024 * 1024)}" }`);
    assert.match(String(policyOf(await lookAndDecide(place))), /bytes are too many for a policy/);

    await publish('{ "version": 9, "hold": { "reason": "a fair" } }');
    const held = await lookAndDecide(place);
    assert.deepEqual(
      [policyOf(held), held.decision.step, held.decision.why?.detail],
      [[9, null], 'wait', "held by the fleet's policy: a fair"],
    );
    assert.deepEqual(await readdir(place.root.layout.trash), [], 'nothing is left of the reading');
  },
);

test(
  'a policy that cannot be fetched, or was lost, is tried again; until then nothing is begun',
  LIMIT,
  async (t) => {
    const [remote, fleet] = [await openRemote(t), await openRemote(t)];
    await remote.release('v1.0.0', { a: '1' });
    const place = await placeAt(t, remote, { policy: { repository: fleet.url } });
    await fleet.commit({ 'fleet.json': '{ "version": 1 }' }, 'policy');
    await lookNow(place.root, place.signal);
    fleet.fault = 'down';
    const cut = await decideInformed(place, () => gatherFacts(place.root));
    assert.deepEqual([cut.decision.step, cut.error?.code], ['learn', 'SOURCE_UNREACHABLE']);
    const told = await gatherFacts(place.root);
    assert.match(String(policyOf({ ...cut, facts: told })), /could not be read yet: cannot reach/);

    fleet.fault = 'none';
    assert.deepEqual(policyOf(await lookAndDecide(place)), [1, null]);
    await fleet.commit({ 'fleet.json': '{ "version": 2 }' }, 'policy');
    await lookNow(place.root, place.signal);
    fleet.fault = 'down';
    const later = await decideInformed(place, () => gatherFacts(place.root));
    assert.equal(later.decision.step, 'learn', 'the newest must be known');
    assert.match(String(policyOf({ ...later, facts: await gatherFacts(place.root) })), /^1,cannot reach/);

    await writeFile(place.root.layout.policy, '{"schema":1,"torn');
    const lost = await decideInformed(place, () => gatherFacts(place.root));
    assert.equal(lost.facts.policy.at, 'unread');
    fleet.fault = 'none';
    assert.deepEqual(policyOf(await decideInformed(place, () => gatherFacts(place.root))), [2, null]);
  },
);

test('a channel that the policy names is looked for at once', LIMIT, async (t) => {
  const remote = await openRemote(t);
  await remote.release('v1.0.0', { a: '1' });
  const tip = await remote.commit({ a: '2' }, 'newer');
  const text = '{ "version": 1, "channel": "branch:main" }';
  await remote.commit({ 'fleet.json': text }, 'policy', { branch: 'fleet' });
  const place = await placeAt(t, remote, { policy: { ref: 'fleet' } });
  const { decision } = await lookAndDecide(place);
  assert.deepEqual([decision.step, decision.desired?.commit, decision.desired?.tag], ['stage', tip, 'main']);
});

test(
  'releases that were there before the first look count from when they were made; what cannot be dated from now',
  LIMIT,
  async (t) => {
    const remote = await openRemote(t);
    await remote.release('v1.0.0', { a: '1' });
    const second = await remote.commit({ a: '2' }, 'second');
    await remote.tag('v1.1.0', { annotated: true, commit: second });
    const policy = '{ "version": 1, "soak": "1h" }';
    await remote.commit({ 'fleet.json': policy }, 'policy', { branch: 'fleet' });
    const place = await placeAt(t, remote, { policy: { ref: 'fleet' } });
    const before = place.root.host.clock.now();
    const { decision, error } = await lookAndDecide(place);
    assert.deepEqual([error, decision.step, decision.desired?.tag], [null, 'stage', 'v1.1.0']);
    const dates = await readDates(place.root.layout);
    assert.deepEqual(dates['refs/tags/v1.1.0'], { commit: second, at: MADE_MS });
    assert.ok((dates['refs/tags/v1.0.0']?.at ?? 0) > MADE_MS);

    // Between the look and the reading the tag is moved: nobody knows since when what was seen has been out.
    const other = await placeAt(t, remote, { policy: { ref: 'fleet' } });
    await lookNow(other.root, other.signal);
    await remote.moveTag('v1.1.0', 'refs/heads/main^');
    await decideInformed(other, () => gatherFacts(other.root));
    const moved = (await readDates(other.root.layout))['refs/tags/v1.1.0'];
    assert.equal(moved?.commit, second);
    assert.ok(moved.at >= before);
  },
);

test(
  'a policy that has to be signed is followed only if it is; before that the machine holds, after that the former one stays',
  { ...LIMIT, skip: await without('ssh-keygen') },
  async (t) => {
    const remote = await openRemote(t);
    const base = await remote.release('v1.0.0', { 'fleet.json': '{ "version": 1 }' });
    const place = await placeAt(t, remote, { policy: {} });
    const signed = {
      ...place.root.config,
      policy: parsed({ repository: remote.url, policy: { verify: 'required' } }),
    };
    const strict = { ...place, root: { ...place.root, config: signed } };
    assert.deepEqual(policyOf(await lookAndDecide(place)), [1, null]);

    const unsigned = await lookAndDecide(strict);
    assert.match(
      String(policyOf(unsigned)),
      /could not be read yet: [0-9a-f]{7}:fleet\.json: it is not signed/,
    );
    assert.deepEqual([unsigned.decision.step, unsigned.decision.why?.reason], ['wait', 'held']);
    const asked = remote.counts.fetch;
    await lookAndDecide(strict);
    assert.equal(remote.counts.fetch, asked, 'what was refused is not read again');

    const ops = await sshSigner(t);
    const publish = async (text: string, signer: Signer | null): Promise<void> => {
      const tip = await remote.commit({ 'fleet.json': text }, 'policy');
      if (signer === null) return;
      const raw = `${await remote.git(['cat-file', 'commit', tip])}\n`;
      const armored = (await signer.sign(raw)).trimEnd().replaceAll('\n', '\n ');
      const whole = raw.replace('\n\n', `\ngpgsig ${armored}\n\n`);
      await remote.git([
        'update-ref',
        'refs/heads/main',
        await remote.git(['hash-object', '-t', 'commit', '-w', '--stdin'], whole),
      ]);
    };
    await writeFile(join(place.root.layout.root, 'gitops.signers'), `ops@example.invalid ${ops.key}\n`);
    await publish('{ "version": 2 }', ops);
    assert.deepEqual(policyOf(await lookAndDecide(strict)), [2, null]);
    await publish('{ "version": 3, "hold": true }', null);
    const third = await lookAndDecide(strict);
    assert.match(
      String(policyOf(third)),
      /^2,[0-9a-f]{7}:fleet\.json: it is not signed; version 2 .* stays in force$/,
    );
    assert.equal(third.decision.step, 'stage', base);
  },
);

function parsed(written: object): Workplace['root']['config']['policy'] {
  return parseMachineConfig(written, { origin: 'gitops.json', strategy: 'releases' }).policy;
}
