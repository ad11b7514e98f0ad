import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { placeOf } from '../../src/agent/identity.js';
import { layoutOf } from '../../src/state/layout.js';
import { holderOf } from '../../src/state/lock.js';
import { writeRecord } from '../../src/state/records.js';
import { Machine } from '../bed/machine.js';
import { Remote, type Files } from '../bed/remote.js';

/** One root of a fleet, as if it were a machine of its own. */
export interface Member {
  readonly name: string;
  readonly root: string;
}

/** What a member is made of, besides its name. */
export interface MemberTerms {
  readonly labels?: Readonly<Record<string, string>>;
  readonly place: Place;
}

/** A place in [0, 1) in the wave of a tag. */
interface Place {
  readonly tag: string;
  readonly at: number;
}

const PROGRAM = join(dirname(fileURLToPath(import.meta.url)), 'agents-program.js');
const FILE = 'app.txt';
// One daemon has the apps of all, so the release cannot name them: each root's gitops.json does.
const ECOSYSTEM = { apps: [], gitops: { health: { settle: '100ms' }, install: false } };
const APP: Files = {
  'app.js': 'setInterval(() => undefined, 60_000);\n',
  'ecosystem.config.cjs': `module.exports = ${JSON.stringify(ECOSYSTEM)};\n`,
};

/**
 * Many real agents on one box: adopted checkouts of a small application, each one process of one pm2 daemon, with the id, the name and
 * the labels of a machine of its own. They follow a policy in a branch of the application's own repository.
 */
export class Fleet {
  readonly remote: Remote;
  readonly machine: Machine;
  readonly members: readonly Member[];

  private constructor(cast: Pick<Fleet, 'remote' | 'machine' | 'members'>) {
    this.remote = cast.remote;
    this.machine = cast.machine;
    this.members = cast.members;
  }

  /** Opens a fleet of machines `vps-01`, `vps-02`, … with these terms, each on v1.0.0 and polling as often as is allowed. */
  static async open(t: TestContext, terms: readonly MemberTerms[]): Promise<Fleet> {
    const remote = await Remote.open();
    t.after(() => remote.close());
    const machine = await Machine.open();
    t.after(() => machine.close());
    const members = terms.map((each, index) => {
      const name = `vps-${String(index + 1).padStart(2, '0')}`;
      return { ...each, name, root: machine.path(name) };
    });
    const fleet = new Fleet({ remote, machine, members });
    await fleet.release('v1.0.0');
    for (const { root } of members) await fleet.#clone(root);
    await fleet.#startApps();
    // A few at once: each is a command line.
    const waiting = [...members];
    await Promise.all(Array.from({ length: 4 }, () => fleet.#joinAll(waiting)));
    return fleet;
  }

  release(tag: string): Promise<string> {
    return this.remote.release(tag, { ...APP, [FILE]: tag });
  }

  /** Publishes a policy; each is newer than the one before. */
  async publish(policy: Readonly<Record<string, unknown>>): Promise<string> {
    const files: Files = { 'fleet.json': JSON.stringify(policy, null, 2) };
    return this.remote.commit(files, `policy ${String(policy['version'])}`, { branch: 'fleet' });
  }

  /** Lets all the agents go; whatever they tell in vain comes with the end of the test. */
  start(): void {
    const roots = this.members.map(({ root }) => root);
    void this.machine.exec(process.execPath, [PROGRAM, ...roots], { timeoutMs: 600_000 });
  }

  /** What lies in each root, by the machine's name. */
  async versions(): Promise<Map<string, string>> {
    const read = this.members.map(async ({ name, root }) => {
      // In the midst of a switch it may be missing.
      const text = await readFile(join(root, FILE), 'utf8').catch(() => '');
      return [name, text] as const;
    });
    return new Map(await Promise.all(read));
  }

  /** The names of the machines that have a version on disk. */
  async having(version: string): Promise<string[]> {
    return [...(await this.versions())].filter(([, found]) => found === version).map(([name]) => name);
  }

  /** Whether every machine follows the policy of a commit. */
  async follow(commit: string): Promise<boolean> {
    const records = this.members.map(({ root }) => readFile(layoutOf(root).policy, 'utf8').catch(() => ''));
    return (await Promise.all(records)).every((record) => record.includes(`"commit":"${commit}"`));
  }

  /** Whether no worker is at work. */
  async isAtRest(): Promise<boolean> {
    const holders = this.members.map(({ root }) => holderOf(layoutOf(root).upgradeLock));
    return (await Promise.all(holders)).every((holder) => holder === null);
  }

  async #joinAll(waiting: (Member & MemberTerms)[]): Promise<void> {
    for (let member = waiting.shift(); member !== undefined; member = waiting.shift())
      await this.#join(member);
  }

  async #clone(root: string): Promise<void> {
    const { machine, remote } = this;
    await machine.must('git', ['clone', '--quiet', remote.url, root], { cwd: machine.home });
    await machine.must('git', ['checkout', '--quiet', '--detach', 'v1.0.0'], { cwd: root });
  }

  async #startApps(): Promise<void> {
    const path = join(this.machine.home, 'all.config.json');
    const apps = this.members.map(({ name, root }) => ({ name, cwd: root, script: 'app.js' }));
    await writeFile(path, JSON.stringify({ apps }));
    await this.machine.pm2(['start', path], { cwd: this.machine.home });
  }

  async #join({ name, root, labels = {}, place }: Member & MemberTerms): Promise<void> {
    const { machine } = this;
    await machine.must(process.execPath, [CLI, 'init', '--yes'], { cwd: root });
    await writeRecord(layoutOf(root).machine, { id: idAt(place), createdAt: Date.now() });
    await machine.configure({ name, labels, apps: [name], poll: '10s', policy: { ref: 'fleet' } }, { root });
  }
}

const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** An id whose draw for the tag is the place, as nearly as a hundredth. */
function idAt({ tag, at }: Place): string {
  for (let lot = 0; ; lot += 1) {
    const id = `machine-${lot}`;
    if (Math.abs(placeOf(id, tag) - at) < 0.01) return id;
  }
}
