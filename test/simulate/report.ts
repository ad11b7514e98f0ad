import { renderChart } from '../../src/cli/chart.js';
import { shortMoments } from '../../src/cli/moment.js';
import { exposureAt } from '../../src/domain/exposure.js';
import { saySpan } from '../../src/domain/moment.js';
import type { Instant } from '../../src/domain/release.js';
import { loadOf } from './load.js';
import type { Outcome } from './simulate.js';

/** One release in one fleet, and what came of it. */
export interface Told {
  readonly outcome: Outcome;
  readonly tag: string;
  readonly machines: number;
  readonly out: Instant;
  readonly spanMs: number;
  readonly zone: string;
  /** Charts in ASCII. */
  readonly plain: boolean;
}

const COLUMNS = 60;
const QUARTERS = [0.25, 0.5, 0.75, 0.99] as const;

/** How a good release spreads. */
export function tellGood(told: Told): string {
  const { outcome, tag, machines, out } = told;
  const moments = takenAt(outcome, tag);
  const steps = QUARTERS.flatMap((share) => {
    const at = moments[Math.ceil(share * machines) - 1];
    return at === undefined ? [] : [`${share * 100} % after ${saySpan(at - out)}`];
  });
  const last = moments.at(-1);
  const end = last === undefined ? [] : [`the last after ${saySpan(last - out)}`];
  return [
    `${tag}, a good release: ${of(moments.length, machines)} have taken it`,
    chartOf(moments, told),
    ...[...steps, ...end].map((line) => `  ${line}`),
  ].join('\n');
}

/** How far a release spreads that crashes wherever it is activated. */
export function tellBad(told: Told, holdAfterMs: number): string {
  const { outcome, tag, machines, out } = told;
  const moments = takenAt(outcome, tag);
  const [first] = moments;
  if (first === undefined) return `${tag}, a release that crashes: no machine has taken it`;
  return [
    `${tag}, a release that crashes: ${of(moments.length, machines)} ran it before the hold reached them`,
    chartOf(moments, told),
    `  the first machine rolls it back after ${saySpan(first - out)}; the operator's hold is in Git ${saySpan(holdAfterMs)} later`,
    '  each machine that took it has rolled back by itself and tries it no more',
  ].join('\n');
}

/** What a fleet asks of the remote. */
export function tellLoad({ looks }: Outcome): string {
  const [second, ten, minute] = [loadOf(looks), loadOf(looks, 10), loadOf(looks, 60)];
  const rows = [
    ['second', second],
    ['10 s', ten],
    ['minute', minute],
  ] as const;
  const lines = rows.map(
    ([name, { mean, most, percentile99 }]) =>
      `  in each ${name.padEnd(6)}  mean ${mean.toFixed(1)}, 99 % of them at most ${percentile99}, most ${most} (${(most / mean).toFixed(1)} times the mean)`,
  );
  return ['looks at the remote', ...lines].join('\n');
}

function takenAt({ activations }: Outcome, tag: string): Instant[] {
  return activations.filter((activation) => activation.tag === tag).map(({ at }) => at);
}

function chartOf(moments: readonly Instant[], { machines, out, spanMs, zone, plain }: Told): string {
  const columns = Array.from({ length: COLUMNS }, (_, n) => out + (spanMs * (n + 1)) / COLUMNS);
  const shares = exposureAt(moments, machines, columns);
  return renderChart({ shares, from: out, to: out + spanMs, say: shortMoments(zone) }, plain);
}

function of(count: number, machines: number): string {
  return `${count} of ${machines} machines (${((100 * count) / machines).toFixed(1)} %)`;
}
