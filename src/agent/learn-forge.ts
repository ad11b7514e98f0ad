import type { GithubConfig } from '../config/github.js';
import { isGitOpsError, type GitOpsError } from '../domain/errors.js';
import {
  checksOf,
  forgeWaitMs,
  sightOf,
  type Forge,
  type ForgeRecord,
  type ForgeTrouble,
} from '../domain/forge.js';
import type { Lack } from '../domain/lack.js';
import { sha7, type Commit } from '../domain/release.js';
import { writeForge } from '../state/forge-store.js';
import { forgeName } from './forge.js';
import { openGithub } from './open-github.js';
import type { Workplace } from './workplace.js';

// One question takes a quarter of it at most; what is not told by then is asked another time.
const LESSON_MS = 60_000;
// What is known of more commits is of old ones.
const MOST_COMMITS = 50;

type Known = Extract<Forge, { at: 'on' }>;

/** Asks the forge what a decision lacks, and writes down what it says, or until when it is left alone. Throws what the disk does. */
export async function learnForge(place: Workplace, { unchecked, latest }: Lack, forge: Forge): Promise<void> {
  const { github } = place.root.config;
  if (github === null || forge.at === 'off') return;
  const commits = unchecked.map(({ commit }) => commit);
  const record = await askForge(place, github, { forge, commits, latest });
  await writeForge(place.root.layout, forgeName(github), record);
}

interface Lesson {
  readonly forge: Known;
  readonly commits: readonly Commit[];
  readonly latest: boolean;
}

/** What was told before a question failed counts. */
async function askForge(place: Workplace, github: GithubConfig, lesson: Lesson): Promise<ForgeRecord> {
  const { clock } = place.root.host;
  let record: ForgeRecord = lesson.forge.record;
  try {
    const line = await openGithub(place, github, LESSON_MS);
    if (lesson.latest) record = { ...record, latest: await line.latest(record.latest, clock.now()) };
    for (const commit of lesson.commits) {
      const sight = await line.checks(commit, sightOf(record, commit), clock.now());
      record = { ...record, checks: newest({ ...record.checks, [commit]: sight }) };
      const found = checksOf({ ...lesson.forge, record }, commit);
      place.report.step(`the checks of ${sha7(commit)}: ${found?.state ?? 'none'}`);
    }
    return { ...record, trouble: null };
  } catch (error) {
    if (place.signal.aborted || !isGitOpsError(error)) throw error;
    place.report.step(error.message);
    const trouble = troubleAfter(record.trouble, error, clock.now());
    // A server that tells us our own token must not bring it into a record that others read.
    return { ...record, trouble: { ...trouble, problem: place.report.clean(trouble.problem) } };
  }
}

function troubleAfter(before: ForgeTrouble | null, error: GitOpsError, at: number): ForgeTrouble {
  const { message, hint, retryAfterMs } = error;
  const times = (before?.times ?? 0) + 1;
  const waitMs = Math.max(forgeWaitMs(times), retryAfterMs ?? 0);
  const problem = hint === null ? message : `${message}; ${hint}`;
  return { at, times, until: at + waitMs, limited: retryAfterMs !== null, problem };
}

function newest(checks: ForgeRecord['checks']): ForgeRecord['checks'] {
  const sorted = Object.entries(checks).sort(([, a], [, b]) => b.at - a.at);
  return Object.fromEntries(sorted.slice(0, MOST_COMMITS));
}
