import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { wishFacts } from '../../src/domain/decide.js';
import type { Facts } from '../../src/domain/facts.js';
import { askGates } from '../../src/domain/gates.js';
import { fitsGlob, groupOf } from '../../src/domain/group.js';
import type { Group, GroupRules, Policy } from '../../src/domain/policy.js';
import { rulesOf, type OwnRules, type Rules } from '../../src/domain/rules.js';
import { factsWith, following, ownRules } from './facts.js';
import { HOUR_MS, named, over } from './fleets.js';
import { release } from './releases.js';

const span = fc.option(fc.integer({ min: 0, max: 40 * HOUR_MS }), { nil: null });
const wave = fc.option(
  fc.integer({ min: 0, max: 48 }).map((hours) => over(hours)),
  { nil: null },
);
const said: fc.Arbitrary<GroupRules> = fc.record({
  channel: fc.constantFrom(null, 'stable', 'beta', '1.x'),
  pin: fc.constantFrom(null, 'v1.0.0'),
  hold: fc.constantFrom(null, { reason: null, until: null }, { reason: 'an audit', until: 5 * HOUR_MS }),
  windows: fc.constant(null),
  freezes: fc.array(
    fc.record({ from: fc.nat(HOUR_MS), to: fc.nat(99 * HOUR_MS), reason: fc.constant(null) }),
    {
      maxLength: 2,
    },
  ),
  ...{ soakMs: span, wave, canary: fc.constantFrom(null, true, false) },
  major: fc.constantFrom(null, 'auto', 'manual'),
  approval: fc.constantFrom(null, 'none', 'required'),
});
const anyGroup: fc.Arbitrary<Group> = fc.record({
  name: fc.string(),
  match: fc.record({
    ids: fc.constantFrom([], ['machine-1'], ['other']),
    names: fc.constantFrom([], ['vps-*'], ['db-*']),
    labels: fc.constantFrom({}, { region: 'eu' }),
  }),
  rules: said,
});
const anyChannel = fc.record({ soakMs: span, wave }).map(named);
const anyPolicy: fc.Arbitrary<Policy> = fc.record({
  version: fc.nat(),
  expires: fc.constantFrom(null, 2 * HOUR_MS),
  rules: said,
  groups: fc.array(anyGroup, { maxLength: 3 }),
  channels: fc.constantFrom({}).chain(() => fc.dictionary(fc.constantFrom('stable', 'beta'), anyChannel)),
  tombstones: fc.constantFrom([], [{ tag: 'v1.1.0', reason: null }]),
  barriers: fc.constant([]),
  approved: fc.constantFrom([], ['v2.0.0']),
  roster: fc.constant([]),
});
const own: fc.Arbitrary<OwnRules> = fc.record({
  ...{ channel: fc.constant({ kind: 'stable' } as const), channelText: fc.constant('stable') },
  windows: fc.constant(null),
  freezes: fc.array(
    fc.record({ from: fc.nat(HOUR_MS), to: fc.nat(9 * HOUR_MS), reason: fc.constant(null) }),
    {
      maxLength: 1,
    },
  ),
  soakMs: fc.nat(40 * HOUR_MS),
  ...{ wave, canary: fc.boolean() },
  major: fc.constantFrom('auto', 'manual'),
  approval: fc.constantFrom('none', 'required'),
});

/** The gates that are closed for a release of that age. */
function closedGates(facts: Partial<Facts>, policy: Facts['policy'], ageMs: number): string[] {
  const to = release('v2.0.0', 1);
  const now = 60 * HOUR_MS;
  const dates = { 'refs/tags/v2.0.0': { commit: to.commit, at: now - ageMs } };
  const { gates } = wishFacts(factsWith({ now, dates, ...facts, policy }));
  return askGates(to, gates).flatMap(({ gate, verdict }) => (verdict.open ? [] : [gate]));
}

test("a policy never opens what the machine's own file closes, but for what the operators approve of", () => {
  fc.assert(
    fc.property(
      fc.record({
        own,
        policy: anyPolicy,
        ageMs: fc.nat(60 * HOUR_MS),
        place: fc.double({ min: 0, max: 0.99, noNaN: true }),
      }),
      ({ own: file, policy, ageMs, place }) => {
        const facts = { own: file, placeOf: () => place };
        const alone = closedGates(facts, { at: 'none' }, ageMs);
        const together = closedGates(facts, following({ ...policy, approved: [] }), ageMs);
        assert.deepEqual(
          alone.filter((gate) => !together.includes(gate)),
          [],
        );
      },
    ),
  );
});

test('no group and no channel lifts a hold of all machines, a tombstone or an expiry', () => {
  fc.assert(
    fc.property(anyPolicy, fc.array(anyGroup, { maxLength: 3 }), (policy, groups) => {
      const at = (of: readonly Group[]): Rules =>
        rulesOf({
          ...{ machine: factsWith().machine, own: ownRules(), hold: null, zone: 'UTC', now: HOUR_MS },
          policy: following({ ...policy, groups: of }),
        });
      const [without, within] = [at([]), at(groups)];
      assert.ok(without.holds.every((hold) => within.holds.some((one) => one.reason === hold.reason)));
      assert.deepEqual(within.tombstones, policy.tombstones);
    }),
  );
});

test('groups after the first that names a machine mean nothing to it', () => {
  fc.assert(
    fc.property(fc.array(anyGroup), fc.array(anyGroup), (before, after) => {
      const { machine } = factsWith();
      const first = groupOf({ groups: before }, machine);
      fc.pre(first !== null);
      assert.equal(groupOf({ groups: [...before, ...after] }, machine), first);
    }),
  );
});

test('a glob fits what the obvious regular expression fits, and a thousand stars take no time', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'B', '-', '.', '*', '?'), maxLength: 9 });
  const obvious = (glob: string): RegExp =>
    new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('?', '.').replaceAll('*', '.*')}$`, 'is');
  fc.assert(
    fc.property(letters, letters, (glob, name) => {
      assert.equal(fitsGlob(glob, name), obvious(glob).test(name));
    }),
    {
      numRuns: 2_000,
      examples: [
        ['*a*', 'ba'],
        ['a?*', 'a'],
        ['', ''],
      ],
    },
  );
  assert.equal(fitsGlob('*a'.repeat(500), 'a'.repeat(2_000) + 'b'), false);
});
