import { isGitOpsError } from '../domain/errors.js';
import { plainLine } from '../domain/plain.js';
import type { Report } from '../domain/report.js';
import { cleanLine, openLog } from '../observe/log.js';
import { openAccess, type Access } from '../source/credentials.js';
import { openChildLedger, type WorkerLedger } from '../state/children.js';
import { runFolder, runLog } from '../state/runs.js';
import { makePrivateFolder } from '../os/files.js';
import { RUN_MARK } from '../os/run.js';
import type { Env } from '../os/env.js';
import type { Commit } from '../domain/release.js';
import type { Brought } from './brought.js';
import type { WorkOrder } from './launch.js';
import type { Root } from './root.js';

/** What a worker works with. */
export interface Workplace {
  readonly root: Root;
  readonly order: WorkOrder;
  readonly signal: AbortSignal;
  readonly children: WorkerLedger;
  readonly report: RunReport;
  /** What this visit has read of releases, by commit. */
  readonly brought: Map<Commit, Brought>;
}

/** Sets a worker up. */
export function openWorkplace(root: Root, order: WorkOrder, signal: AbortSignal): Workplace {
  return {
    root,
    order,
    signal,
    children: openChildLedger(root.layout.children, root.layout.reserve),
    report: new RunReport(root),
    brought: new Map(),
  };
}

/** Lets git into the source. Asked only where something is to be fetched: a way back must not need a token. */
export async function accessOf({ root, report }: Workplace): Promise<Access> {
  const access = await openAccess(root.config, root.host);
  report.hide(access.secrets);
  return access;
}

/** What the steps of an upgrade work under: who cancels, how long each command may take, where they tell what they do. */
export function effortOf({ root, signal, children, report }: Workplace, limitMs: number) {
  return { signal, limitMs, report, children, env: root.host.env, clock: root.host.clock };
}

/** The environment of hooks and builds: the clean one, and what the contract adds. */
export function hookEnv({ root, report }: Workplace, { tree, tag, commit, previousTag }: HookFacts): Env {
  return {
    ...{
      CI: 'true',
      GITOPS_ROOT: root.layout.root,
      GITOPS_RELEASE_DIR: tree,
      GITOPS_TAG: tag,
      GITOPS_COMMIT: commit,
    },
    ...{ GITOPS_PREVIOUS_TAG: previousTag ?? '', [RUN_MARK]: report.run ?? '' },
  };
}

interface HookFacts {
  readonly tree: string;
  readonly tag: string;
  readonly commit: string;
  readonly previousTag: string | null;
}

/** Tells into the log of the run that is under way; before there is one, what is told waits. */
export class RunReport implements Report {
  readonly #root: Root;
  readonly #secrets: string[] = [];
  #log: Report | null = null;
  #run: string | null = null;
  #waiting: string[] = [];

  constructor(root: Root) {
    this.#root = root;
  }

  /** Keeps these out of every line to come. */
  hide(secrets: readonly string[]): void {
    this.#secrets.push(...secrets);
  }

  /** The run under way. */
  get run(): string | null {
    return this.#run;
  }

  /** Any text as it may be shown and kept. */
  clean(text: string): string {
    return text
      .split('\n')
      .map((line) => cleanLine(line, this.#secrets))
      .join('\n');
  }

  /** From here on, lines belong to this run. */
  async begin(run: string): Promise<void> {
    if (this.#run === run) return;
    const { layout, host } = this.#root;
    this.#run = run;
    await makePrivateFolder(runFolder(layout, run)).catch(unlessDisk);
    this.#log = openLog(runLog(layout, run), { clock: host.clock, secrets: this.#secrets });
    for (const text of this.#waiting.splice(0)) this.#log.step(text);
  }

  step(text: string): void {
    if (this.#log === null) this.#waiting.push(plainLine(text));
    else text.split('\n').forEach((line) => this.#log?.step(line));
  }

  output(line: string): void {
    this.#log?.output(line);
  }
}

/** A run without a log is a run all the same. */
function unlessDisk(error: unknown): void {
  if (!isGitOpsError(error, 'DISK_FULL', 'DISK_READONLY')) throw error;
}
