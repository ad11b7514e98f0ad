import { admits, isMajorStep, isNamed } from './channel.js';
import { birthOf, oldEnoughAt } from './age.js';
import type { Gate, GateFacts } from './gate.js';
import { sayMoment, saySpan } from './moment.js';
import { describeRelease, type Release } from './release.js';
import type { Rules } from './rules.js';
import { closed, OPEN, type Verdict } from './verdict.js';
import { turnAfterMs, wholeAfterMs } from './wave.js';

// What is asked of a release that the channel chose: is it this machine's turn to take it?

/** A new major version waits for somebody's word, where the rules say so. */
export const majorGate: Gate = (release, facts) => {
  const { rules, upgrade, tagPrefix } = facts;
  const from = upgrade.active?.release ?? null;
  if (rules.major === 'auto' || !isMajorStep(from, release, tagPrefix) || isApproved(release, facts))
    return OPEN;
  return closed('major', null, `${describeRelease(release)} is a new major version: ${toApprove(release)}`);
};

/** Every release waits for somebody's word, where the rules say so. */
export const approvalGate: Gate = (release, facts) =>
  facts.rules.approval === 'none' || isApproved(release, facts)
    ? OPEN
    : closed('approval', null, `${describeRelease(release)} has to be approved: ${toApprove(release)}`);

/** A release has to be out for a while, and with another channel first, where the rules say so. */
export const soakGate: Gate = (release, facts) => {
  const { rules, hurried, tagPrefix } = facts;
  const { feeder } = rules;
  if (hurried) return OPEN;
  if (feeder !== null && !admits(feeder.channel, release, tagPrefix))
    return closed(
      'soak',
      null,
      `the channel ${feeder.name} does not take ${describeRelease(release)}, and has to run it first`,
    );
  const soakMs = soakOf(rules);
  if (soakMs === null)
    return closed(
      'soak',
      null,
      `the channel ${feeder?.name ?? ''} never has a release on all its machines: see its wave`,
    );
  const what = `${describeRelease(release)} has to be out for ${saySpan(soakMs)}`;
  return soakMs === 0 ? OPEN : waitFor(release, soakMs, { facts, reason: 'soak', what });
};

/** Of a release that is rolled out bit by bit each machine has its turn; of two waves the later turn counts. */
export const waveGate: Gate = (release, facts) => {
  const { rules, hurried, placeOf } = facts;
  if (hurried || rules.waves.length === 0) return OPEN;
  const turnMs = latest(rules.waves.map((wave) => turnAfterMs(wave, placeOf(release))));
  const what = `${describeRelease(release)} is being rolled out`;
  if (turnMs === null) return closed('wave', null, `${what}, and its curve ends before this machine's turn`);
  return waitFor(release, (soakOf(rules) ?? 0) + turnMs, {
    facts,
    reason: 'wave',
    what: `${what}, this machine's turn comes`,
  });
};

/** Whether every machine has had its turn to take a release. */
export function isOutWhole(release: Release, facts: GateFacts): boolean {
  const soakMs = soakOf(facts.rules);
  const waveMs = latest(facts.rules.waves.map(wholeAfterMs));
  const birth = birthOf(release, facts);
  if (soakMs === null || waveMs === null || birth === null) return false;
  return oldEnoughAt(birth, soakMs + waveMs, facts) === null;
}

/** Whether the turn of a machine depends on the age of a release. */
export function asksForAge({ soakMs, feeder, waves }: Rules): boolean {
  return soakMs > 0 || feeder !== null || waves.length > 0;
}

/** The longest of some spans; null is for ever. */
function latest(spans: readonly (number | null)[]): number | null {
  return spans.reduce((longest, ms) => (longest === null || ms === null ? null : Math.max(longest, ms)), 0);
}

/** How long a release has to be out before the wave begins; null: for ever. */
function soakOf({ soakMs, feeder }: Rules): number | null {
  if (feeder === null) return soakMs;
  return feeder.passedAfterMs === null ? null : Math.max(soakMs, feeder.passedAfterMs);
}

function waitFor(
  release: Release,
  ageMs: number,
  { facts, reason, what }: { facts: GateFacts; reason: 'soak' | 'wave'; what: string },
): Verdict {
  const birth = birthOf(release, facts);
  if (birth === null) return closed(reason, null, `${what}: since when it is out is being found out`);
  const until = oldEnoughAt(birth, ageMs, facts);
  if (until === null) return OPEN;
  const when = `${reason === 'soak' ? 'until ' : ''}${sayMoment(until, facts.now, facts.zone)}`;
  return closed(
    reason,
    until,
    `${what}${reason === 'soak' ? ', ' : ' '}${when}; pm2-gitops apply --now does not wait`,
  );
}

function isApproved(release: Release, { rules, approved, tagPrefix }: GateFacts): boolean {
  return approved.includes(release.commit) || rules.approved.some((tag) => isNamed(release, tag, tagPrefix));
}

function toApprove({ tag }: Release): string {
  return `pm2-gitops approve ${tag}`;
}
