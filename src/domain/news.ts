import type { Decision } from './decide.js';
import type { NoticeEvent } from './notice.js';
import { describeMoved, type MovedTag, type Observed } from './observed.js';
import type { Hold } from './orders.js';
import { newsOf } from './outage.js';
import { sameRelease, type Instant } from './release.js';
import type { Outcome, Run } from './run.js';
import {
  concernAbout,
  end,
  tell,
  TROUBLES,
  withConcern,
  without,
  type News,
  type Teller,
  type Told,
} from './told.js';
import type { Upgrade } from './upgrade.js';

/** A run that came to its end. */
export interface EndedRun extends Run {
  readonly endedAt: Instant;
  readonly outcome: Outcome;
}

/** What the records show of a machine, as far as somebody should hear of it. */
export interface Sight extends Teller {
  /** The runs that ended since what was told, oldest first. */
  readonly ended: readonly EndedRun[];
  readonly upgrade: Upgrade;
  readonly decision: Pick<Decision, 'desired' | 'behind' | 'why' | 'step'>;
  /** The last look at the source. */
  readonly look: Pick<Observed, 'outage' | 'error' | 'code'> | null;
  readonly moved: readonly MovedTag[];
  readonly hold: Hold | null;
}

/** The runs of a list (newest first) that ended since `last`, oldest first. Later runs sort after earlier ones. */
export function endedSince(last: Told['end'], runs: readonly Run[]): EndedRun[] {
  return runs
    .flatMap((run) => {
      const { endedAt, outcome } = run;
      return endedAt === null || outcome === null ? [] : [{ ...run, endedAt, outcome }];
    })
    .filter(({ id, endedAt }) => last === null || id > last.run || (id === last.run && endedAt !== last.at))
    .reverse();
}

/**
 * What is to be told: each change of a run's outcome, and each trouble that begins or is over, exactly once; the same failure again at most
 * daily. The records alone tell it: however much happens between two looks, and whoever looks, none is lost and none comes twice.
 */
export function noticesOf(told: Told, sight: Sight): News {
  const seen = sight.ended.reduce<News>((news, run) => tellRun(news, run, sight), { told, notices: [] });
  const steps = [remindOfStuck, tellRecovery, tellLine, tellHold, tellWait, tellTags];
  return steps.reduce((news, step) => step(news, sight), seen);
}

function tellRun(news: News, run: EndedRun, sight: Sight): News {
  const { id, from, to, outcome, reason, problem: cause, endedAt: since } = run;
  const after = { ...news, told: { ...news.told, end: { run: id, at: since } } };
  // Another release took its place: what becomes of that is told.
  if (outcome === 'blocked' && reason === null) return after;
  const event = eventOf(run);
  const about = event === 'repaired' || event === 'unrepaired' ? 'drift' : 'run';
  const mark = `${event} ${event === 'activated' ? id : `${to.commit} ${reason ?? ''}`}`;
  return tell(after, { about, mark, event, from, to, run: id, cause, since, again: true }, sight);
}

function eventOf({ cause, outcome, reason }: EndedRun): NoticeEvent {
  if (reason === 'stuck') return 'stuck';
  if (cause === 'drift') return outcome === 'activated' ? 'repaired' : 'unrepaired';
  return outcome === 'blocked' && reason === 'unverified' ? 'unverified' : outcome;
}

function remindOfStuck(news: News, sight: Sight): News {
  const known = concernAbout(news.told, 'run');
  const { phase, active } = sight.upgrade;
  if (known?.event !== 'stuck' || phase.at !== 'stuck') return news;
  const { about, mark, event } = known;
  const { release: to, run, cause } = phase;
  return tell(news, { about, mark, event, from: active?.release ?? null, to, run, cause }, sight);
}

