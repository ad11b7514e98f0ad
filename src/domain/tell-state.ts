import type { Closed } from './verdict.js';
import type { Status } from './status.js';

/** Where a root stands, in a word for a table. */
export interface State {
  readonly word: string;
  /** Good: nothing to do or to wait for. Waiting: it goes on by itself, or somebody wants it so. Bad: somebody is needed. */
  readonly mood: 'good' | 'waiting' | 'bad';
}

type Known = Pick<Status, 'why' | 'phase' | 'behind' | 'desired'>;

// What does not mend itself.
const BAD: readonly Closed['reason'][] = ['stuck', 'quarantined', 'unverified'];

/** Tells it: `up to date`, `behind: window`, `proving`. */
export function stateOf({ why, phase, behind, desired }: Known): State {
  if (why !== null)
    return {
      word: why.reason === 'busy' ? phase : `${behind ? 'behind: ' : ''}${why.reason}`,
      mood: BAD.includes(why.reason) ? 'bad' : 'waiting',
    };
  if (phase !== 'idle' && phase !== 'staged') return { word: phase, mood: 'waiting' };
  if (desired === null) return { word: 'nothing to serve yet', mood: 'waiting' };
  return behind ? { word: 'behind', mood: 'waiting' } : { word: 'up to date', mood: 'good' };
}
