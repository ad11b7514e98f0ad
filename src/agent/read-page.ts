import { isGitOpsError } from '../domain/errors.js';
import type { Facts } from '../domain/facts.js';
import { gateReports } from '../domain/gate-reports.js';
import { nextSpell } from '../domain/opening.js';
import type { Instant } from '../domain/release.js';
import type { Rules } from '../domain/rules.js';
import type { Run } from '../domain/run.js';
import { machineZone, systemClock } from '../os/clock.js';
import type { LogView, PageView, RootFacts, RootView, RunView } from '../page/view.js';
import { openRoot } from './compose.js';
import { gatherFacts } from './facts.js';
import { readLog, readRuns } from './records.js';
import { zoneOf, type Root } from './root.js';
import { policyShown } from './show-policy.js';
import { readStatus } from './status.js';
import { turnsOf } from './turns.js';

/** Which logs are part of a page, and where the others are. */
export interface LogTerms {
  /** Of how many of the newest runs. */
  readonly runs: number;
  /** Where a run's log is served, by the place of its root in the list and its id; null: nowhere. */
  readonly addressOf: (root: number, run: string) => string | null;
}

const RUNS = 20;
const LOG_LINES = 300;

/** Reads all that a page of these roots shows. A root that cannot be read is told as such. */
export async function readPage(
  folders: readonly string[],
  terms: LogTerms,
  signal: AbortSignal,
): Promise<PageView> {
  const found = await Promise.all(
    folders.map((folder, index) => readView(folder, { terms, index, signal }).catch(unreadable(folder))),
  );
  const zone = found.find((each) => each.zone !== null)?.zone ?? machineZone();
  return { roots: found.map(({ view }) => view), now: systemClock().now(), zone };
}

interface Reading {
  readonly terms: LogTerms;
  readonly index: number;
  readonly signal: AbortSignal;
}

interface Found {
  readonly view: RootView;
  readonly zone: string | null;
}

async function readView(folder: string, { terms, index, signal }: Reading): Promise<Found> {
  const root = await openRoot(folder);
  const facts = await gatherFacts(root);
  const { origins, rules } = policyShown(facts);
  const runs = await readRuns(root, RUNS);
  const seen: RootFacts = {
    status: await readStatus(root, signal),
    ...{ gates: gateReports(facts), rules: origins, opening: openingOf(rules, facts.now) },
    missed: await missedTurn(root, facts),
    runs: await Promise.all(
      runs.map(async (run, nth): Promise<RunView> => {
        const log = nth < terms.runs ? await readEnd(root, run) : null;
        return { ...run, log, logAddress: terms.addressOf(index, run.id) };
      }),
    ),
  };
  return { view: { read: true, ...seen }, zone: zoneOf(root) };
}

function unreadable(folder: string): (error: unknown) => Found {
  return (error) => {
    if (!isGitOpsError(error)) throw error;
    const { message: problem, hint } = error;
    return { view: { read: false, root: folder, problem, hint }, zone: null };
  };
}

function openingOf({ windows, freezes }: Rules, now: Instant): RootFacts['opening'] {
  const spell = nextSpell(windows, freezes, now);
  if (spell === null) return 'never';
  return spell.from <= now && spell.to === Infinity ? null : spell;
}

/** One turn may come late, or have no poller that is awake yet; of three in a row nobody was there. */
async function missedTurn(root: Root, { observed, now }: Facts): Promise<Instant | null> {
  if (observed?.outage !== null) return null;
  const turns = await turnsOf(root);
  const first = turns.following(observed.at);
  return turns.following(turns.following(first)) < now ? first : null;
}

async function readEnd(root: Root, { id }: Run): Promise<LogView> {
  const all = await readLog(root, id);
  const lines = all.slice(-LOG_LINES).map((line) => ({ ...line, at: Date.parse(line.at) }));
  return { lines, omitted: all.length - lines.length };
}
