import { isVersionTag, type Channel } from './channel.js';
import type { Commit, Instant } from './release.js';

/** What one check of a commit says. */
export type CheckState = 'green' | 'pending' | 'failed';

/** A check run, or a status that something outside has set. */
export interface ForgeCheck {
  readonly name: string;
  readonly state: CheckState;
}

/** What one of the two addresses of a commit's checks told, and its ETag; null where the next question has to be a whole one. */
export interface CheckList {
  readonly etag: string | null;
  readonly checks: readonly ForgeCheck[];
}

/** Check runs are made by apps (Actions among them), statuses are set by whoever has the right. */
export interface CheckLists {
  readonly runs: CheckList;
  readonly statuses: CheckList;
}

/** Which checks a release needs: none, every one there is and at least one, or those of these names. */
export type WantedChecks = 'none' | 'all' | readonly string[];

/** What the checks of a commit come to, and the names of those that keep it from being green. */
export type CheckVerdict =
  | { readonly state: 'green' }
  | { readonly state: 'pending' | 'failed'; readonly names: readonly string[] }
  /** There is no check at all. */
  | { readonly state: 'none' };

/** A release as its forge tells it beside the tag. */
export interface ForgeRelease {
  readonly tag: string;
  readonly title: string;
  readonly notes: string;
  readonly draft: boolean;
  readonly prerelease: boolean;
  /** An ISO time; null: it is not published. */
  readonly publishedAt: string | null;
}

/** What is deployed where, as the forge is told. */
export interface ForgeDeployment {
  readonly commit: Commit;
  readonly environment: string;
  readonly description: string;
}

/** What a worker has read of the forge. The poller never asks it. */
export interface ForgeRecord {
  /** By commit. */
  readonly checks: Readonly<Record<Commit, CheckSight>>;
  readonly latest: LatestSight | null;
  readonly trouble: ForgeTrouble | null;
}

/** The checks of a commit, when they were read, and how often. */
export interface CheckSight extends CheckLists {
  readonly at: Instant;
  readonly times: number;
}

/** The release that the forge calls the latest, or that it has none. */
export interface LatestSight {
  readonly at: Instant;
  readonly etag: string | null;
  readonly release: ForgeRelease | null;
}

/** Why the forge could not be asked, and until when it is left alone. */
export interface ForgeTrouble {
  readonly at: Instant;
  readonly times: number;
  readonly until: Instant;
  /** It asked to be left alone: nobody's hurry counts. */
  readonly limited: boolean;
  readonly problem: string;
}

/** What a decision knows of the forge. */
export type Forge =
  | { readonly at: 'off' }
  | {
      readonly at: 'on';
      readonly wanted: WantedChecks;
      readonly record: ForgeRecord;
      /** Somebody waits: what is due later is asked now. */
      readonly hurried: boolean;
    };

/** A machine that goes by git alone. */
export const NO_FORGE: Forge = { at: 'off' };

/** Nothing was read yet. */
export const NO_FORGE_RECORD: ForgeRecord = { checks: {}, latest: null, trouble: null };

const MINUTE_MS = 60_000;
const WAITS_MS = [1, 2, 4, 8, 15].map((minutes) => minutes * MINUTE_MS);
const LONGEST_MS = 15 * MINUTE_MS;
// A limit is reset within the hour.
const LONGEST_LIMIT_MS = 90 * MINUTE_MS;

/** For how long to wait after so many times in a row: a minute, then ever longer, a quarter of an hour at most. */
export function forgeWaitMs(times: number): number {
  return WAITS_MS[Math.max(0, times - 1)] ?? LONGEST_MS;
}

/** The checks of a commit together: one that failed, then one that is still to come, decides. Of several of one name all count. */
export function judgeChecks(wanted: WantedChecks, checks: readonly ForgeCheck[]): CheckVerdict {
  if (wanted === 'none') return { state: 'green' };
  const asked = wanted === 'all' ? checks : checks.filter(({ name }) => wanted.includes(name));
  const missing = wanted === 'all' ? [] : wanted.filter((name) => !asked.some((each) => each.name === name));
  const failed = namesOf(asked, 'failed');
  if (failed.length > 0) return { state: 'failed', names: failed };
  const pending = [...new Set([...namesOf(asked, 'pending'), ...missing])];
  if (pending.length > 0) return { state: 'pending', names: pending };
  return checks.length === 0 ? { state: 'none' } : { state: 'green' };
}

