import * as v from 'valibot';
import type { Instant } from '../domain/release.js';
import { wholeAfterMs } from '../domain/wave.js';
import type { Crons } from './cron.js';
import { isTimezone } from './forms.js';
import { finding, shown, type Finding } from './issues.js';
import type { Path } from './located.js';
import { endOf, parseMoment } from './moment.js';
import type { LoosePolicy } from './policy-loose.js';
import { wave } from './wave.js';

const SOON_MS = 7 * 86_400_000;
const endsAt = v.object({ until: v.string() });

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

/** What is odd about the times of a policy that somebody is about to publish now. */
export function timeFindings(policy: LoosePolicy, now: Instant): Finding[] {
  const { expires, timezone, groups, hold } = policy;
  const zone = zoneOr(timezone, 'UTC');
  return [
    ...expiryFindings(expires, zone, now),
    ...holdFindings(['hold'], hold, { zone, now }),
    ...groups.flatMap((group, index) =>
      holdFindings(['groups', index, 'hold'], group.hold, { zone: zoneOr(group.timezone, zone), now }),
    ),
    ...zoneFindings(policy),
  ];
}

function expiryFindings(expires: string | null, zone: string, now: Instant): Finding[] {
  const at = expires === null ? null : instantOf(expires, zone);
  if (at === null || at > now + SOON_MS) return [];
  if (at > now)
    return [
      finding(
        'warning',
        ['expires'],
        'within a week every machine holds, unless a newer version comes before',
      ),
    ];
  return [
    finding(
      'error',
      ['expires'],
      `${shown(expires)} has passed: every machine that reads this holds; name a moment to come`,
    ),
  ];
}

function holdFindings(path: Path, hold: unknown, { zone, now }: { zone: string; now: Instant }): Finding[] {
  const written = v.safeParse(endsAt, hold);
  const at = written.success ? instantOf(written.output.until, zone) : null;
  if (!written.success || at === null || at > now) return [];
  return [
    finding('warning', [...path, 'until'], `${shown(written.output.until)} has passed: nothing is held`),
  ];
}

/** A night is another one on each machine where nobody says in which zone it is. */
function zoneFindings({ timezone, groups, window, freeze }: LoosePolicy): Finding[] {
  if (timezone !== null) return [];
  const layers: [Path, { window?: unknown; freeze?: unknown; timezone: string | null }][] = [
    [[], { window, freeze, timezone }],
    ...groups.map((group, index): [Path, LoosePolicy['groups'][number]] => [['groups', index], group]),
  ];
  return layers.flatMap(([path, layer]) =>
    (['window', 'freeze'] as const).flatMap((key) =>
      layer[key] === undefined || layer.timezone !== null
        ? []
        : [finding('warning', [...path, key], 'no timezone is named: each machine reads this in its own')],
    ),
  );
}

function instantOf(text: string, zone: string): Instant | null {
  const moment = parseMoment(text);
  return moment === null ? null : endOf(moment, zone);
}

function zoneOr(zone: string | null, otherwise: string): string {
  return zone !== null && isTimezone(zone) ? zone : otherwise;
}

function cronFindings(path: Path, written: unknown, crons: Crons): Finding[] {
  if (typeof written !== 'object' || written === null) return [];
  if (Array.isArray(written))
    return written.flatMap((one, index) => cronFindings([...path, index], one, crons));
  const cron = 'cron' in written && typeof written.cron === 'string' ? written.cron : null;
  const wrong = cron === null ? undefined : crons.get(cron.trim());
  return typeof wrong === 'string' ? [finding('error', [...path, 'cron'], wrong)] : [];
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
