import type { Closed } from '../domain/verdict.js';
import type { Say } from './moment.js';

// Their details tell the moment already, in the zone of the machine's windows.
const TOLD: readonly Closed['reason'][] = ['frozen', 'window', 'soak', 'wave'];

/** When a closed gate opens, as a person reads it after its reason: ` until Tue 05:58 Europe/Berlin`; nothing where the detail tells it, or nobody knows. */
export function untilOf({ reason, until }: Pick<Closed, 'reason' | 'until'>, say: Say): string {
  return until === null || TOLD.includes(reason) ? '' : ` until ${say(until)}`;
}
