import type { Gate } from './gate.js';
import { describeRelease } from './release.js';
import { findingOf } from './trust.js';
import { closed, OPEN } from './verdict.js';

/** What is not signed as the machine's own file asks is neither installed nor run, whoever wants it. */
export const signatureGate: Gate = (release, { trust, familiar, observed }) => {
  if (trust.mode === 'off' || familiar.includes(release.commit)) return OPEN;
  const finding = findingOf(trust, release, observed);
  if (finding?.at === 'verified') return OPEN;
  const what = finding === null ? 'its signature has not been checked yet' : finding.why;
  return closed('unverified', null, `${describeRelease(release)}: ${what}`);
};
