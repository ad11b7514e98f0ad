import { plainLine } from '../domain/plain.js';
import type { Report } from '../domain/report.js';
import { openLog } from '../observe/log.js';
import { openAccess, type Access } from '../source/credentials.js';
import { openChildLedger } from '../state/children.js';
import { runFolder, runLog } from '../state/runs.js';
import { makePrivateFolder } from '../os/files.js';
import type { ChildLedger } from '../os/run.js';
import type { Env } from '../os/env.js';
import type { WorkOrder } from './launch.js';
import type { Root } from './root.js';

/** What a worker works with. */
export interface Workplace {
  readonly root: Root;
  readonly order: WorkOrder;
  readonly signal: AbortSignal;
  readonly access: Access;
  readonly children: ChildLedger;
  readonly report: RunReport;
}

/** Sets a worker up. */
export async function openWorkplace(root: Root, order: WorkOrder, signal: AbortSignal): Promise<Workplace> {
  const { config, host, layout } = root;
  const access = await openAccess(config.repository, config.credentials, host.env);
  return {
    root,
    order,
    signal,
    access,
    children: openChildLedger(layout.children),
    report: new RunReport(root, access.secrets),
  };
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
    ...{ GITOPS_PREVIOUS_TAG: previousTag ?? '', GITOPS_RUN_ID: report.run ?? '' },
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
  readonly #secrets: readonly string[];
  #log: Report | null = null;
  #run: string | null = null;
  #waiting: string[] = [];

  constructor(root: Root, secrets: readonly string[]) {
    this.#root = root;
    this.#secrets = secrets;
  }

  /** The run under way. */
  get run(): string | null {
    return this.#run;
  }

  /** From here on, lines belong to this run. */
  async begin(run: string): Promise<void> {
    if (this.#run === run) return;
    const { layout, host } = this.#root;
    await makePrivateFolder(runFolder(layout, run));
    this.#run = run;
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
