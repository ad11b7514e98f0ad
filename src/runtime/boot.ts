import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parsePm2Unit, type Boot, type BootUnit } from '../domain/doctor/boot.js';
import { exists, namesIn, readTextIfAny } from '../os/files.js';

/** Where a system keeps what it starts. */
export interface BootPlaces {
  /** There while systemd runs the machine: sd_booted(3). */
  readonly systemd: string;
  /** systemd.unit(5): what an administrator writes. */
  readonly units: string;
  readonly init: string;
  readonly agents: string;
}

const USUAL: BootPlaces = {
  systemd: '/run/systemd/system',
  units: '/etc/systemd/system',
  init: '/etc/init.d',
  agents: join(homedir(), 'Library', 'LaunchAgents'),
};

/** Looks what starts pm2 when the machine starts. */
export async function lookAtBoot(platform: NodeJS.Platform, places: BootPlaces = USUAL): Promise<Boot> {
  if (platform === 'linux' && (await exists(places.systemd)))
    return { at: 'known', by: 'systemd', units: await pm2Units(places.units) };
  if (platform === 'linux') return byScript('init', places.init, /^pm2-/);
  if (platform === 'darwin') return byScript('launchd', places.agents, /^pm2\..*\.plist$/);
  return { at: 'unknown', why: `nobody knows how pm2 is started on ${platform}` };
}

/** Without a script of pm2's nobody can tell: a container, a line of cron. */
async function byScript(by: string, folder: string, name: RegExp): Promise<Boot> {
  const names = (await namesIn(folder)).filter((each) => name.test(each));
  if (names.length === 0) return { at: 'unknown', why: `${folder} starts no pm2; a container may` };
  const units = names.map(async (each) => scriptOf(each, await readTextIfAny(join(folder, each))));
  return { at: 'known', by, units: await Promise.all(units) };
}

function scriptOf(name: string, text: string | null): BootUnit {
  const home =
    /PM2_HOME[="]+([^"\s]+)/.exec(text ?? '')?.[1] ??
    /<key>PM2_HOME<\/key>\s*<string>(.+?)<\/string>/.exec(text ?? '')?.[1];
  const user = name.replace(/^pm2[-.]/, '').replace(/\.plist$/, '');
  return { name, home: home ?? null, user, isEnabled: true, killMode: null };
}

async function pm2Units(folder: string): Promise<BootUnit[]> {
  const names = (await namesIn(folder)).filter((name) => name.endsWith('.service'));
  const enabled = await enabledUnits(folder);
  const units = names.map(async (name) =>
    parsePm2Unit(name, { texts: await textsOf(folder, name), isEnabled: enabled.has(name) }),
  );
  return (await Promise.all(units)).filter((unit) => unit !== null);
}

/** The unit, and what is dropped in beside it, in order. */
async function textsOf(folder: string, name: string): Promise<string[]> {
  const dropped = join(folder, `${name}.d`);
  const files = (await namesIn(dropped)).filter((each) => each.endsWith('.conf')).sort();
  const paths = [join(folder, name), ...files.map((file) => join(dropped, file))];
  // A unit that we may not read, or a link into nothing, says nothing.
  return Promise.all(paths.map(async (path) => (await readTextIfAny(path).catch(() => null)) ?? ''));
}

async function enabledUnits(folder: string): Promise<Set<string>> {
  const entries = await readdir(folder).catch(() => []);
  const wanting = entries.filter((name) => name.endsWith('.wants'));
  const names = await Promise.all(wanting.map((name) => namesIn(join(folder, name))));
  return new Set(names.flat());
}
