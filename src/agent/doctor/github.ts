import type { GithubConfig } from '../../config/github.js';
import { ok, problem, skipped, warning, type Check } from '../../domain/check.js';
import { judgeToken } from '../../domain/doctor/token.js';
import { isGitOpsError } from '../../domain/errors.js';
import type { Facts } from '../../domain/facts.js';
import { judgeChecks } from '../../domain/forge.js';
import { sayMoment } from '../../domain/moment.js';
import { describeRelease } from '../../domain/release.js';
import { readChecks } from '../../source/github/checks.js';
import { hostOf, type Line } from '../../source/github/line.js';
import { readToken } from '../../source/github/token.js';
import { readQuota } from '../../source/github/quota.js';
import { readLatest } from '../../source/github/releases.js';
import { readDeployment } from '../../state/forge-store.js';
import { forgeName } from '../forge.js';
import { openGithub } from '../open-github.js';
import { zoneOf, type Root } from '../root.js';
import { RunReport } from '../workplace.js';
import { releaseToCome, type Visit } from './visit.js';

const LIMIT_MS = 20_000;
const FEW = 0.1;

/** Whether GitHub lets this machine in, for what it asks there; nothing where it asks nothing. */
export async function checkGithub({
  root,
  signal,
  facts: gather,
}: Pick<Visit, 'root' | 'signal' | 'facts'>): Promise<Check[]> {
  const { github } = root.config;
  if (github === null) return [skipped('source.github', 'it is not asked beside git')];
  const report = new RunReport(root);
  try {
    const { line } = await openGithub({ root, signal, report }, github, LIMIT_MS);
    const facts = await gather();
    const parts = [
      checkQuota(root, line),
      checkToken(root, { github, line }),
      checkChecks(github, line, facts),
      checkLatest(root, line),
      checkDeployment(root, github),
    ];
    return (await Promise.all(parts)).flat();
  } catch (error) {
    if (!isGitOpsError(error)) throw error;
    return [
      problem(
        'source.github',
        report.clean(error.message),
        report.clean(error.hint ?? 'see github in gitops.json'),
      ),
    ];
  }
}

async function checkQuota(root: Root, line: Line): Promise<Check> {
  const { limit, left, resetsAt } = await readQuota(line);
  const when = sayMoment(resetsAt, root.host.clock.now(), zoneOf(root));
  const detail = `${hostOf(line.place)} answers; ${left} of ${limit} questions left, all again ${when}`;
  if (line.place.key.kind === 'none')
    return warning(
      'source.github',
      `${detail}; without a token that is for all machines behind this address`,
      'name a token: github.token in gitops.json',
    );
  return left < limit * FEW
    ? warning('source.github', detail, 'give this machine a token of its own: github.token in gitops.json')
    : ok('source.github', detail);
}

async function checkToken(
  { host }: Root,
  { github, line }: { github: GithubConfig; line: Line },
): Promise<Check[]> {
  const { kind } = line.place.key;
  const use = { kind, deploys: github.deployments !== null, now: host.clock.now() };
  return judgeToken(await readToken(line), use);
}

async function checkChecks({ checks: wanted }: GithubConfig, line: Line, facts: Facts): Promise<Check[]> {
  // What is to come tells more than what serves, which is there in any case.
  const release = releaseToCome(facts) ?? facts.upgrade.active?.release ?? null;
  if (wanted === 'none' || release === null) return [];
  const { runs, statuses } = await readChecks(line, release.commit, null);
  const verdict = judgeChecks(wanted, [...runs.checks, ...statuses.checks]);
  const names = 'names' in verdict ? `: ${verdict.names.join(', ')}` : '';
  const detail = `${describeRelease(release)}: ${verdict.state}${names}`;
  return [
    verdict.state === 'green'
      ? ok('source.github-checks', detail)
      : warning(
          'source.github-checks',
          detail,
          'a release waits until they are green: see github.checks in gitops.json',
        ),
  ];
}

async function checkLatest({ config }: Root, line: Line): Promise<Check[]> {
  if (config.channel.kind !== 'latest') return [];
  const told = await readLatest(line, null);
  return told.at === 'new' && told.value !== null
    ? [ok('source.github-latest', told.value.tag)]
    : [warning('source.github-latest', 'GitHub calls no release the latest', 'publish a release there')];
}

/** A right to write can only be tried: what came of it last is told. */
async function checkDeployment({ layout }: Root, github: GithubConfig): Promise<Check[]> {
  if (github.deployments === null) return [];
  const last = await readDeployment(layout, forgeName(github));
  return [
    last === null
      ? warning(
          'source.github-deployments',
          'none was told yet',
          'see the log of the next run: pm2-gitops logs',
        )
      : ok('source.github-deployments', `the last was told: ${last.state}`),
  ];
}