/** A trouble may end without a run: the release is withdrawn, or somebody pins another one. */
function tellRecovery(news: News, sight: Sight): News {
  const known = concernAbout(news.told, 'run');
  const { upgrade, decision } = sight;
  const from = upgrade.active?.release ?? null;
  const isOver = !decision.behind && upgrade.phase.at === 'idle';
  if (known === null || !TROUBLES.includes(known.event) || !isOver) return news;
  const { about, release: to } = known;
  return end(news, { about, event: 'recovered', from, to, cause: null }, sight);
}

function tellLine(news: News, sight: Sight): News {
  const { look } = sight;
  if (look === null) return news;
  const known = concernAbout(news.told, 'line');
  const line = newsOf(known?.since ?? null, look);
  const matter = { about: 'line', to: null } as const;
  if (line?.what === 'online') return end(news, { ...matter, event: 'online', cause: null }, sight);
  const since = line?.since ?? known?.since;
  if (since === undefined) return news;
  return tell(news, { ...matter, mark: 'offline', event: 'offline', cause: look.error, since }, sight);
}

function tellHold(news: News, sight: Sight): News {
  const matter = { about: 'hold', to: null } as const;
  if (sight.hold === null) return end(news, { ...matter, event: 'resumed', cause: null }, sight);
  const { since, reason: cause } = sight.hold;
  return tell(news, { ...matter, mark: `held ${cause ?? ''}`, event: 'held', cause, since }, sight);
}

function tellWait(news: News, sight: Sight): News {
  const { desired, behind, why } = sight.decision;
  const known = concernAbout(news.told, 'wait');
  const event = waitOf(sight);
  // Whatever else closes meanwhile: what was told of this release is not told again.
  if (!behind || desired === null || (event === null && !sameRelease(known?.release ?? null, desired)))
    return known === null ? news : without(news, 'wait');
  if (event === null) return news;
  const mark = `${event} ${desired.commit}`;
  const { active, phase } = sight.upgrade;
  const from = active?.release ?? null;
  const run = phase.at === 'staged' ? phase.run : null;
  const cause = why?.detail ?? null;
  return tell(news, { about: 'wait', mark, event, from, to: desired, run, cause }, sight);
}

function waitOf({ upgrade: { phase }, decision: { desired, why, step } }: Sight): NoticeEvent | null {
  // Checks are waited for under the same name, but they are asked for again by themselves.
  const isForPeople = step === 'wait' && why?.until === null;
  if (isForPeople && (why.reason === 'approval' || why.reason === 'major')) return 'approval';
  const isStaged = phase.at === 'staged' && sameRelease(phase.release, desired);
  return isStaged && (why?.reason === 'window' || why?.reason === 'frozen') ? 'staged' : null;
}

const MOST_TAGS = 100;
const TAG = 'tag ';

/** One notice for all tags that moved since: of ten thousand it takes one to see that something is wrong. */
function tellTags(news: News, sight: Sight): News {
  const moved = sight.moved.slice(0, MOST_TAGS);
  const standing = new Set(moved.map(({ tag }) => TAG + tag));
  const gone = news.told.concerns.filter(({ about }) => about.startsWith(TAG) && !standing.has(about));
  const kept = gone.reduce((left, { about }) => without(left, about), news);
  const fresh = moved.filter(({ tag, now }) => concernAbout(kept.told, TAG + tag)?.mark !== now);
  const [first, ...others] = fresh;
  if (first === undefined) return kept;
  const also = others.length === 0 ? '' : `; and so did ${others.length} more`;
  const about = TAG + first.tag;
  const cause = describeMoved(first) + also;
  const spoken = tell(kept, { about, mark: first.now, event: 'tampered', to: null, cause }, sight);
  return others.reduce((left, other) => withTag(left, other, sight.now), spoken);
}

function withTag(news: News, { tag, now: mark }: MovedTag, at: Instant): News {
  const times = { since: at, toldAt: at, times: 1 };
  return withConcern(news, { about: TAG + tag, mark, event: 'tampered', release: null, ...times });
}
