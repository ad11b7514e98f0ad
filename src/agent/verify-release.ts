import { isVersionTag } from '../domain/channel.js';
import { wishFacts } from '../domain/decide.js';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import type { Facts } from '../domain/facts.js';
import { describeRelease, refOf, type Release } from '../domain/release.js';
import { signatureGate } from '../domain/signature-gate.js';
import { findingOf, type Tried } from '../domain/trust.js';
import { noteTry } from '../state/trust-store.js';
import { gatherFacts } from './facts.js';
import { readTrustFiles, type TrustFiles } from './trust-files.js';
import { verify } from './verify.js';
import { accessOf, type Workplace } from './workplace.js';

const TAGS = 'refs/tags/';

/** Looks at the signature of a release, and notes that it holds. Of one that does not it only tells: `UNVERIFIED`. Throws what `verify` throws. */
export async function learnSignature(place: Workplace, facts: Facts, release: Release): Promise<void> {
  const files = await readTrustFiles(place.root);
  try {
    await tryRelease(place, { facts, release, files });
  } catch (error) {
    throw isGitOpsError(error, 'UNVERIFIED') ? refusal(release, error.message) : error;
  }
}

/** Requires that a release may run here, by what is on record or by a look at it. That it may not is noted, and told: `UNVERIFIED`. */
export async function requireVerified(place: Workplace, release: Release): Promise<void> {
  if (place.root.config.verify.mode === 'off') return;
  const facts = await gatherFacts(place.root, place.order);
  if (signatureGate(release, wishFacts(facts).gates).open) return;
  const known = findingOf(facts.trust, release, facts.observed);
  if (known?.at === 'refused') throw refusal(release, known.why);
  const files = await readTrustFiles(place.root);
  try {
    await tryRelease(place, { facts, release, files });
  } catch (error) {
    if (!isGitOpsError(error, 'UNVERIFIED')) throw error;
    const finding = { at: 'refused', why: error.message } as const;
    await note(place, files, { ...named(release), object: seenObject(facts, release), finding });
    throw refusal(release, error.message);
  }
}

interface Attempt {
  readonly facts: Facts;
  readonly release: Release;
  readonly files: TrustFiles;
}

async function tryRelease(place: Workplace, { facts, release, files }: Attempt): Promise<void> {
  const { config } = place.root;
  const { ref, commit } = named(release);
  const isTag = ref.startsWith(TAGS);
  const { by, object } = await verify(place, {
    ...{ ref, commit, files, mode: config.verify.mode },
    remote: { url: config.repository, env: (await accessOf(place)).env },
    id: seenObject(facts, release) ?? (isTag ? null : commit),
    isVersion: isTag && isVersionTag(ref.slice(TAGS.length), config.tagPrefix),
  });
  await note(place, files, { ref, commit, object, finding: { at: 'verified', by } });
  const what = by === null ? 'is not signed, and need not be' : `is signed by ${by}`;
  place.report.step(`verified: ${describeRelease(release)} ${what}`);
}

function named(release: Release): Pick<Tried, 'ref' | 'commit'> {
  return { ref: refOf(release), commit: release.commit };
}

/** The tag object that was seen; null where the ref reaches another commit by now, or names its commit itself. */
function seenObject({ observed }: Facts, release: Release): string | null {
  const seen = observed?.refs.find(({ name }) => name === refOf(release));
  return seen?.commit === release.commit ? (seen.object ?? null) : null;
}

async function note({ root }: Workplace, { mark }: TrustFiles, found: Tried): Promise<void> {
  await noteTry(root.layout, { ...found, by: mark, at: root.host.clock.now() });
}

function refusal(release: Release, why: string): GitOpsError {
  return new GitOpsError('UNVERIFIED', `${describeRelease(release)} is not let in: ${why}`, {
    hint: `tag a release that is signed; or see verify in gitops.json, then pm2-gitops retry ${release.tag}`,
  });
}
