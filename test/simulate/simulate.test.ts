import assert from 'node:assert/strict';
import test from 'node:test';
import { exposureAt } from '../../src/domain/exposure.js';
import { foresee } from '../../src/domain/rollout.js';
import { shareAfter, type Wave } from '../../src/domain/wave.js';
import { group, groupRules, HOUR_MS, machines, MINUTE_MS, policyWith, rolloutWith } from '../domain/fleet.js';
import { FIRST, machineOf, run, SECOND, START } from './fleet.js';
import { loadOf } from './load.js';
import { held } from './simulate.js';
import type { Activation } from './simulated-machine.js';
import { simulatedRelease, World } from './world.js';

const POLL_MS = 5 * MINUTE_MS;
const DAY: Wave = { canaryMs: 0, curve: { kind: 'linear', overMs: 24 * HOUR_MS } };
const WITH_LEAD: Wave = { ...DAY, canaryMs: 3 * HOUR_MS };
const waved = policyWith({ rules: groupRules({ wave: DAY }) });
const canaried = policyWith({
  rules: groupRules({ wave: WITH_LEAD }),
  groups: [group('canaries', 'vps-000?', { canary: true })],
});
const HOURS = Array.from({ length: 25 }, (_, hour) => START + hour * HOUR_MS);

function moments(activations: readonly Activation[]): number[] {
  return activations.map(({ at }) => at);
}

test('ten thousand machines, a day, linear: within 2 % of the curve at each hour, and no second has more than twice the mean of looks', () => {
  const roster = machines(10_000);
  const { activations, looks } = run({ policy: waved, roster });
  const shares = exposureAt(moments(activations), roster.length, HOURS);
  for (const [hour, share] of shares.entries()) {
    const curve = shareAfter(DAY, hour * HOUR_MS);
    assert.ok(Math.abs(share - curve) < 0.02, `hour ${hour}: ${share} for ${curve}`);
  }
  assert.equal(activations.length, roster.length);
  const load = loadOf(looks);
  assert.ok(load.most <= 2 * load.mean, JSON.stringify(load));
});

test('what is foreseen is what machines do', () => {
  const roster = machines(300);
  for (const policy of [waved, canaried, policyWith({ rules: groupRules({ soakMs: 6 * HOUR_MS }) })]) {
    const { activations } = run({ policy, roster, spanMs: 30 * HOUR_MS });
    const done = new Map(activations.map(({ machine: { id }, at }) => [id, at]));
    assert.equal(done.size, roster.length);
    for (const one of roster) {
      const { fate } = foresee(rolloutWith({ policy, out: START }), one);
      assert.deepEqual(fate, { gets: true, at: done.get(one.id) }, one.name);
    }
  }
});

test('whether a machine thinks at each look, or only where something can have changed: it does the same', () => {
  const third = simulatedRelease('v1.2.0', 2, { out: START + 7 * HOUR_MS });
  const bad = { ...SECOND, crashes: true };
  for (const [releases, holdAfterMs] of [
    [[FIRST, SECOND, third], null],
    [[FIRST, bad, third], null],
    [[FIRST, bad], 2 * HOUR_MS],
  ] as const) {
    const scene = { policy: canaried, roster: machines(25), releases, holdAfterMs, spanMs: 30 * HOUR_MS };
    const [quick, thorough] = [false, true].map((each) => run({ ...scene, thorough: each }));
    assert.ok((thorough?.activations.length ?? 0) >= 10);
    assert.deepEqual({ ...quick, decisions: 0 }, { ...thorough, decisions: 0 });
    assert.ok((quick?.decisions ?? 0) < (thorough?.decisions ?? 0) / 2);
  }
});

test("a machine's turn is the same each time it is asked", () => {
  const world = new World([FIRST, SECOND], waved);
  for (const identity of machines(20)) {
    const asked = machineOf(identity, FIRST);
    const told = new Set<number | null | undefined>();
    for (let now = START; asked.serves === FIRST.tag; now += POLL_MS) {
      asked.poll(world, now, true);
      if (asked.why !== null) told.add(asked.why.until);
    }
    assert.ok(told.size <= 1, `${identity.name}: ${[...told].join(', ')}`);
  }
});

test('canaries take a release at once, and no other machine before their lead is over', () => {
  const { activations } = run({ policy: canaried, roster: machines(500), spanMs: 30 * HOUR_MS });
  const isCanary = ({ machine: { name } }: Activation): boolean => name.startsWith('vps-000');
  const [canaries, others] = [activations.filter(isCanary), activations.filter((each) => !isCanary(each))];
  assert.equal(canaries.length, 10);
  assert.equal(others.length, 490);
  assert.ok(Math.max(...moments(canaries)) < START + POLL_MS);
  assert.ok(Math.min(...moments(others)) >= START + WITH_LEAD.canaryMs);
});

test('a release that crashes: the hold that an operator pushes stops the rest at their next look', () => {
  const roster = machines(500);
  const releases = [FIRST, { ...SECOND, crashes: true }];
  const { activations, heldAt } = run({ policy: canaried, roster, releases, holdAfterMs: 4 * HOUR_MS });
  assert.ok(
    heldAt !== null && activations.every(({ at, outcome }) => at < heldAt && outcome === 'rolledBack'),
  );
  // An hour of the wave had begun when the hold came.
  const share = (activations.length - 10) / roster.length;
  assert.ok(Math.abs(share - 1 / 24) < 0.03, `${share}`);
  const unheld = run({ policy: canaried, roster, releases, spanMs: 30 * HOUR_MS });
  assert.equal(unheld.activations.length, roster.length, 'each machine tries it once');
});

test('a hold in the middle of a wave stops the rest; after it, whose turn has come goes on', () => {
  const [from, to] = [START + 6 * HOUR_MS, START + 10 * HOUR_MS];
  const { activations } = run({
    ...{ policy: waved, roster: machines(400) },
    pushes: (world) => {
      world.push(from, held);
      world.push(to, () => ({ ...waved, version: 3 }));
    },
  });
  const before = activations.filter(({ at }) => at < from).length;
  assert.equal(activations.filter(({ at }) => at >= from && at < to).length, 0);
  const caughtUp = activations.filter(({ at }) => at < to + POLL_MS).length;
  assert.ok(before > 70 && caughtUp > 130 && activations.length === 400, `${before}, ${caughtUp}`);
});

test('a fresh machine takes the newest release that every machine has', () => {
  const whole = { ...SECOND, out: START - 25 * HOUR_MS };
  const third = simulatedRelease('v1.2.0', 2, { out: START - 12 * HOUR_MS });
  const world = new World([{ ...FIRST, out: START - 90 * HOUR_MS }, whole, third], waved);
  for (const identity of machines(40)) {
    const fresh = machineOf(identity, null);
    fresh.poll(world, START, true);
    assert.equal(fresh.serves, 'v1.1.0', identity.name);
  }
});

test('a machine of a wave without end waits for ever, and says so', () => {
  const curve = { kind: 'steps', steps: [{ atMs: 0, share: 0.5 }] } as const;
  const policy = policyWith({ rules: groupRules({ wave: { canaryMs: 0, curve } }) });
  const { activations } = run({ policy, roster: machines(400), spanMs: 60 * HOUR_MS });
  assert.ok(Math.abs(activations.length / 400 - 0.5) < 0.08, `${activations.length}`);
  const late = machines(40).map((one) => foresee(rolloutWith({ policy }), one).fate);
  assert.ok(late.some((fate) => !fate.gets && fate.detail.includes("ends before this machine's turn")));
});
