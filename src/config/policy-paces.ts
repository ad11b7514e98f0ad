import * as v from 'valibot';
import { wholeAfterMs } from '../domain/wave.js';
import type { Crons } from './cron.js';
import { finding, type Finding } from './finding.js';
import { shown } from './issues.js';
import type { Path } from './located.js';
import type { LoosePolicy } from './policy-loose.js';
import { wave } from './wave.js';

/** What is wrong or odd about the windows and waves of a policy. */
export function paceFindings(
  { window, wave: ofAll, groups, channels }: LoosePolicy,
  crons: Crons,
): Finding[] {
  const parts: [Path, { readonly window?: unknown; readonly wave?: unknown }][] = [
    [[], { window, wave: ofAll }],
    ...Object.entries(channels).map(([name, channel]): [Path, { wave?: unknown }] => [
      ['channels', name],
      channel,
    ]),
    ...groups.map((group, index): [Path, LoosePolicy['groups'][number]] => [['groups', index], group]),
  ];
  return parts.flatMap(([path, part]) => [
    ...cronFindings([...path, 'window'], part.window, crons),
    ...waveFindings([...path, 'wave'], part.wave),
  ]);
}

function cronFindings(path: Path, written: unknown, crons: Crons): Finding[] {
  if (typeof written !== 'object' || written === null) return [];
  if (Array.isArray(written))
    return written.flatMap((one, index) => cronFindings([...path, index], one, crons));
  const cron = 'cron' in written && typeof written.cron === 'string' ? written.cron : null;
  const wrong = cron === null ? undefined : crons.get(cron.trim());
  return typeof wrong === 'string'
    ? [finding('error', [...path, 'cron'], `${shown(cron)} ${wrong}; for example "0 2 * * 1-5"`)]
    : [];
}

function waveFindings(path: Path, written: unknown): Finding[] {
  const read = v.safeParse(wave, written);
  if (!read.success || wholeAfterMs(read.output) !== null) return [];
  return [
    finding(
      'warning',
      [...path, 'steps'],
      'the last step is less than 100: some machines never have their turn',
    ),
  ];
}
