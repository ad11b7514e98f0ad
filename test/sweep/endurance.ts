import { readdirSync, readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runIds } from '../../src/state/runs.js';
import { Campaign, type Scenario } from './campaign.js';
import type { Attack } from './choose.js';
import { below } from './dice.js';
import { weightOf } from './inspect.js';
import { VICTIMS } from './plan.js';
import type { Subject } from './subject.js';
import { weigh } from './weigh.js';

/** What a machine holds after so many upgrades; bytes, but for counts. */
export interface Holding {
  readonly upgrades: number;
  readonly kills: number;
  /** The root but for the history of repositories and runs. */
  readonly root: number;
  readonly mirror: number;
  readonly packs: number;
  readonly journal: number;
  readonly runs: number;
  /** Of the process that embeds the agent: memory in use, and open files. */
  readonly heap: number;
  readonly files: number;
  /** Open files of pm2's daemon. */
  readonly daemonFiles: number;
}

/** What came of it: what was held now and then, and what broke a promise. */
export interface Endurance {
  readonly holdings: readonly Holding[];
  readonly complaints: readonly string[];
}

const LAST_POINT = 140;
const EVERY = 10;
// Retention of the product: 50 runs, 40 packs, a journal that is cut to 50 lines when a worker opens it with more than 256 KiB.
const BOUNDS = { runs: 52, packs: 42, journal: 640 * 1024 } as const;

/** Upgrades one machine again and again, most workers killed somewhere, and every fifth release a bad one. */
export async function endure(
  strategy: Scenario['strategy'],
  upgrades: number,
  chance: () => number,
): Promise<Endurance> {
  const campaign = new Campaign(strategy);
  const holdings: Holding[] = [];
  const complaints: string[] = [];
  let kills = 0;
  try {
    for (let upgrade = 1; upgrade <= upgrades && complaints.length === 0; upgrade += 1) {
      const release = upgrade % 5 === 0 ? 'crashes at start' : 'good';
      const hit = await campaign.hit({ strategy, root: 'managed', release }, attack(chance));
      kills += hit.killed;
      complaints.push(...hit.complaints.map(({ text }) => `upgrade ${upgrade}: ${text}`));
      if (campaign.subject !== null && (upgrade % EVERY === 0 || upgrade === upgrades))
        holdings.push({ upgrades: upgrade, kills, ...(await holdingOf(campaign.subject)) });
    }
  } finally {
    await campaign.close();
  }
  return { holdings, complaints: [...complaints, ...growth(holdings)] };
}

function attack(chance: () => number): Attack {
  const kills = Array.from({ length: below(3, chance) }, () => ({
    point: 1 + below(LAST_POINT, chance),
    victims: VICTIMS[below(VICTIMS.length, chance)] ?? 'tree',
    afterMs: chance() < 0.5 ? below(60, chance) : null,
  }));
  return { step: 'anywhere', kills };
}

async function holdingOf(subject: Subject): Promise<Omit<Holding, 'upgrades' | 'kills'>> {
  const { layout, machine } = subject;
  const { heapUsed, files } = await subject.poll();
  const packs = await readdir(join(layout.mirror, 'objects', 'pack'));
  const daemon = (await readFile(join(machine.pm2Home, 'pm2.pid'), 'utf8')).trim();
  return {
    ...{ heap: heapUsed, files, daemonFiles: openFiles(daemon) },
    root: await weightOf(subject),
    mirror: await weigh(layout.mirror),
    packs: packs.filter((name) => name.endsWith('.pack')).length,
    journal: (await readFile(layout.journal)).length,
    runs: (await runIds(layout)).length,
  };
}

/** What is more at the end than after the first upgrades, or than it may ever be. */
function growth(holdings: readonly Holding[]): string[] {
  const [first, last] = [holdings[0], holdings.at(-1)];
  if (first === undefined || last === undefined) return ['nothing was looked at'];
  const over = ([name, most]: readonly [keyof Holding, number]): string[] =>
    last[name] <= most ? [] : [`${name}: ${last[name]} after ${last.upgrades} upgrades, at most ${most}`];
  return [
    ...(['runs', 'packs', 'journal'] as const).map((name) => [name, BOUNDS[name]] as const),
    ['root', first.root + 16 * 1024] as const,
    ['heap', first.heap * 1.3] as const,
    ['files', first.files + 2] as const,
    ['daemonFiles', first.daemonFiles + 8] as const,
  ].flatMap(over);
}

/** Without those that pm2's own monitoring keeps open for a minute for each process that it has seen. */
function openFiles(pid: string): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((name) => !/^\/proc\/\d+\/stat$/.test(targetOf(join(folder, name))))
    .length;
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // closed meanwhile
  }
}
