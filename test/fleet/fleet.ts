import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { layoutOf } from '../../src/state/layout.js';
import { holderOf } from '../../src/state/lock.js';
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
    const members = terms.map((_, index) => {
      const name = `vps-${String(index + 1).padStart(2, '0')}`;
      return { name, root: machine.path(name) };
    });
    const fleet = new Fleet({ remote, machine, members });
    await fleet.release('v1.0.0');
    await machine.pm2(['ping']); // several that start a daemon at once wait for each other for ever
    // A few at once: each is a clone and a command line.
    const waiting = members.map((member, index) => ({ ...member, ...terms[index] }));
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

  async #join({ name, root, labels = {} }: Member & MemberTerms): Promise<void> {
    const { machine, remote } = this;
    await machine.must('git', ['clone', '--quiet', remote.url, root], { cwd: machine.home });
    await machine.must('git', ['checkout', '--quiet', '--detach', 'v1.0.0'], { cwd: root });
    await machine.pm2(['start', 'app.js', '--name', name], { cwd: root });
    await machine.must(process.execPath, [CLI, 'init', '--yes'], { cwd: root });
    await machine.configure({ name, labels, apps: [name], poll: '10s', policy: { ref: 'fleet' } }, { root });
  }
}

const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
