import { namesOf } from '../domain/channel.js';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { isAsExpected, isListingDue, narrowQuestion, type NarrowQuestion } from '../domain/narrow.js';
import type { Observed } from '../domain/observed.js';
import { redactUrl } from '../domain/redact.js';
import type { Instant, Ref, Release } from '../domain/release.js';
import type { Rules } from '../domain/rules.js';
import type { MachineConfig } from '../config/machine.js';
import type { PolicySource } from '../config/remote.js';
import { openAccess } from '../source/credentials.js';
import { askRefs, listRefs } from '../source/list-refs.js';
import type { LookPlace, Remote } from '../source/look-place.js';
import { roomFor, wantedBy, type Question } from '../source/question.js';
import { policyState, rulesInForce } from './fleet.js';
import { knownUpgrade } from './known-upgrade.js';
import type { Root } from './root.js';

/** What the source showed: that its refs are what they were, or all of them. */
export type Shown =
  | { readonly at: 'unchanged'; readonly before: Observed }
  | {
      readonly at: 'listed';
      readonly before: Observed | null;
      readonly refs: readonly Ref[];
      /** By which question. */
      readonly asked: string;
    };

/** When a look is, what the last one showed, and whether all refs are to be asked for whatever is known. */
export interface Looking {
  readonly at: Instant;
  readonly before: Observed | null;
  readonly thorough: boolean;
}

/**
 * Asks for what the channels may pick from, this machine's own and the one that the policy puts it on, and for the policy's ref if it is there too:
 * narrowly where that tells whether anything has changed, and for all of it wherever something may have. Throws as `listRefs` does.
 */
export async function askForRefs(root: Root, looking: Looking, place: LookPlace): Promise<Shown> {
  const { before } = looking;
  const inquiry = await inquiryOf(root, before);
  const { remote, question, asked } = inquiry;
  const narrow = before === null ? null : await narrowed(root, inquiry, { ...looking, before });
  if (before !== null && narrow !== null) {
    const { refs, isWhole } = await askRefs(remote, { ...question, prefixes: narrow.prefixes }, place);
    if (isWhole) return { at: 'listed', before, refs: unlessEmptied(refs, before, remote), asked };
    if (isAsExpected(narrow, refs)) return { at: 'unchanged', before };
  }
  const refs = await listRefs(remote, question, place);
  return { at: 'listed', before, refs: unlessEmptied(refs, before, remote), asked };
}

/** What is to be asked, of whom, and by which rules. */
interface Inquiry {
  readonly rules: Rules;
  readonly question: Question;
  /** The question in a word: what another one was answered is no answer to it. */
  readonly asked: string;
  readonly remote: Remote & { readonly basic: string | null };
}

async function inquiryOf(root: Root, before: Observed | null): Promise<Inquiry> {
  const { config, host } = root;
  const { repository, policy, tagPrefix } = config;
  const rules = rulesInForce(root, await policyState(root, before));
  const question = {
    channels: [config.channel, rules.channel],
    named: policy !== null && isShared(config, policy) ? [policy.ref] : [],
  };
  const asked = JSON.stringify([redactUrl(repository), tagPrefix, question]);
  return { rules, question, asked, remote: { url: repository, ...(await openAccess(config, host)) } };
}

/** The question that is asked first; null: for all. */
async function narrowed(
  root: Root,
  { rules, question, asked, remote }: Inquiry,
  { before, thorough, at }: Looking & { readonly before: Observed },
): Promise<NarrowQuestion | null> {
  const { machine, config } = root;
  if (thorough || isListingDue(before, { asked, machineId: machine.id, now: at })) return null;
  const { tagPrefix } = config;
  const pinned = rules.pin === null ? [] : namesOf({ kind: 'tag', tag: rules.pin }, tagPrefix);
  return narrowQuestion({
    ...{ refs: before.refs, channel: rules.channel, active: await activeIn(root), tagPrefix },
    withdrawn: rules.tombstones.map(({ tag }) => tag),
    names: [...wantedBy(question).names, ...namesOf(rules.channel, tagPrefix), ...pinned],
    roomBytes: roomFor(remote),
  });
}

/** Whoever decides tells what is wrong with a journal that cannot be read; a question does without. */
async function activeIn(root: Root): Promise<Release | null> {
  try {
    return (await knownUpgrade(root)).active?.release ?? null;
  } catch (error) {
    if (isGitOpsError(error)) return null;
    throw error;
  }
}

/** Whether one question to one repository tells both. */
export function isShared({ repository, credentials }: MachineConfig, policy: PolicySource): boolean {
  return policy.repository === repository && policy.credentials === credentials;
}

/** A login page, or a proxy's, answers the question for refs with none at all. A repository does not lose all of them. */
function unlessEmptied(refs: readonly Ref[], before: Observed | null, { url }: Remote): readonly Ref[] {
  if (refs.length > 0 || before === null || before.refs.length === 0) return refs;
  throw new GitOpsError('SOURCE_UNREACHABLE', `${redactUrl(url)} answers, but with no ref at all`, {
    hint: 'see what answers there: a login page, a proxy, an emptied repository?',
  });
}
