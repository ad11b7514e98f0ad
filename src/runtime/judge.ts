import type { Loss } from './loss.js';
import type { ListedProcess } from './processes.js';
import type { Rolling } from './rolling.js';
import type { Turn } from './turn.js';

/** A new incarnation that is being watched. */
export interface Candidate {
  readonly startedAt: number;
  /** When it was first seen, on the monotonic clock. */
  readonly sinceMs: number;
  /** How often somebody else had pm2 restart it while it was being proven. */
  readonly replaced: number;
}

/** What one look at a process tells. */
export type Sight =
  | { readonly kind: 'lives' }
  /** Another incarnation took the place of the one that was watched, and nobody is to blame. */
  | { readonly kind: 'replaced' }
  /** Somebody's order is being carried out. */
  | { readonly kind: 'waits' }
  /** Somebody stopped or deleted it: that says nothing about the release. */
  | { readonly kind: 'left'; readonly why: string }
  | { readonly kind: 'lost'; readonly loss: Loss };

/** What is known beside pm2's list. */
export interface Known {
  readonly candidate: Candidate | undefined;
  /** For how long no process has lived behind the entry. */
  readonly downMs: number;
  readonly rolling: Rolling;
}

// pm2 starts at once what it stopped for a restart.
const STOPPED_MS = 1_000;
const MARGIN_MS = 1_000;

/** Goes by pid and `pm_uptime`, and by what the bus tells: pm2 says "online" of a crash loop as well. */
export function judge(turn: Turn, now: ListedProcess | undefined, known: Known): Sight {
  const { before, told, refusal } = turn;
  if (now === undefined) return { kind: 'left', why: 'was deleted from pm2 by somebody else' };
  const expected = known.candidate?.startedAt ?? told;
  const exit = known.rolling.exits.find(before.pmId, turn.mark, (startedAt) =>
    expected === null ? startedAt !== before.startedAt : startedAt === expected,
  );
  // A crash has no "stopping": that is pm2 carrying out somebody's order.
  const isOrdered = exit?.status === 'stopping';
  if (exit !== null && !isOrdered) return lost({ turn, how: 'exited', exit });
  if (now.pid === null || now.status === 'stopping') return judgeLifeless(turn, now, { ...known, isOrdered });
  if (now.startedAt === before.startedAt && told !== before.startedAt)
    return lost(
      refusal === null ? { turn, how: 'unchanged' } : { turn, how: 'refused', refusal, status: now.status },
    );
  const fault = known.rolling.exits.findFault(before.pmId, now.startedAt);
  if (fault !== null) return lost({ turn, how: 'unloaded', fault, startedAt: now.startedAt });
  if (expected === null || now.startedAt === expected) return { kind: 'lives' };
  return isOrdered || refusal !== null ? { kind: 'replaced' } : lost({ turn, how: 'restarted' });
}

function judgeLifeless(
  turn: Turn,
  { status }: ListedProcess,
  { downMs, isOrdered }: Known & { readonly isOrdered: boolean },
): Sight {
  const { refusal, before } = turn;
  if (status === 'stopped' && (isOrdered || refusal !== null))
    return downMs < STOPPED_MS ? { kind: 'waits' } : { kind: 'left', why: 'was stopped by somebody else' };
  const isMoving = status === 'stopping' || status === 'launching';
  if (isMoving && downMs < before.killTimeoutMs * 2 + MARGIN_MS) return { kind: 'waits' };
  return lost(
    refusal === null ? { turn, how: 'lifeless', status } : { turn, how: 'refused', refusal, status },
  );
}

function lost(loss: Loss): Sight {
  return { kind: 'lost', loss };
}
