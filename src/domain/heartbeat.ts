import { describeRelease } from './release.js';
import type { Sight } from './news.js';
import { newsOf } from './outage.js';

/** What a dead man's switch is told: all is as it should be, or why not. */
export interface Heartbeat {
  readonly up: boolean;
  readonly words: string;
}

/**
 * What the machine may say of itself now. It is up while it can do its work: it sees the source, and no operator has to come. A release that was rolled
 * back is no reason to be down: the former one serves. Who cannot even ask says nothing, and that tells as well.
 */
export function heartbeatOf({ upgrade, look }: Pick<Sight, 'upgrade' | 'look'>): Heartbeat {
  const { phase, active } = upgrade;
  if (phase.at === 'stuck') return { up: false, words: `stuck: ${phase.cause}` };
  const line = look === null ? null : newsOf(null, look);
  if (line?.what === 'offline') return { up: false, words: `the source is lost: ${line.error}` };
  return {
    up: true,
    words: active === null ? 'nothing runs yet' : `${describeRelease(active.release)} runs`,
  };
}
