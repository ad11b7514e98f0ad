import { nearestName } from '../config/issues.js';
import { findTag, newestTags } from '../domain/channel.js';
import { decide, mayRepair, type Decision } from '../domain/decide.js';
import { GitOpsError, type ErrorCode } from '../domain/errors.js';
import type { Facts, Request } from '../domain/facts.js';
import { trustedRefs, type Observed } from '../domain/observed.js';
import type { Outage } from '../domain/outage.js';
import type { Release } from '../domain/release.js';
import { gatherFacts } from './facts.js';
import { lookByEye } from './look-closely.js';
import { lookNow } from './look.js';
import type { Root } from './root.js';

/** A decision on a fresh look, for a person's request. */
export interface FreshDecision {
  readonly decision: Decision;
  readonly facts: Facts;
  readonly request: Request;
}

/** What a person asks for: a release by its tag or what the rules choose (null), and whether without waiting for window, soak and wave. */
export interface Asked {
  readonly to: string | null;
  readonly hurried: boolean;
}

/** Looks at the source and decides. Throws `SOURCE_UNREACHABLE` if the look failed and what is known leaves nothing to do, `TAG_UNKNOWN`. */
export async function decideFreshly(
  root: Root,
  { to: tag, hurried }: Asked,
  signal: AbortSignal,
): Promise<FreshDecision> {
  const observed = await lookNow(root, signal);
  const to = tag === null ? null : namedRelease(root, observed, tag);
  const request = { to, impatient: true, hurried };
  const facts = await withDrift(root, await gatherFacts(root, request), signal);
  const decision = decide(facts);
  // Nothing to do by what was seen last, and nothing newer could be seen: that is no "up to date".
  if (observed.error !== null && decision.step === 'nothing') throw unreachable(observed);
  return { decision, facts, request };
}

/** Where there is nothing else to do, a person's request repairs what has drifted. */
async function withDrift(root: Root, facts: Facts, signal: AbortSignal): Promise<Facts> {
  const { step } = decide(facts);
  if ((step !== 'nothing' && step !== 'wait') || !mayRepair(facts)) return facts;
  return { ...facts, drift: (await lookByEye(root, facts.upgrade, signal)).drift };
}

/** The release that a person names. Throws `TAG_UNKNOWN`, with the newest ones there are. */
export function namedRelease(
  { config: { tagPrefix, repository } }: Root,
  observed: Observed,
  tag: string,
): Release {
  const found = findTag(tag, trustedRefs(observed), tagPrefix);
  if (found !== null) return found;
  if (observed.error !== null) throw unreachable(observed);
  const newest = newestTags(observed.refs, tagPrefix, 5);
  const meant = nearestName(tag, newestTags(observed.refs, tagPrefix, Number.MAX_SAFE_INTEGER));
  const guess = meant === null ? '' : `did you mean ${meant}? `;
  throw new GitOpsError('TAG_UNKNOWN', `${repository} has no tag "${tag}"`, {
    hint: newest.length === 0 ? 'it has no version tags yet' : `${guess}its newest are ${newest.join(', ')}`,
  });
}

function unreachable({ code, error, outage }: Observed): GitOpsError {
  const hint = code === null ? undefined : HINTS[code];
  return new GitOpsError(code ?? 'SOURCE_UNREACHABLE', error ?? 'the last look failed', {
    hint: hint ?? wishOf(outage) ?? 'check the network, the repository and its credentials in gitops.json',
  });
}

/** What a server asked for that a person did not wait for. */
function wishOf(outage: Outage | null): string | null {
  if (outage?.by !== 'server') return null;
  return `the server asked to be left alone until ${new Date(outage.until).toISOString()}: the schedule does so, and looks again by itself`;
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  GIT_MISSING: 'install git, and make sure that it is in PATH',
  DISK_FULL: 'nothing new can be seen until there is room: free some space',
  DISK_READONLY: 'nothing can change until it is writable again: check the disk (dmesg), then remount it',
};
