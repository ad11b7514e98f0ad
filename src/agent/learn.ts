import { join } from 'node:path';
import type { Dates } from '../domain/age.js';
import { decide, isPolicyStale, type Decision } from '../domain/decide.js';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import type { Facts } from '../domain/facts.js';
import type { Policy } from '../domain/policy.js';
import { redactUrl } from '../domain/redact.js';
import { unverified } from '../domain/signed-object.js';
import { refOf, sha7, type Commit, type Release } from '../domain/release.js';
import { parsePolicy } from '../config/policy.js';
import type { PolicySource } from '../config/remote.js';
import { openAccess } from '../source/credentials.js';
import {
  readDates,
  readPolicyRecord,
  writeDates,
  writePolicyRecord,
  type PolicyRecord,
} from '../state/policy-store.js';
import { readRefDates } from '../workspace/ref-dates.js';
import { readRemoteFile } from '../workspace/remote-file.js';
import { asFailure } from './faults.js';
import { channelInForce, policyState, sourceName } from './fleet.js';
import { learnForge } from './learn-forge.js';
import { lookNow } from './look.js';
import { zoneOf } from './root.js';
import { readTrustFiles, type TrustFiles } from './trust-files.js';
import { verify } from './verify.js';
import { learnSignature } from './verify-release.js';
import { accessOf, effortOf, type Workplace } from './workplace.js';

/** A decision by all that could be known, and what kept the rest from being read; or null. */
export interface Informed {
  readonly facts: Facts;
  readonly decision: Decision;
  readonly error: GitOpsError | null;
}

// Policy, channel and some hundred dates; who needs more goes on at the next poll.
const MOST_LESSONS = 9;
const GIT_LIMIT_MS = 120_000;
const MOST_BYTES = 1024 * 1024;

/** Decides, and reads first what the decision lacks: the policy, when releases were made, how they are signed. What keeps it from being read says nothing about any release. */
export async function decideInformed(place: Workplace, facts: () => Promise<Facts>): Promise<Informed> {
  let hasAsked = false;
  for (let lessons = 0; ; lessons += 1) {
    const known = hasAsked ? withoutHurry(await facts()) : await facts();
    const decision = decide(known);
    if (decision.step !== 'learn' || lessons >= MOST_LESSONS) return { facts: known, decision, error: null };
    hasAsked ||= isAboutForge(decision);
    const error = await learn(place, known, decision);
    if (error !== null) return { facts: known, decision, error };
  }
}

function isAboutForge({ lack: { latest, unchecked } }: Pick<Decision, 'lack'>): boolean {
  return latest || unchecked.length > 0;
}

/** Whoever waits has had the forge asked at once; what it says then is not asked for again in the same breath. */
function withoutHurry(facts: Facts): Facts {
  const { forge } = facts;
  return forge.at === 'off' ? facts : { ...facts, forge: { ...forge, hurried: false } };
}

async function learn(place: Workplace, facts: Facts, { lack }: Decision): Promise<GitOpsError | null> {
  const { config, layout } = place.root;
  const tip = facts.observed?.policy ?? null;
  try {
    if (config.policy !== null && tip !== null && isPolicyStale(facts))
      await learnPolicy(place, config.policy, tip);
    else if (isAboutForge({ lack })) await learnForge(place, lack, facts.forge);
    else if (lack.undated.length > 0) await learnDates(place, lack.undated, facts);
    for (const release of lack.untried) await learnSignature(place, facts, release);
    return null;
  } catch (thrown) {
    return asFailure(thrown, layout.root);
  }
}

/** Follows the policy of a commit, or keeps the former one in force and says why. What a new channel picks from may have to be asked for. */
async function learnPolicy(place: Workplace, source: PolicySource, tip: Commit): Promise<void> {
  const { root, report } = place;
  const channel = await channelNow(place);
  const before = await recordOf(place, source);
  const after = await nextRecord(place, { source, tip, before });
  await writePolicyRecord(root.layout, after);
  report.step(after.problem ?? `policy: ${sha7(tip)} of ${redactUrl(source.repository)} is followed`);
  if (channel !== (await channelNow(place))) await lookNow(root, place.signal);
}

/** What another place says is neither an older policy nor a newer one. */
async function recordOf({ root }: Workplace, source: PolicySource): Promise<PolicyRecord> {
  const name = sourceName(source);
  const found = await readPolicyRecord(root.layout);
  return found?.source === name
    ? found
    : { source: name, followed: null, tried: null, mark: null, problem: null };
}

