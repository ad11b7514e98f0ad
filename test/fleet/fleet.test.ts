import assert from 'node:assert/strict';
import test from 'node:test';
import { placeOf } from '../../src/agent/identity.js';
import { layoutOf } from '../../src/state/layout.js';
import { readObserved } from '../../src/state/observed-store.js';
import { ensureMachine } from '../../src/state/store.js';
import { LONG } from '../bed/budget.js';
import { stays, waitFor } from '../bed/wait.js';
import { Fleet, type Member } from './fleet.js';

const CANARIES = ['vps-01', 'vps-02'];
const TESTERS = ['vps-03', 'vps-04'];
const AHEAD = [...CANARIES, ...TESTERS];
const LIMIT = { timeout: 600_000 };
const LEAD_MS = 10_000;
const OVER_MS = 40_000;
const SIZE = LONG ? 20 : 10;
const OTHERS = SIZE - AHEAD.length;
// The others come one after another: with places by lot it would be luck how many a hold comes before.
const TERMS = Array.from({ length: SIZE }, (_, index) => ({
  labels: index === 2 || index === 3 ? { ring: 'beta' } : {},
  place: { tag: 'v1.1.0', at: index < AHEAD.length ? 0.5 : (index - AHEAD.length + 0.5) / OTHERS },
}));
const PATIENT = { limitMs: 120_000, everyMs: 250 };

const POLICY = {
  version: 1,
  wave: { lead: '10s', over: '40s' },
  groups: [
    { name: 'canaries', match: { names: CANARIES }, canary: true },
    { name: 'testers', match: { labels: { ring: 'beta' } }, channel: 'beta', canary: true },
  ],
};

test(
  'S20, S21: a fleet follows a policy in git: groups, canaries, a wave, a hold in the midst of it, and on',
  LIMIT,
  async (t) => {
    const fleet = await Fleet.open(t, TERMS);
    const others = fleet.members.map(({ name }) => name).filter((name) => !AHEAD.includes(name));
    const have = async (version: string, names: readonly string[]): Promise<number> => {
      const having = await fleet.having(version);
      return names.filter((name) => having.includes(name)).length;
    };
    const first = await fleet.publish(POLICY);
    fleet.start();
    await waitFor('all to follow the policy', () => fleet.follow(first), PATIENT);

    await fleet.release('v1.1.0');
    await fleet.release('v1.2.0-beta.1');
    await waitFor(
      'testers to have the beta',
      async () => (await have('v1.2.0-beta.1', TESTERS)) === 2,
      PATIENT,
    );
    await waitFor(
      'canaries to have the release',
      async () => (await have('v1.1.0', CANARIES)) === 2,
      PATIENT,
    );
    await waitFor('a few others to have it', async () => (await have('v1.1.0', others)) >= 2, PATIENT);

    const holding = await fleet.publish({ ...POLICY, version: 2, hold: { reason: 'carts are lost' } });
    await waitFor('all to follow the hold', () => fleet.follow(holding), PATIENT);
    await waitFor('every worker to be gone', () => fleet.isAtRest(), PATIENT);
    const had = await have('v1.1.0', others);
    assert.ok(had < others.length, 'the hold came after all had it');
    const [late] = (await fleet.having('v1.0.0')).flatMap((name) =>
      fleet.members.filter((member) => member.name === name),
    );
    const { why, behind } = await fleet.machine.status({ root: late?.root ?? '' });
    assert.deepEqual(
      [behind, why?.reason, why?.detail],
      [true, 'held', "held by the fleet's policy: carts are lost"],
    );
    // By the end of this the wave would be over, of which the places of two had passed.
    const restMs = Math.ceil(OVER_MS * (1 - 1 / OTHERS));
    await stays('the others as they are', async () => (await have('v1.1.0', others)) === had, restMs);

    await fleet.publish({ ...POLICY, version: 3 });
    await waitFor(
      'everybody else to have it',
      async () => (await have('v1.1.0', others)) === others.length,
      PATIENT,
    );
    assert.deepEqual(await fleet.having('v1.2.0-beta.1'), TESTERS);
    // What serves is active once it is proven.
    await waitFor('every worker to have done its work', () => fleet.isAtRest(), PATIENT);
    for (const member of fleet.members) if (others.includes(member.name)) await assertItsTurn(fleet, member);
  },
);

/** Nobody took the release before its place in the wave. */
async function assertItsTurn({ machine }: Fleet, { name, root }: Member): Promise<void> {
  const layout = layoutOf(root);
  const [{ id }, observed, { active }] = [
    await ensureMachine(layout, 0),
    await readObserved(layout),
    await machine.status({ root }),
  ];
  const seen = observed?.first['refs/tags/v1.1.0']?.at ?? Infinity;
  const turn = seen + LEAD_MS + placeOf(id, 'v1.1.0') * OVER_MS;
  assert.equal(active?.tag, 'v1.1.0');
  assert.ok(
    Date.parse(active.since) >= turn,
    `${name} took it ${turn - Date.parse(active.since)} ms before its turn`,
  );
}
