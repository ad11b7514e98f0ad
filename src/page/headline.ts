import { describeRelease, type Instant, type Release } from '../domain/release.js';
import type { Status } from '../domain/status.js';
import type { Closed, Reason } from '../domain/verdict.js';

/** How a machine fares, in one glance. */
export interface Headline {
  /** `good`: nothing to do; `busy`: a worker is at it; `waiting`: it goes on by itself or by somebody's word; `bad`: somebody should look. */
  readonly tone: Tone;
  readonly title: string;
  /** Why, in a sentence; empty where the title says it all. */
  readonly detail: string;
  /** When that ends, or null. */
  readonly until: Instant | null;
}

export type Tone = 'good' | 'busy' | 'waiting' | 'bad';

const TITLES: Readonly<Record<Reason, string>> = {
  pinned: 'pinned',
  held: 'held',
  frozen: 'changes are frozen',
  window: 'waits for its window',
  soak: 'the release has to be out for longer',
  wave: 'other machines have their turn first',
  major: 'a new major version waits for approval',
  approval: 'waits for approval',
  quarantined: 'the release failed here',
  unverified: 'the release is not signed as asked',
  engine: 'the release wants another Node.js',
  dirty: 'local edits stand in the way',
  offline: 'the source cannot be reached',
  backoff: 'waits after a failure',
  busy: 'a worker is at work',
  stuck: 'an operator is needed',
};
const BAD: readonly Reason[] = ['quarantined', 'stuck', 'unverified', 'engine', 'dirty'];

/** What the page says of a root before all else. */
export function headlineOf(status: Status): Headline {
  const { why, worker, behind, phase } = status;
  if (phase === 'stuck')
    return told('bad', 'Stuck: an operator is needed', why ?? 'see the newest run, mend it, then retry');
  if (worker !== null && phase !== 'idle' && phase !== 'staged') return atWork(status);
  if (why !== null) {
    const where = behind ? 'Behind' : 'Up to date, but';
    const tone = BAD.includes(why.reason) ? 'bad' : why.reason === 'busy' ? 'busy' : 'waiting';
    return told(tone, `${where}${behind ? ':' : ''} ${TITLES[why.reason]}`, why);
  }
  return withoutReason(status);
}

function withoutReason({ behind, desired, phase, active, lastPoll }: Status): Headline {
  if (phase !== 'idle' && phase !== 'staged')
    return told(
      'waiting',
      `Cut off while ${phaseWord(phase)}`,
      'its worker is gone; the next poll takes it up',
    );
  if (desired === null)
    return active === null
      ? told(
          'waiting',
          'Nothing serves yet',
          lastPoll === null ? 'nobody has looked yet' : 'no release fits the channel',
        )
      : told('waiting', 'No release fits the channel', `${describeRelease(active)} goes on serving`);
  return behind
    ? told('waiting', `Behind: the next poll brings ${desired.tag}`, '')
    : told('good', 'Up to date', '');
}

function atWork({ phase, desired, staged, why }: Status): Headline {
  const release: Release | null = staged ?? desired;
  return {
    tone: phase === 'rollingBack' ? 'bad' : 'busy',
    title: `${capital(phaseWord(phase))}${release === null || phase === 'rollingBack' ? '' : ` ${release.tag}`}`,
    ...{ detail: why?.detail ?? '', until: null },
  };
}

function told(tone: Tone, title: string, why: Closed | string): Headline {
  if (typeof why === 'string') return { tone, title, detail: why, until: null };
  return { tone, title, detail: why.detail, until: why.until };
}

/** A phase as people read it. */
export function phaseWord(phase: string): string {
  return phase === 'rollingBack' ? 'rolling back' : phase;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