async function channelNow({ root }: Workplace): Promise<string> {
  return JSON.stringify(channelInForce(root, await policyState(root, null)));
}

interface Lesson {
  readonly source: PolicySource;
  readonly tip: Commit;
  readonly before: PolicyRecord;
}

async function nextRecord(place: Workplace, lesson: Lesson): Promise<PolicyRecord> {
  const { source, tip, before } = lesson;
  const files = source.verify === 'off' ? null : await readTrustFiles(place.root);
  const mark = files?.mark ?? null;
  try {
    if (files !== null) await requireSigned(place, lesson, files);
    const policy = await readPolicy(place, lesson);
    const followed = { commit: tip, policy, verified: files !== null };
    return { source: before.source, followed, tried: tip, mark, problem: null };
  } catch (error) {
    if (isGitOpsError(error, 'CONFIG_INVALID', 'UNVERIFIED'))
      return { ...before, tried: tip, mark, problem: error.message.replace(/\n\s*/g, '; ') };
    const message = place.report.clean(asFailure(error, place.root.layout.root).message);
    if (message !== before.problem)
      await writePolicyRecord(place.root.layout, { ...before, problem: message });
    throw error;
  }
}

/** Throws `UNVERIFIED` for a commit that is not signed by whom this machine trusts. */
async function requireSigned(place: Workplace, { source, tip }: Lesson, files: TrustFiles): Promise<void> {
  const { env, secrets } = await openAccess(source, place.root.host);
  place.report.hide(secrets);
  const remote = { url: source.repository, env };
  // A tag names an object of its own, which holds the signature.
  const id = source.ref.startsWith('refs/tags/') ? null : tip;
  const subject = { remote, ref: source.ref, commit: tip, id, isVersion: false };
  try {
    await verify(place, { ...subject, mode: 'required', files });
  } catch (error) {
    if (!isGitOpsError(error, 'UNVERIFIED')) throw error;
    throw unverified(`${sha7(tip)}:${source.path}: ${error.message}`);
  }
}

/** Throws `CONFIG_INVALID` for what that commit will say for ever, and what `readRemoteFile` throws. */
async function readPolicy(place: Workplace, { source, tip, before }: Lesson): Promise<Policy> {
  const { root, report } = place;
  const { env, secrets } = await openAccess(source, root.host);
  report.hide(secrets);
  const remote = { url: source.repository, env };
  const file = await readRemoteFile(
    {
      ...{ remote, scratch: scratchOf(place), commit: tip },
      ...{ ref: source.ref, path: source.path, maxBytes: MOST_BYTES },
    },
    effortOf(place, GIT_LIMIT_MS),
  );
  const origin = `${sha7(tip)}:${source.path}`;
  if (file.at === 'missing') throw unfit(`${origin}: there is no such file`);
  if (file.at === 'large')
    throw unfit(`${origin}: ${file.bytes} bytes are too many for a policy; at most ${MOST_BYTES}`);
  const policy = await parsePolicy(file.text, { origin, zone: zoneOf(root) });
  const version = before.followed?.policy.version ?? policy.version;
  if (policy.version < version)
    throw unfit(`${origin}: version ${policy.version} is older than ${version}, which is in force`);
  return policy;
}

/** What cannot be dated, such as a tag that moved, counts from now, and so does what was made in the future. */
async function learnDates(place: Workplace, undated: readonly Release[], facts: Facts): Promise<void> {
  const { config, layout, host } = place.root;
  const refs = undated.map((release) => ({ name: refOf(release), commit: release.commit }));
  const remote = { url: config.repository, env: (await accessOf(place)).env };
  const reading = { remote, scratch: scratchOf(place) };
  const made = await readRefDates(reading, refs, effortOf(place, GIT_LIMIT_MS));
  const now = host.clock.now();
  const fresh = refs.map(({ name, commit }) => {
    const found = made.get(name);
    return [name, { commit, at: found?.commit === commit ? Math.min(found.at, now) : now }] as const;
  });
  const known = await readDates(layout);
  await writeDates(layout, { ...stillThere(known, facts), ...Object.fromEntries(fresh) });
}

function stillThere(dates: Dates, { observed }: Facts): Dates {
  const names = new Set(observed?.refs.map(({ name }) => name));
  return Object.fromEntries(Object.entries(dates).filter(([name]) => names.has(name)));
}

function scratchOf({ root }: Workplace): string {
  return join(root.layout.trash, 'read.git');
}

function unfit(message: string): GitOpsError {
  return new GitOpsError('CONFIG_INVALID', message, { hint: 'pm2-gitops policy check FILE' });
}
