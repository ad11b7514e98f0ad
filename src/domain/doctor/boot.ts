import { ok, skipped, warning, type Check } from '../check.js';

/** What starts things on a machine, and what of it starts pm2. */
export type Boot =
  /** None that we know how to ask. */
  | { readonly at: 'unknown'; readonly why: string }
  | { readonly at: 'known'; readonly by: string; readonly units: readonly BootUnit[] };

/** Something that starts a pm2 daemon when the machine starts. */
export interface BootUnit {
  readonly name: string;
  /** Of which PM2_HOME, or null where it does not say. */
  readonly home: string | null;
  readonly user: string | null;
  readonly isEnabled: boolean;
  /** systemd's `KillMode`; null: it is no unit of systemd's. */
  readonly killMode: string | null;
}

/** A systemd unit of pm2's with what is dropped in beside it, in the order in which systemd reads them; null where it is none of pm2's. */
export function parsePm2Unit(
  name: string,
  { texts, isEnabled }: { readonly texts: readonly string[]; readonly isEnabled: boolean },
): BootUnit | null {
  const lines = texts
    .join('\n')
    .split('\n')
    .map((line) => line.trim());
  const last = (key: string): string | null =>
    lines
      .findLast((line) => line.startsWith(`${key}=`))
      ?.slice(key.length + 1)
      .trim() ?? null;
  if (!/\bpm2\b/.test(last('ExecStart') ?? '')) return null;
  const homes = lines.flatMap((line) => /^Environment="?PM2_HOME=([^"]+)"?$/.exec(line)?.[1] ?? []);
  // systemd.kill(5): control-group is the default.
  return {
    name,
    home: homes.at(-1) ?? null,
    user: last('User'),
    isEnabled,
    killMode: last('KillMode') ?? 'control-group',
  };
}

/** Whether the daemon of a PM2_HOME comes back with the machine, and whether its unit lets a worker live. */
export function judgeBoot(
  boot: Boot,
  { home, user }: { readonly home: string; readonly user: string },
): Check[] {
  if (boot.at === 'unknown') return [skipped('pm2.startup', boot.why), skipped('pm2.kill-mode', boot.why)];
  const ours = boot.units.filter((unit) => (unit.home === null ? unit.user === user : same(unit.home, home)));
  return [startupCheck(boot.by, ours), killModeCheck(ours)];
}

function startupCheck(by: string, ours: readonly BootUnit[]): Check {
  const mend = 'run pm2 startup, do what it says, then pm2 save';
  const [unit] = ours;
  if (unit === undefined)
    return warning('pm2.startup', `${by} starts no pm2 of this user after a reboot`, mend);
  const enabled = ours.find(({ isEnabled }) => isEnabled);
  return enabled === undefined
    ? warning(
        'pm2.startup',
        `${unit.name} is not enabled: a reboot starts nothing`,
        `systemctl enable ${unit.name}`,
      )
    : ok('pm2.startup', enabled.name);
}

function killModeCheck(ours: readonly BootUnit[]): Check {
  const units = ours.filter(({ killMode }) => killMode !== null);
  if (units.length === 0) return skipped('pm2.kill-mode', 'no unit of systemd starts pm2');
  const deadly = units.find(({ killMode }) => killMode === 'control-group' || killMode === 'mixed');
  if (deadly === undefined)
    return ok('pm2.kill-mode', `${units[0]?.killMode ?? ''}: a worker outlives its restart`);
  return warning(
    'pm2.kill-mode',
    `KillMode of ${deadly.name} is ${deadly.killMode ?? ''}: a restart of the unit ends a worker at work, too`,
    `systemctl edit ${deadly.name}: [Service] KillMode=process; a worker that was ended goes on at the next poll`,
  );
}

function same(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === b.replace(/\/+$/, '');
}
