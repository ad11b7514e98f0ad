import type { Foresight } from '../agent/foresee.js';
import { densest, exposureAt } from '../domain/exposure.js';
import { saySpan } from '../domain/moment.js';
import { plainLine } from '../domain/plain.js';
import type { Instant } from '../domain/release.js';
import type { Arrival } from '../domain/rollout.js';
import { renderChart } from './chart.js';
import { shortMoments } from './moment.js';
import { alignRows, type Colors } from './terminal.js';

// So many rows are still read one by one.
const MOST_ROWS = 40;
const CHART_COLUMNS = 60;
// So few machines are no crowd.
const FEW = 3;
const LIMITS = [
  'Foreseen for machines that are on, reach Git, have the right time, and whose',
  'people give no orders; what their own gitops.json adds is not known here.',
  'Nobody reports back: status on a machine tells what it really serves.',
];

/** `rollout` for people. */
export function renderRollout(foresight: Foresight, colors: Colors): string {
  const { rollout, arrivals } = foresight;
  const { tag, from, policy, pollEveryMs, zone, out } = rollout;
  const say = shortMoments(zone);
  const machines = arrivals.length === 1 ? 'one machine' : `${arrivals.length} machines`;
  return [
    `${colors.bold(plainLine(tag))} over ${plainLine(from)}, out ${say(out)} (${zone})\npolicy version ${policy.version}; ${machines}, a look every ${saySpan(pollEveryMs)}`,
    arrivals.length > MOST_ROWS ? groupTable(arrivals, say, colors) : machineTable(arrivals, say, colors),
    chartOf(foresight, say, colors),
    [stops(arrivals, colors), crowd(foresight, say, colors)].filter((part) => part !== '').join('\n'),
    LIMITS.map((line) => colors.dim(line)).join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

type Say = (at: Instant) => string;

function machineTable(arrivals: readonly Arrival[], say: Say, colors: Colors): string {
  const rows = [...arrivals].sort(byMoment).map((arrival) => {
    const { machine, canary, channel, fate, waits } = arrival;
    return [
      plainLine(machine.name),
      plainLine(groupName(arrival)),
      plainLine(channel),
      fate.gets ? say(fate.at) : colors.yellow('never'),
      fate.gets ? reasons(waits, canary) : fate.reason,
    ];
  });
  return alignRows([['machine', 'group', 'channel', 'takes it', 'because of'].map(colors.dim), ...rows]);
}

function groupTable(arrivals: readonly Arrival[], say: Say, colors: Colors): string {
  const names = [...new Set(arrivals.map(groupName))];
  const rows = names.map((name) => {
    const members = arrivals.filter((arrival) => groupName(arrival) === name);
    const moments = takenAt(members).sort((a, b) => a - b);
    const told = [moments[0], moments[Math.floor((moments.length - 1) / 2)], moments.at(-1)];
    return [
      plainLine(name),
      moments.length === members.length
        ? `all ${members.length}`
        : colors.yellow(`${moments.length} of ${members.length}`),
      ...told.map((at) => (at === undefined ? '' : say(at))),
      [...new Set(members.flatMap(({ waits }) => waits.map(({ reason }) => reason)))].join(', '),
    ];
  });
  const head = ['group', 'take it', 'first', 'median', 'last', 'because of'];
  return alignRows([head.map(colors.dim), ...rows]);
}

function chartOf({ rollout, arrivals }: Foresight, say: Say, colors: Colors): string {
  const taken = takenAt(arrivals);
  if (taken.length === 0) return 'No machine gets it.';
  const from = rollout.out;
  const to = taken.reduce((latest, at) => Math.max(latest, at), from + 1);
  const moments = Array.from(
    { length: CHART_COLUMNS },
    (_, n) => from + ((to - from) * (n + 1)) / CHART_COLUMNS,
  );
  const shares = exposureAt(taken, arrivals.length, moments);
  return renderChart({ shares, from, to, say }, !colors.isColorSupported);
}

/** What keeps the release from machines, each sentence once: for good, or for as long as a freeze or a hold stands. */
function stops(arrivals: readonly Arrival[], colors: Colors): string {
  const never = arrivals.flatMap(({ fate }) => (fate.gets ? [] : [`never: ${fate.detail}`]));
  const late = arrivals.flatMap(({ waits }) => [
    ...new Set(
      waits
        .filter(({ reason }) => reason === 'held' || reason === 'frozen')
        .map(({ detail }) => `later: ${detail}`),
    ),
  ]);
  const counts = new Map<string, number>();
  for (const text of [...never, ...late]) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts]
    .map(([text, count]) => `${colors.yellow('!')} ${count} of ${arrivals.length} ${plainLine(text)}`)
    .join('\n');
}

/** Most of a fleet at once is what waves are there to prevent. */
function crowd({ rollout, arrivals }: Foresight, say: Say, colors: Colors): string {
  const { count, from } = densest(takenAt(arrivals), rollout.pollEveryMs);
  if (from === null || count < FEW || count * 2 <= arrivals.length) return '';
  const within = `within ${saySpan(rollout.pollEveryMs)} from ${say(from)} on`;
  return `${colors.yellow('!')} ${count} of ${arrivals.length} at once: ${within} they all take it`;
}

function reasons(waits: Arrival['waits'], canary: boolean): string {
  const told = [...new Set(waits.map(({ reason }) => reason))];
  return [...(canary ? ['canary'] : []), ...told].join(', ');
}

function groupName({ group }: Arrival): string {
  return group ?? '(none)';
}

function takenAt(arrivals: readonly Arrival[]): Instant[] {
  return arrivals.flatMap(({ fate }) => (fate.gets ? [fate.at] : []));
}

function byMoment(a: Arrival, b: Arrival): number {
  const [left, right] = [a, b].map(({ fate }) => (fate.gets ? fate.at : Number.MAX_SAFE_INTEGER));
  return (left ?? 0) - (right ?? 0);
}
