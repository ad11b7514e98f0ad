import { isNamed } from './channel.js';
import { checksGate } from './checks-gate.js';
import type { Gate, GateFacts } from './gate.js';
import { sayMoment } from './moment.js';
import { freezeAt, nextSpell } from './opening.js';
import { describeRelease, type Release } from './release.js';
import type { StandingHold } from './rules.js';
import { signatureGate } from './signature-gate.js';
import { LONGEST_WAIT_MS } from './turn.js';
import { approvalGate, majorGate, soakGate, waveGate } from './turn-gates.js';
import { quarantined } from './upgrade.js';
import { closed, OPEN, type Verdict } from './verdict.js';

/** Nothing changes while an operator holds the machine, or the fleet. */
export const holdGate: Gate = (_release, { rules: { holds } }) => {
  const [hold] = holds.toSorted((a, b) => endOf(b) - endOf(a));
  if (hold === undefined) return OPEN;
  const [whose, mend] =
    hold.by === 'fleet'
      ? ["the fleet's policy holds this machine", '']
      : ['an operator holds this machine', '; pm2-gitops resume'];
  return closed('held', hold.until, `${hold.reason ?? whose}${mend}`);
};

function endOf({ until }: StandingHold): number {
  return until ?? Number.MAX_SAFE_INTEGER;
}

/** Only an operator leads out of `stuck`: by `retry`, or by naming a release. */
export const stuckGate: Gate = (_release, { upgrade: { phase }, named }) =>
  phase.at === 'stuck' && !named
    ? closed('stuck', null, `${phase.cause}; mend it, then pm2-gitops retry, or apply --to another release`)
    : OPEN;

/** What the policy has withdrawn is not installed, whoever asks. */
export const tombstoneGate: Gate = (release, { rules: { tombstones }, tagPrefix }) => {
  const stone = tombstones.find(({ tag }) => isNamed(release, tag, tagPrefix));
  if (stone === undefined) return OPEN;
  const why = stone.reason === null ? '' : `: ${stone.reason}`;
  return closed('held', null, `${describeRelease(release)} is withdrawn by the fleet's policy${why}`);
};

/** A release that failed here is not tried again by itself. */
export const quarantineGate: Gate = (release, { upgrade }) => {
  const entry = quarantined(upgrade, release);
  if (entry === null) return OPEN;
  const detail = `${describeRelease(release)} failed here: ${entry.cause}; tag a new release, or pm2-gitops retry ${release.tag}`;
  return closed('quarantined', null, detail);
};

/** After a failure that was not the release's fault, the next try waits; never longer than waits are, though the clock was set back since. */
export const backoffGate: Gate = (release, { upgrade: { backoff }, impatient, now }) =>
  backoff === null ||
  impatient ||
  backoff.commit !== release.commit ||
  backoff.until <= now ||
  backoff.until > now + LONGEST_WAIT_MS
    ? OPEN
    : closed(backoff.reason, backoff.until, backoff.cause);

/** Nothing is activated in a freeze. */
export const freezeGate: Gate = (_release, { rules: { freezes }, now, zone }) => {
  const freeze = freezeAt(freezes, now);
  if (freeze === null) return OPEN;
  const until = nextSpell([], freezes, now)?.from ?? null;
  const when = until === null ? '' : ` until ${sayMoment(until, now, zone)}`;
  const why = freeze.reason === null ? '' : `: ${freeze.reason}`;
  return closed('frozen', until, `changes are frozen${when}${why}`);
};

/** Outside of the window nothing is activated. What began inside goes on to its end. */
export const windowGate: Gate = (_release, { rules: { windows, freezes }, hurried, now, zone }) => {
  if (hurried || nextSpell(windows, [], now)?.from === now) return OPEN;
  const until = nextSpell(windows, freezes, now)?.from ?? null;
  const detail =
    until === null
      ? "no window opens within a year: see window and freeze in gitops.json and the fleet's policy"
      : `opens ${sayMoment(until, now, zone)}`;
  return closed('window', until, detail);
};

/** Every gate, in the order in which a machine gives its reasons. */
export const GATES = {
  ...{ stuck: stuckGate, hold: holdGate, tombstone: tombstoneGate, signature: signatureGate },
  ...{ quarantine: quarantineGate, backoff: backoffGate },
  ...{ major: majorGate, approval: approvalGate, soak: soakGate, wave: waveGate },
  ...{ checks: checksGate },
  ...{ freeze: freezeGate, window: windowGate },
} as const satisfies Readonly<Record<string, Gate>>;

export type GateName = keyof typeof GATES;

/** What is asked of what the channel chooses: a release that a person or a policy names has passed them. */
export const TURN_GATES = [
  // Last of all: of a release that would wait anyway nobody is asked.
  ...(['major', 'approval', 'soak', 'wave', 'checks'] as const),
] as const satisfies readonly GateName[];
/** What is asked of it where a machine has nothing yet: it takes what has been out for long, whatever the wave says. */
export const FIRST_GATES = ['major', 'approval', 'checks'] as const satisfies readonly GateName[];
/** What stops any release, whoever chose it. */
export const STANDING_GATES = [
  ...(['stuck', 'hold', 'tombstone', 'signature', 'quarantine', 'backoff'] as const),
] as const satisfies readonly GateName[];
/** What stops even a machine that is where it should be: nothing of it is repaired. */
export const REST_GATES = ['stuck', 'hold'] as const satisfies readonly GateName[];
/** What does not keep a release from being staged. */
export const OPENING_GATES = ['freeze', 'window'] as const satisfies readonly GateName[];

const ALL_GATES: readonly GateName[] = [...STANDING_GATES, ...TURN_GATES, ...OPENING_GATES];

/** What one gate answers. */
export interface GateReport {
  readonly gate: GateName;
  readonly verdict: Verdict;
}

/** Asks the gates of those names, in their order. */
export function askGates(
  release: Release,
  facts: GateFacts,
  names: readonly GateName[] = ALL_GATES,
): GateReport[] {
  return names.map((gate) => ({ gate, verdict: GATES[gate](release, facts) }));
}

/** The first closed gate's answer, or open. */
export function firstClosed(reports: readonly GateReport[]): Verdict {
  return reports.find(({ verdict }) => !verdict.open)?.verdict ?? OPEN;
}
