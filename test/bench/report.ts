import { PROCESSES, SETTLE } from './application.js';
import type { ImportResult } from './import.js';
import type { KindResult } from './release.js';
import type { RestartResult } from './restart.js';
import { crowdLines, pollsLines } from './polls-report.js';
import type { CrowdResult } from './crowd.js';
import type { PollsResult } from './polls.js';
import { indented, milliseconds, seconds, times } from './table.js';

/** All that was measured; what was not asked for is null. */
export interface Results {
  /** How much each install installs; null where nothing was to be installed. */
  readonly tree: { readonly packages: number; readonly files: number } | null;
  readonly release: readonly KindResult[] | null;
  readonly restart: readonly RestartResult[] | null;
  readonly import: ImportResult | null;
  readonly polls: PollsResult | null;
  readonly crowd: CrowdResult | null;
}

/** The results as text; ratios are how many times as long the first way of a table took. */
export function reportOf({ release, restart, import: cost, polls, crowd }: Results): string[] {
  return [
    ...(release === null ? [] : release.flatMap(releaseLines)),
    ...(release === null ? [] : shareLines(release)),
    ...(restart === null ? [] : restartLines(restart)),
    ...(cost === null ? [] : importLines(cost)),
    ...(polls === null ? [] : pollsLines(polls)),
    ...(crowd === null ? [] : crowdLines(crowd)),
  ];
}

function releaseLines({ kind, ways }: KindResult): string[] {
  return [
    `A release with ${kind === 'same lockfile' ? 'the same' : 'a changed'} lockfile, from the command to all ${PROCESSES} processes on it`,
    ...indented([
      ['', 'times as fast', 'all serve', 'command ends', 'ours of it'],
      ...ways.map(({ way, ratio, serves, ends, own }, index) => [
        way,
        index === 0 ? '1x' : times(ratio),
        seconds(serves),
        seconds(ends),
        index === 0 ? '' : seconds(own),
      ]),
    ]),
    '',
  ];
}

function shareLines(release: readonly KindResult[]): string[] {
  const columns = release.flatMap(({ kind, ways }) =>
    ways
      .slice(1)
      .map(({ way, rows }) => ({ title: `${way.replace('pm2-gitops apply, ', '')}, ${kind}`, rows })),
  );
  const names = [...new Set(columns.flatMap(({ rows }) => rows.map(({ name }) => name)))];
  const kinds = new Map(columns.flatMap(({ rows }) => rows.map(({ name, kind }) => [name, kind])));
  const letters = columns.map((_, index) => String.fromCharCode(65 + index));
  return [
    `Where the time of one apply goes (medians; settle is ${SETTLE} a wave, as the release asks)`,
    ...columns.map(({ title }, index) => `  ${letters[index] ?? ''}: ${title}`),
    ...indented([
      ['', 'whose', ...letters],
      ...names.map((name) => [
        name,
        kinds.get(name) ?? '',
        ...columns.map(({ rows }) => {
          const row = rows.find((each) => each.name === name);
          return row === undefined ? '–' : milliseconds(row.ms);
        }),
      ]),
    ]),
    '',
  ];
}

function restartLines(results: readonly RestartResult[]): string[] {
  return [
    `Restarting ${PROCESSES} processes of one pm2 daemon`,
    ...indented([
      ['', 'times as fast', 'all started', 'command ends'],
      ...results.map(({ name, ratio, serves, ends }, index) => [
        name,
        index === 0 ? '1x' : times(ratio),
        seconds(serves),
        seconds(ends),
      ]),
    ]),
    '',
  ];
}

function importLines({ importMs, importedMb, polledMb, bareMb, hosts }: ImportResult): string[] {
  return [
    `What the agent adds to a host of ${bareMb.toFixed(0)} MB (medians of ${hosts} fresh processes)`,
    ...indented([
      [
        'import',
        `${importMs.median.toFixed(0)} ms (${importMs.lowest.toFixed(0)}–${importMs.highest.toFixed(0)})`,
      ],
      ['memory once imported', `${importedMb.toFixed(1)} MB`],
      ['memory after three polls', `${polledMb.toFixed(1)} MB`],
    ]),
    '',
  ];
}
