import { describeRelease, type Instant, type Release } from './release.js';
import type { Hold } from './orders.js';
import { LONGEST_WAIT_MS } from './turn.js';
import { quarantined, type Upgrade } from './upgrade.js';

/** Why a machine is held back: the words of `status --json`. */
export const REASONS = [
  ...(['pinned', 'held', 'frozen', 'window', 'soak', 'wave', 'major', 'approval'] as const),
  ...(['quarantined', 'unverified', 'engine', 'dirty', 'offline', 'backoff', 'busy', 'stuck'] as const),
] as const;

export type Reason = (typeof REASONS)[number];

/** A gate's no: why, until when (null: until somebody acts), and a sentence for people. */
export interface Closed {
  readonly open: false;
  readonly reason: Reason;
  readonly until: Instant | null;
  readonly detail: string;
}

export type Verdict = { readonly open: true } | Closed;

/** What the gates look at. */
export interface GateFacts {
  readonly upgrade: Upgrade;
  readonly hold: Hold | null;
  /** A person asked for this release now, so waiting after a transient failure is over. */
  readonly impatient: boolean;
  /** A person named this very release. */
  readonly named: boolean;
  readonly now: Instant;
}

/** A gate: may this release be changed to, as things are? */
export type Gate = (release: Release, facts: GateFacts) => Verdict;

const OPEN: Verdict = { open: true };

/** Nothing changes while an operator holds the machine. */
export const holdGate: Gate = (_release, { hold, now }) => {
  if (hold === null || (hold.until !== null && hold.until <= now)) return OPEN;
  return {
    open: false,
    reason: 'held',
    until: hold.until,
    detail: hold.reason ?? 'an operator holds this machine; pm2-gitops resume',
  };
};

/** Only an operator leads out of `stuck`: by `retry`, or by naming a release. */
export const stuckGate: Gate = (_release, { upgrade: { phase }, named }) =>
  phase.at === 'stuck' && !named
    ? {
        open: false,
        reason: 'stuck',
        until: null,
        detail: `${phase.cause}; mend it, then pm2-gitops retry, or apply --to another release`,
      }
    : OPEN;

/** A release that failed here is not tried again by itself. */
export const quarantineGate: Gate = (release, { upgrade }) => {
  const entry = quarantined(upgrade, release);
  if (entry === null) return OPEN;
  const detail = `${describeRelease(release)} failed here: ${entry.cause}; tag a new release, or pm2-gitops retry ${release.tag}`;
  return { open: false, reason: 'quarantined', until: null, detail };
};

/** After a failure that was not the release's fault, the next try waits; never longer than waits are, though the clock was set back since. */
export const backoffGate: Gate = (release, { upgrade: { backoff }, impatient, now }) =>
  backoff === null ||
  impatient ||
  backoff.commit !== release.commit ||
  backoff.until <= now ||
  backoff.until > now + LONGEST_WAIT_MS
    ? OPEN
    : { open: false, reason: backoff.reason, until: backoff.until, detail: backoff.cause };

/** Every gate, in the order in which a machine gives its reasons. */
export const GATES: readonly Gate[] = [stuckGate, holdGate, quarantineGate, backoffGate];

/** The first closed gate's answer, or open. */
export function passGates(release: Release, facts: GateFacts): Verdict {
  for (const gate of GATES) {
    const verdict = gate(release, facts);
    if (!verdict.open) return verdict;
  }
  return OPEN;
}
