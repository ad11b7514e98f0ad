import type { CrowdResult } from './crowd.js';
import { PROCESSES } from './application.js';
import type { Spread } from './numbers.js';
import type { PollsResult } from './polls.js';
import { bytes, indented, times } from './table.js';

/** What quiet polls take, as text. */
export function pollsLines({ sizes, memory }: PollsResult): string[] {
  return [
    ...sizes.flatMap(({ tags, ways }) => [
      `A poll that finds nothing, ${tags} tags (a machine with ${PROCESSES} processes; each way's CPU with that of its children)`,
      ...indented([
        ['', 'CPU', 'of ours', 'bytes both ways', 'of ours', 'requests', 'programs'],
        ...ways.map((way) => [
          way.name,
          cpu(way.cpuMs),
          times(way.ratio),
          bytes(way.wireBytes),
          `${(way.wireBytes / (ways[0]?.wireBytes ?? NaN)).toFixed(1)}x`,
          String(way.requests),
          way.programs === null ? 'no strace' : String(way.programs),
        ]),
      ]),
      '',
    ]),
    `Memory after three turns of the schedule, ${sizes.at(-1)?.tags ?? 0} tags`,
    ...indented([
      ['pm2-gitops run', megabytes(memory.standing)],
      ['of it its own', megabytes(memory.own)],
      ['embedded, over a bare host', `${memory.embedded.toFixed(1)} MB`],
      ['the bare host', `${memory.bareHost.toFixed(1)} MB`],
    ]),
    '',
  ];
}

/** What a crowd takes, as text. */
export function crowdLines({ machines, tags, ways }: CrowdResult): string[] {
  return [
    `${machines} machines look once, ${tags} tags, at one core with git http-backend`,
    ...indented([
      ['', 'looks/s', "looks/s by git's CPU alone", 'requests', 'bytes both ways', "lookers' CPU"],
      ...ways.map(({ name, wallMs, backendCpuMs, requests, wireBytes, lookersCpuMs }) => [
        name,
        perSecond(machines, wallMs),
        perSecond(machines, backendCpuMs),
        String(requests),
        bytes(wireBytes),
        `${(lookersCpuMs / 1_000).toFixed(1)} s`,
      ]),
    ]),
    '',
  ];
}

function cpu({ median, lowest, highest }: Spread): string {
  const [middle, low, high] = [median, lowest, highest].map((ms) => ms.toFixed(1));
  return `${middle ?? ''} ms (${low ?? ''}–${high ?? ''})`;
}

function megabytes({ median, lowest, highest }: Spread): string {
  return `${median.toFixed(0)} MB (${lowest.toFixed(0)}–${highest.toFixed(0)})`;
}

function perSecond(looks: number, ms: number): string {
  return ((looks * 1_000) / ms).toFixed(0);
}
