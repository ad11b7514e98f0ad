import type { GithubConfig } from '../config/github.js';
import { isGitOpsError } from '../domain/errors.js';
import { quietUntil } from '../domain/forge.js';
import { describeRelease } from '../domain/release.js';
import type { Run } from '../domain/run.js';
import { createDeployment, tellDeployment } from '../source/github/deployments.js';
import { readDeployment, writeDeployment, type ToldDeployment } from '../state/forge-store.js';
import { listRuns } from '../state/runs.js';
import { forgeName, forgeState } from './forge.js';
import { openGithub } from './open-github.js';
import type { Workplace } from './workplace.js';

// Before a release is staged, while the former one serves; and after all is done, when nobody waits for it.
const BEGIN_LIMIT_MS = 5_000;
const END_LIMIT_MS = 20_000;
const RUNS_LOOKED_AT = 10;

type State = ToldDeployment['state'];

/** Tells the forge that a run begins, if one does that is about another release. Whether it hears that changes nothing. */
export async function tellBegin(place: Workplace, run: Run | null): Promise<void> {
  if (run === null || !isDeploying(run)) return;
  await telling(place, BEGIN_LIMIT_MS, (teller) => teller.tell(run, 'in_progress'));
}

/** Tells the forge how the newest run has ended, if it has not been told yet, by this worker or by one before it. Whether it hears that changes nothing. */
export async function tellEnd(place: Workplace): Promise<void> {
  await telling(place, END_LIMIT_MS, async (teller) => {
    const run = await newestDeploying(place);
    if (run?.outcome == null) return;
    const told = await teller.last();
    const isTold = told?.run === run.id && told.state !== 'in_progress';
    // What went wrong before anybody was told that it began is no news.
    if (isTold || (told === null && run.outcome !== 'activated')) return;
    await teller.tell(run, run.outcome === 'activated' ? 'success' : 'failure');
  });
}

interface Teller {
  last(): Promise<ToldDeployment | null>;
  tell(run: Run, state: State): Promise<void>;
}

async function telling(
  place: Workplace,
  limitMs: number,
  work: (teller: Teller) => Promise<void>,
): Promise<void> {
  const { github } = place.root.config;
  if (github?.deployments == null || (await isQuiet(place))) return;
  const source = forgeName(github);
  const last = (): Promise<ToldDeployment | null> => readDeployment(place.root.layout, source);
  try {
    await work({
      last,
      tell: async (run, state) => {
        const id = await tellGithub(place, github, { run, state, limitMs, last: await last() });
        const told = { id, commit: run.to.commit, run: run.id, state };
        await writeDeployment(place.root.layout, source, told);
      },
    });
  } catch (error) {
    if (!isGitOpsError(error)) throw error;
    place.report.step(`warning: GitHub does not show this deployment: ${error.message}`);
  }
}

async function isQuiet({ root, order }: Workplace): Promise<boolean> {
  const forge = await forgeState(root, order);
  return forge.at === 'on' && quietUntil(forge, root.host.clock.now()) !== null;
}

interface Telling {
  readonly run: Run;
  readonly state: State;
  readonly limitMs: number;
  readonly last: ToldDeployment | null;
}

/** A deployment that did not come to its end goes on: not each try of a release is one of its own. */
async function tellGithub(
  place: Workplace,
  github: GithubConfig,
  { run, state, limitMs, last }: Telling,
): Promise<number> {
  const { config, host } = place.root;
  const machine = config.name ?? host.hostName;
  const environment = github.deployments?.environment ?? machine;
  const { line } = await openGithub(place, github, limitMs);
  const description = `${run.to.tag} on ${machine}`;
  const goesOn = last?.commit === run.to.commit && last.state !== 'success';
  const id = goesOn
    ? last.id
    : await createDeployment(line, { commit: run.to.commit, environment, description });
  const alone = github.deployments?.environment === null;
  await tellDeployment(line, id, { state, environment, alone, description: wordsOf(place, run) });
  return id;
}

/** Whoever sees the repository may read it: the first line of the cause is enough. */
function wordsOf({ report }: Workplace, { to, outcome, problem }: Run): string {
  const release = describeRelease(to);
  if (outcome === null) return `${release} is being staged`;
  if (outcome === 'activated') return `${release} runs`;
  const what =
    outcome === 'rolledBack' ? 'was rolled back' : outcome === 'blocked' ? 'has to wait' : 'failed';
  const [cause = ''] = report.clean(problem ?? '').split('\n');
  return `${release} ${what}${cause === '' ? '' : `: ${cause}`}`;
}

/** The newest run that was about another release than the active one. */
async function newestDeploying({ root: { layout } }: Workplace): Promise<Run | null> {
  const runs = await listRuns(layout, RUNS_LOOKED_AT);
  return runs.find(isDeploying) ?? null;
}

/** A repair is about the active release itself. */
function isDeploying({ from, to }: Run): boolean {
  return from?.commit !== to.commit;
}
