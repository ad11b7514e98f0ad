import * as v from 'valibot';
import { GitOpsError } from '../../domain/errors.js';
import type { CheckList, CheckLists, CheckState, ForgeCheck } from '../../domain/forge.js';
import { plainLine } from '../../domain/plain.js';
import type { Commit } from '../../domain/release.js';
import { hostOf, terms, told, type Line, type Told } from './line.js';

const PER_PAGE = 100;
const MOST_PAGES = 5;
const MOST_NAME_CHARS = 100;

const runsPage = v.object({
  total_count: v.number(),
  check_runs: v.array(v.object({ name: v.string(), status: v.string(), conclusion: v.nullable(v.string()) })),
});
const statusPage = v.object({
  total_count: v.number(),
  statuses: v.array(v.object({ context: v.string(), state: v.string() })),
});

/**
 * The newest of each check run, and of each status, of a commit; what is as it was, by its ETag, costs nothing of the rate limit.
 * Throws `SOURCE_UNREACHABLE`, `SOURCE_REFUSED`, `ABORTED`.
 */
export async function readChecks(line: Line, commit: Commit, before: CheckLists | null): Promise<CheckLists> {
  const [runs, statuses] = await Promise.all([
    readList(line, { commit, before: before?.runs ?? null, ask: askForRuns }),
    readList(line, { commit, before: before?.statuses ?? null, ask: askForStatuses }),
  ]);
  return { runs, statuses };
}

interface Page {
  readonly total: number;
  readonly checks: readonly ForgeCheck[];
}

interface Question {
  readonly commit: Commit;
  readonly page: number;
  readonly etag: string | null;
}

interface Reading {
  readonly commit: Commit;
  readonly before: CheckList | null;
  readonly ask: (line: Line, question: Question) => Promise<Told<Page>>;
}

async function readList(line: Line, { commit, before, ask }: Reading): Promise<CheckList> {
  const first = await ask(line, { commit, page: 1, etag: before?.etag ?? null });
  if (first.at === 'same') return before ?? { etag: null, checks: [] };
  const checks = [...first.value.checks];
  const { total } = first.value;
  for (let page = 2; checks.length < total; page += 1) {
    if (page > MOST_PAGES) throw tooMany(line, commit);
    const more = await ask(line, { commit, page, etag: null });
    if (more.at === 'same' || more.value.checks.length === 0) break;
    checks.push(...more.value.checks);
  }
  // An ETag is one page's: that the first is as it was says nothing about the others.
  return { etag: total > PER_PAGE ? null : first.etag, checks };
}

function askForRuns(line: Line, { commit, page, etag }: Question): Promise<Told<Page>> {
  return told(
    line,
    (octokit) =>
      octokit.request('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
        ...{ ...terms(line, etag), ref: commit, filter: 'latest', per_page: PER_PAGE, page },
      }),
    (body) => {
      if (!v.is(runsPage, body)) return null;
      const checks = body.check_runs.map((run) => checkOf(run.name, stateOfRun(run)));
      return { total: body.total_count, checks };
    },
  );
}

function askForStatuses(line: Line, { commit, page, etag }: Question): Promise<Told<Page>> {
  return told(
    line,
    (octokit) =>
      octokit.request('GET /repos/{owner}/{repo}/commits/{ref}/status', {
        ...{ ...terms(line, etag), ref: commit, per_page: PER_PAGE, page },
      }),
    (body) => {
      if (!v.is(statusPage, body)) return null;
      const checks = body.statuses.map(({ context, state }) => checkOf(context, stateOfStatus(state)));
      return { total: body.total_count, checks };
    },
  );
}

function checkOf(name: string, state: CheckState): ForgeCheck {
  return { name: plainLine(name).slice(0, MOST_NAME_CHARS), state };
}

/** https://docs.github.com/en/rest/checks/runs: a conclusion comes with `completed`. What we do not know is no success. */
function stateOfRun({ status, conclusion }: { status: string; conclusion: string | null }): CheckState {
  if (status !== 'completed') return 'pending';
  return ['success', 'neutral', 'skipped'].includes(conclusion ?? '') ? 'green' : 'failed';
}

function stateOfStatus(state: string): CheckState {
  if (state === 'success') return 'green';
  return state === 'pending' ? 'pending' : 'failed';
}

function tooMany(line: Line, commit: Commit): GitOpsError {
  const most = PER_PAGE * MOST_PAGES;
  return new GitOpsError(
    'SOURCE_REFUSED',
    `${hostOf(line.place)} has more than ${most} checks of ${commit}`,
    {
      hint: 'name those that count under github.checks, and let fewer run for each commit',
    },
  );
}
