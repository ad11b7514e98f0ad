import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Strategy } from '../../src/config/machine.js';
import type { Release } from '../../src/domain/release.js';
import { runIds } from '../../src/state/runs.js';
import { Disk } from '../bed/disk.js';
import type { FixtureOutcome } from './fixture.js';
import { readMark } from '../../src/workspace/mark.js';
import { brokenFiles, inspect, type Complaint, type Expectation } from './inspect.js';
import { unhealedIn, unreadableIn, type Mirror } from './mirror-vouches.js';
import type { Plan } from './plan.js';
import { Subject } from './subject.js';

/** A run during which the power fails at each point. */
export interface BlackoutTerms {
  readonly strategy: Strategy;
  readonly release: FixtureOutcome;
  /** Whether somebody else on the machine syncs all the time: then names reach the disk, and contents only where we synced them. */
  readonly neighbour: boolean;
  readonly unsynced?: Plan['unsynced'];
}

/** What came of a loss of power. */
export interface Recovery {
  /** What the power made of the mirror: what `git fsck` says, empty where it is whole. */
  readonly mirrorHad: string;
  readonly complaints: readonly Complaint[];
}

/** A disk as a loss of power left it. */
export interface Cut {
  readonly name: string;
  /** What the worker was about to do. */
  readonly what: string;
  readonly step: string;
  readonly image: string;
}

/** A machine on a disk of its own: its power may fail, again and again, at any point of one run. */
export class Blackout {
  readonly cuts: readonly Cut[];
  readonly #subject: Subject;
  readonly #disk: Disk;
  readonly #expected: Expectation;
  /** A commit that the mirror has never seen. */
  readonly #unseen: Release;

  private constructor(
    subject: Subject,
    disk: Disk,
    run: { cuts: readonly Cut[]; expected: Expectation; unseen: Release },
  ) {
    this.#subject = subject;
    this.#disk = disk;
    this.cuts = run.cuts;
    this.#expected = run.expected;
    this.#unseen = run.unseen;
  }

  /** Makes a machine that serves a release, and lets it go to the next one while its disk is copied at each point. */
  static async prepare({ strategy, release, neighbour, unsynced = null }: BlackoutTerms): Promise<Blackout> {
    const disk = await Disk.make();
    const subject = await Subject.open(strategy, disk);
    try {
      const [serves] = [...subject.tagged.values()];
      if (serves === undefined) throw new Error('nothing is tagged');
      await subject.machine.must('sync', ['-f', subject.machine.path()]);
      await subject.machine.pm2(['save', '--force']);
      await subject.machine.must('sync', ['-f', subject.machine.path()]);
      const before = await runIds(subject.layout);
      const tagged = await subject.tag(release);
      const beside = neighbour ? subject.machine.path('neighbour') : null;
      await subject.plan([], { cuts: { ...disk.platter, folder: disk.folder, neighbour: beside }, unsynced });
      const { points, wedge } = await subject.comeToRest();
      if (wedge !== null) throw new Error(`without any loss of power: ${wedge}`);
      const good = release === 'good';
      const expected: Expectation = {
        serves: good ? tagged : serves,
        failed: good ? null : tagged,
        outcome: good ? 'activated' : 'rolledBack',
        before,
        maxBytes: Number.POSITIVE_INFINITY,
      };
      const commit = await subject.remote.release('unseen', { 'unseen.txt': 'unseen\n' });
      const unseen = { tag: 'unseen', commit, ref: 'refs/tags/unseen' };
      return new Blackout(subject, disk, { cuts: await cutsIn(disk, points), expected, unseen });
    } catch (error) {
      await subject.close();
      throw error;
    }
  }

  /** The power comes back: the machine stands as that copy has it, pm2 starts what it remembers, the poller goes on. */
  async recoverFrom(cut: Cut): Promise<Recovery> {
    const subject = this.#subject;
    subject.endPoller();
    await subject.machine.halt();
    await this.#disk.replaceBy(cut.image);
    const vouched = await vouchedFor(subject);
    const mirror = mirrorOf(subject);
    const mirrorHad = await unreadableIn(mirror);
    await subject.machine.pm2(['resurrect']);
    await subject.plan([]);
    const { wedge } = await subject.comeToRest();
    let stands = await inspect(subject, this.#expected);
    if (stands.some(({ breach }) => breach === 'leftover')) {
      // Where the power failed after the end of the run, nothing is left to do: the next visit of a worker tidies up.
      await subject.machine.cli(['apply']);
      stands = await inspect(subject, this.#expected);
    }
    const wedged: Complaint[] = wedge === null ? [] : [{ breach: 'wedge', text: wedge }];
    const unhealed = await unhealedIn(mirror, [this.#unseen, ...subject.tagged.values()]);
    const held = unhealed.map((text): Complaint => ({ breach: 'wedge', text }));
    return { mirrorHad, complaints: [...vouched, ...wedged, ...stands, ...held] };
  }

  async close(): Promise<void> {
    await this.#subject.close();
  }
}

function mirrorOf({ layout, remote, machine, strategy }: Subject): Mirror {
  const shallow = strategy === 'releases';
  return { folder: join(layout.state, 'mirror.git'), url: remote.url, env: machine.env, shallow };
}

/** Before anything is started: whatever release folder bears the mark has its files, whole. */
async function vouchedFor({ layout, tagged }: Subject): Promise<Complaint[]> {
  const releases = (await readdir(layout.releases).catch(() => [])).map((name) =>
    join(layout.releases, name),
  );
  const complaints = releases.map(async (tree): Promise<Complaint[]> => {
    const release = tagged.get((await readMark(tree))?.commit ?? '');
    if (release === undefined) return [];
    const broken = await brokenFiles(tree, release);
    return broken.map((path) => ({
      breach: 'mixed',
      text: `${path} is broken below a mark that vouches for it`,
    }));
  });
  return (await Promise.all(complaints)).flat();
}

async function cutsIn(
  { folder }: Disk,
  points: readonly { visit: number; point: number; what: string; step: string }[],
): Promise<Cut[]> {
  const names = (await readdir(folder)).filter((name) => /^\d+-(\d+|end)\.img$/.test(name));
  const cuts = names.map((file) => {
    const name = file.replace('.img', '');
    const point = points.find((each) => `${each.visit}-${each.point}` === name);
    return { name, image: join(folder, file), what: point?.what ?? 'the end', step: point?.step ?? 'end' };
  });
  const order = points.map((each) => `${each.visit}-${each.point}`);
  return cuts.sort((a, b) => place(order, a.name) - place(order, b.name));
}

function place(order: readonly string[], name: string): number {
  const found = order.indexOf(name);
  return found === -1 ? order.length : found;
}
