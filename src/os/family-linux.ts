import { livingProcesses, textOf, type LivingProcess } from './proc-linux.js';

/**
 * What belongs to a program that `run` or `query` started, as Linux tells it: its group and its session, what descends from it, and, where
 * it was given a mark (`NAME=value` in its environment), what bears that. Who has been seen once is remembered: it may lose its parent
 * while the others are being ended. A pm2 daemon and what runs below it are nobody's family, whoever happened to start them.
 */
export class Family {
  readonly #leader: number;
  readonly #mark: string | null;
  readonly #known = new Map<number, string>();

  constructor(leader: number, mark: string | null) {
    this.#leader = leader;
    this.#mark = mark;
  }

  /** The members that live now. */
  living(): number[] {
    const all = livingProcesses();
    const before = (pid: number): boolean => all.get(pid)?.startedAt === this.#known.get(pid);
    let grows = true;
    while (grows) {
      const found = [...all.values()].filter((each) => !before(each.pid) && this.#isMember(each, all));
      for (const { pid, startedAt } of found) this.#known.set(pid, startedAt);
      grows = found.length > 0;
    }
    return [...this.#known.keys()].filter((pid) => all.has(pid) && before(pid));
  }

  #isMember(
    { pid, parent, group, session }: LivingProcess,
    all: ReadonlyMap<number, LivingProcess>,
  ): boolean {
    if (pid === process.pid) return false;
    const descends = this.#known.has(parent) && all.get(parent)?.startedAt === this.#known.get(parent);
    const belongs = descends || [pid, group, session].includes(this.#leader) || this.#isMarked(pid);
    return belongs && !isOfPm2(pid);
  }

  #isMarked(pid: number): boolean {
    return this.#mark !== null && `\0${textOf(pid, 'environ')}`.includes(`\0${this.#mark}\0`);
  }
}

/** A daemon of pm2, by the name that it gives itself, or an app of one, by what pm2 puts into its environment. */
function isOfPm2(pid: number): boolean {
  if (/^PM2 v\d|[/\\]pm2[/\\]lib[/\\]Daemon\.js/.test(textOf(pid, 'cmdline'))) return true;
  return /(?:^|\0)pm_exec_path=/.test(textOf(pid, 'environ'));
}
