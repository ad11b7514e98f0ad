import { parseArgs } from 'node:util';
import { Campaign, SCENARIOS, type Hit, type Scenario } from './campaign.js';
import { dice } from './dice.js';
import { endure } from './endurance.js';
import { BREACHES } from './inspect.js';
import { tableOf } from './table.js';

// npm run test:sweep -- [--points N] [--upgrades N] [--seed N] [--only WORDS]: kills workers at N points of their runs, on two machines
// at once, then upgrades each N times in a row with random kills.

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '600' },
    upgrades: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});
const scenarios = SCENARIOS.filter((scenario) => nameOf(scenario).includes(values.only));
const each = Math.ceil(Number(values.points) / scenarios.length);

const startMs = performance.now();
const strategies = [...new Set(scenarios.map(({ strategy }) => strategy))];
const hits = Number(values.points) > 0 ? (await Promise.all(strategies.map(sweep))).flat() : [];
report(hits);
if (Number(values.upgrades) > 0) await Promise.all(strategies.map(upgradeOften));
console.log(`seed ${values.seed}, ${Math.round((performance.now() - startMs) / 1_000)} s`);

async function sweep(strategy: Scenario['strategy'], lane: number): Promise<Hit[]> {
  const campaign = new Campaign(strategy);
  const chance = dice(Number(values.seed) + lane);
  const found: Hit[] = [];
  try {
    for (const scenario of scenarios.filter((one) => one.strategy === strategy)) {
      const attacks = await campaign.attacksOn(scenario, each, chance);
      for (const attack of attacks) {
        const hit = await campaign.hit(scenario, attack);
        found.push(hit);
        if (hit.complaints.length > 0) tell(hit);
      }
      const seconds = Math.round((performance.now() - startMs) / 1_000);
      console.log(`${nameOf(scenario)}: ${attacks.length} kills, after ${seconds} s`);
    }
  } finally {
    await campaign.close();
  }
  return found;
}

async function upgradeOften(strategy: Scenario['strategy'], lane: number): Promise<void> {
  const chance = dice(Number(values.seed) + 100 + lane);
  const { holdings, complaints } = await endure(strategy, Number(values.upgrades), chance);
  const [first] = holdings;
  const rows = holdings.map((holding) => Object.values<number>({ ...holding }));
  console.log(`\n${strategy}\n${tableOf([Object.keys(first ?? {}), ...rows])}`);
  for (const complaint of complaints) console.log(`  ${complaint}`);
  if (complaints.length > 0) process.exitCode = 1;
}

function tell({ scenario, attack, complaints, trace }: Hit): void {
  console.log(`\n${nameOf(scenario)}, ${attack.step}, ${JSON.stringify(attack.kills)}`);
  for (const { breach, text } of complaints.slice(0, 10)) console.log(`  ${breach}: ${text}`);
  console.log(trace.map((line) => `    ${line}`).join('\n'));
}

function report(found: readonly Hit[]): void {
  const steps = [...new Set(found.map(({ attack }) => attack.step))];
  const rowOf = (name: string, some: readonly Hit[]): (string | number)[] => [
    name,
    some.length,
    some.reduce((sum, { killed }) => sum + killed, 0),
    some.reduce((sum, { waits }) => sum + waits, 0),
    ...BREACHES.map(
      (kind) => some.filter(({ complaints }) => complaints.some(({ breach }) => breach === kind)).length,
    ),
  ];
  const rows = steps.map((step) =>
    rowOf(
      step,
      found.filter(({ attack }) => attack.step === step),
    ),
  );
  const head = ['step', 'points', 'kills', 'waits', ...BREACHES];
  console.log(`\n${tableOf([head, ...rows, rowOf('all', found)])}`);
  if (found.some(({ complaints, killed }) => complaints.length > 0 || killed === 0)) process.exitCode = 1;
}

function nameOf({ strategy, root, release }: Scenario): string {
  return `${strategy}, ${root}, ${release}`;
}
