import * as v from 'valibot';
import type { ForgeDeployment } from '../../domain/forge.js';
import { terms, told, type Line } from './line.js';

/** How a deployment stands, and why. */
export interface DeploymentState {
  readonly state: 'in_progress' | 'success' | 'failure';
  readonly description: string;
  readonly environment: string;
  /** The environment is this machine's own: what ran in it before no longer does. */
  readonly alone: boolean;
}

const created = v.object({ id: v.number() });
// https://docs.github.com/en/rest/deployments/statuses: no more is taken.
const MOST_CHARS = 140;

/** Tells that a commit is being deployed; gives back the id. Nothing is merged, and no check is asked for by it: whether it may be was decided here. */
export async function createDeployment(
  line: Line,
  { commit, environment, description }: ForgeDeployment,
): Promise<number> {
  const answer = await told(
    line,
    (octokit) =>
      octokit.request('POST /repos/{owner}/{repo}/deployments', {
        ...{ ...terms(line), ref: commit, auto_merge: false, required_contexts: [] },
        ...{ environment, description: short(description), transient_environment: false },
      }),
    (body) => (v.is(created, body) ? body.id : null),
  );
  return answer.at === 'new' ? answer.value : 0;
}

/** Tells how a deployment stands. */
export async function tellDeployment(
  line: Line,
  id: number,
  { state, description, environment, alone }: DeploymentState,
): Promise<void> {
  await told(
    line,
    (octokit) =>
      octokit.request('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
        ...{ ...terms(line), deployment_id: id, state, environment, auto_inactive: alone },
        description: short(description),
      }),
    (body) => (v.is(created, body) ? body.id : null),
  );
}

function short(text: string): string {
  return text.length <= MOST_CHARS ? text : `${text.slice(0, MOST_CHARS - 1)}…`;
}