function namesOf(checks: readonly ForgeCheck[], wanted: CheckState): string[] {
  return [...new Set(checks.filter(({ state }) => state === wanted).map(({ name }) => name))];
}

/** What was read of a commit's checks; null: nothing yet. */
export function sightOf({ checks }: ForgeRecord, commit: Commit): CheckSight | null {
  return Object.hasOwn(checks, commit) ? (checks[commit] ?? null) : null;
}

/** What the checks of a commit come to, as they were read last; null: nobody has asked yet. */
export function checksOf(
  { wanted, record }: Extract<Forge, { at: 'on' }>,
  commit: Commit,
): CheckVerdict | null {
  if (wanted === 'none') return { state: 'green' };
  const sight = sightOf(record, commit);
  return sight === null ? null : judgeChecks(wanted, [...sight.runs.checks, ...sight.statuses.checks]);
}

/** Until when the forge is left alone, after a failure; null: it may be asked. A moment too far away is from before the clock was set back. */
export function quietUntil(forge: Extract<Forge, { at: 'on' }>, now: Instant): Instant | null {
  const { trouble } = forge.record;
  if (trouble === null || trouble.until <= now || trouble.until > now + LONGEST_LIMIT_MS) return null;
  return forge.hurried && !trouble.limited ? null : trouble.until;
}

/** When the checks of a commit are to be read again; null: never, they are green. */
export function checksDueAt(
  forge: Extract<Forge, { at: 'on' }>,
  commit: Commit,
  now: Instant,
): Instant | null {
  const sight = sightOf(forge.record, commit);
  const dueAt = sight === null || forge.hurried || sight.at > now ? now : sight.at + forgeWaitMs(sight.times);
  if (sight !== null && checksOf(forge, commit)?.state === 'green') return null;
  return Math.max(dueAt, quietUntil(forge, now) ?? dueAt);
}

/** Whether the forge is to be asked for its latest release. */
export function isLatestDue(channel: Channel, forge: Forge, now: Instant): boolean {
  if (channel.kind !== 'latest' || forge.at === 'off' || quietUntil(forge, now) !== null) return false;
  const { latest } = forge.record;
  return latest === null || forge.hurried || latest.at > now || latest.at + LONGEST_MS <= now;
}

/** The channel `latest` as the tag that it means by now; as it is where that is not known, or is no release of ours. */
export function withLatest(channel: Channel, forge: Forge, tagPrefix: string): Channel {
  const tag = forge.at === 'on' ? forge.record.latest?.release?.tag : undefined;
  if (channel.kind !== 'latest' || tag === undefined || !isVersionTag(tag, tagPrefix)) return channel;
  return { kind: 'tag', tag };
}

/** Why the channel `latest` offers nothing. */
export function whyNoLatest(forge: Forge, tagPrefix: string): string {
  if (forge.at === 'off')
    return 'the channel latest is the release that GitHub calls the latest: say in gitops.json how to ask, "github": true';
  const { latest, trouble } = forge.record;
  if (latest === null)
    return trouble === null
      ? 'GitHub is still to be asked for its latest release'
      : `GitHub could not be asked for its latest release: ${trouble.problem}`;
  if (latest.release === null) return 'GitHub has no latest release: publish one there';
  const of = tagPrefix === '' ? '' : ` after the prefix "${tagPrefix}"`;
  return `GitHub's latest release ${latest.release.tag} has no version in its tag${of}`;
}

/** What people should know of the forge though it holds nothing back: what it calls the latest may be old. */
export function forgeNotes(forge: Forge): string[] {
  if (forge.at === 'off' || forge.record.trouble === null || forge.record.latest === null) return [];
  return [`GitHub could not be asked anew for its latest release: ${forge.record.trouble.problem}`];
}
