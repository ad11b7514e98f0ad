import { parseArgs } from 'node:util';
import { Blackout, type BlackoutTerms, type Cut, type Recovery } from './blackout.js';
import { BREACHES } from './inspect.js';
import { tableOf } from './table.js';

// npm run test:sweep:power -- [--every N] [--only WORDS]: the power fails at each (or every Nth) point of a run, on a disk that is copied then.

const { values } = parseArgs({
  options: { every: { type: 'string', default: '1' }, only: { type: 'string', default: '' } },
});
const RELEASES = ['good', 'crashes at start'] as const;
const all: BlackoutTerms[] = (['releases', 'checkout'] as const).flatMap((strategy) =>
  RELEASES.flatMap((release) => [true, false].map((neighbour) => ({ strategy, release, neighbour }))),
);

interface Loss extends Recovery {
  readonly cut: Cut;
}

const losses: Loss[] = [];
for (const terms of all.filter((each) => nameOf(each).includes(values.only)))
  losses.push(...(await sweep(terms)));
const steps = [...new Set(losses.map(({ cut }) => cut.step))];
const rowOf = (name: string, some: readonly Loss[]): (string | number)[] => [
  name,
  some.length,
  ...BREACHES.map(
    (breach) => some.filter(({ complaints }) => complaints.some((each) => each.breach === breach)).length,
  ),
  some.filter(({ mirrorHad }) => mirrorHad !== '').length,
];
console.log(
  `\n${tableOf([
    ['step', 'losses of power', ...BREACHES, 'damaged mirrors'],
    ...steps.map((step) =>
      rowOf(
        step,
        losses.filter(({ cut }) => cut.step === step),
      ),
    ),
    rowOf('all', losses),
  ])}`,
);
if (losses.length === 0 || losses.some(({ complaints }) => complaints.length > 0)) process.exitCode = 1;

async function sweep(terms: BlackoutTerms): Promise<Loss[]> {
  const found: Loss[] = [];
  const blackout = await Blackout.prepare(terms);
  try {
    for (const cut of blackout.cuts.filter((_, index) => index % Number(values.every) === 0)) {
      const recovery = await blackout.recoverFrom(cut);
      const { complaints, mirrorHad } = recovery;
      found.push({ cut, ...recovery });
      if (complaints.length > 0)
        console.log(`\n${nameOf(terms)}, ${cut.step}, before ${cut.name} ${cut.what}`);
      for (const { breach, text } of complaints.slice(0, 10)) console.log(`  ${breach}: ${text}`);
      if (mirrorHad !== '') console.log(`  the mirror, ${cut.step}, before ${cut.what}: ${mirrorHad}`);
    }
  } finally {
    await blackout.close();
  }
  console.log(`${nameOf(terms)}: ${found.length} of ${blackout.cuts.length}`);
  return found;
}

function nameOf({ strategy, release, neighbour }: BlackoutTerms): string {
  return `${strategy}, ${release}, ${neighbour ? 'beside a neighbour that syncs' : 'alone'}`;
}
