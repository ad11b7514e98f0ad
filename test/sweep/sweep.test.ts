import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Campaign, type Scenario } from './campaign.js';
import { impossibleSteps } from './chain.js';
import type { Attack } from './choose.js';
import { dice } from './dice.js';
import { journalOf } from './inspect.js';

// The short part of the sweep: a kill in the middle of each step, some of them followed by one of the worker that recovers.

const skip = process.platform === 'linux' ? false : 'only Linux tells which processes descend from a worker';
const timeout = 300_000;
const ALL = Number.POSITIVE_INFINITY;
const GOOD: Scenario = { strategy: 'releases', root: 'managed', release: 'good' };
const BAD: Scenario = { strategy: 'checkout', root: 'managed', release: 'crashes at start' };

/** The attack in the middle of each step. */
function oneOfEach(attacks: readonly Attack[], steps: readonly string[]): Attack[] {
  return steps.map((step) => {
    const found = attacks.filter((attack) => attack.step === step);
    const attack = found[Math.floor(found.length / 2)];
    assert.ok(attack !== undefined, `no point in ${step}`);
    return attack;
  });
}

async function sweep(context: TestContext, scenario: Scenario, steps: readonly string[]): Promise<Campaign> {
  const campaign = new Campaign(scenario.strategy);
  context.after(() => campaign.close());
  const attacks = await campaign.attacksOn(scenario, ALL, dice(1));
  for (const attack of oneOfEach(attacks, steps)) {
    const { complaints, killed } = await campaign.hit(scenario, attack);
    assert.deepEqual(complaints, [], JSON.stringify(attack));
    assert.ok(killed > 0, `nobody was killed: ${JSON.stringify(attack)}`);
  }
  return campaign;
}

describe('workers that are killed', { skip, concurrency: 2 }, () => {
  it(
    'on the way of a release that crashes: the old one serves, and nothing is left',
    { timeout },
    async (t) => {
      await sweep(t, BAD, ['staging', 'activating', 'proving', 'rollingBack', 'tidying']);
    },
  );

  it('on the way of a good release: it serves, and nothing is left', { timeout }, async (t) => {
    const campaign = await sweep(t, GOOD, ['deciding', 'staging', 'activating', 'proving', 'tidying']);
    assert.ok(campaign.subject !== null);
    const lines = await journalOf(campaign.subject);
    assert.deepEqual(impossibleSteps(lines), []);
    const gap = lines.filter(({ phase }) => phase.at !== 'activating');
    assert.ok(impossibleSteps(gap).includes('staged → proving'), 'a step that is missing is seen');

    await t.test('the sweep sees a journal that is written after the work', async () => {
      const attack: Attack = { step: 'staging', kills: [{ point: 90, victims: 'worker', afterMs: null }] };
      const { complaints } = await campaign.hit(GOOD, attack, { journalLate: true });
      assert.ok(
        complaints.some(({ text }) => /^run .* has no end$/.test(text)),
        JSON.stringify(complaints),
      );
    });
  });
});
