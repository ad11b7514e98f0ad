import compareBuild from 'semver/functions/compare-build.js';
import parse from 'semver/functions/parse.js';
import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import type { SemVer } from 'semver';
import { isRefName, type Ref, type Release } from './release.js';

/** A rule that picks one release among the refs of the source. */
export type Channel =
  | { readonly kind: 'stable' }
  /** The release that the forge calls the latest. */
  | { readonly kind: 'latest' }
  | { readonly kind: 'prerelease'; readonly id: string }
  | { readonly kind: 'range'; readonly range: string }
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'branch'; readonly branch: string }
  | { readonly kind: 'ref'; readonly ref: string };

/** A channel that picks by version. */
type VersionChannel = Extract<Channel, { kind: 'stable' | 'range' | 'prerelease' }>;
type MaturityChannel = Extract<Channel, { kind: 'prerelease' }>;

/** What a channel picked, or why it picked nothing. */
export type Choice =
  | { readonly found: true; readonly release: Release }
  | { readonly found: false; readonly reason: 'unknownChannel' | 'noRelease'; readonly detail: string };

/** A tag that names a version. */
interface VersionTag {
  readonly release: Release;
  readonly version: SemVer;
}

const TAGS = 'refs/tags/';
const HEADS = 'refs/heads/';
// From raw to ripe. An id that is not listed is only as ripe as itself.
const MATURITY = ['alpha', 'beta', 'rc'];
const IDENTIFIER = /^[a-z][a-z-]*$/i;

/** Reads a channel as people write it, or null if it is none: `stable`, `beta`, `1.x`, `v1.4.2`, `branch:main`, `ref:release/stable`. */
export function parseChannel(text: string): Channel | null {
  const written = text.trim();
  if (written === '') return null;
  if (written === 'stable' || written === 'latest') return { kind: written };
  if (written.startsWith('branch:'))
    return refName(written.slice(7), (branch) => ({ kind: 'branch', branch }));
  if (written.startsWith('ref:')) return refName(written.slice(4), (ref) => ({ kind: 'ref', ref }));
  if (parse(written) !== null || isPrefixedVersion(written)) return { kind: 'tag', tag: written };
  if (IDENTIFIER.test(written) && validRange(written) === null) return { kind: 'prerelease', id: written };
  return validRange(written) === null ? null : { kind: 'range', range: written };
}

/** The forms that `parseChannel` takes, for error messages. */
export const CHANNEL_FORMS =
  'stable, beta (or another prerelease id), latest (with github), a range like 1.x or ^2.3, a tag like v1.4.2, branch:NAME, ref:NAME';

/** Picks the channel's release among the refs of the source. What is no semver version is no release. */
export function chooseRelease(channel: Channel, refs: readonly Ref[], tagPrefix: string): Choice {
  switch (channel.kind) {
    case 'branch':
      return byRef(refs, namesOf(channel, tagPrefix), `branch ${channel.branch}`);
    case 'ref':
      return byRef(refs, namesOf(channel, tagPrefix), `ref ${channel.ref}`);
    case 'tag':
      return byTag(channel.tag, refs, tagPrefix);
    case 'latest':
      return {
        found: false,
        reason: 'noRelease',
        detail: 'which release GitHub calls the latest is not known',
      };
    case 'stable':
      return highest(rankedOnce(channel, refs, tagPrefix), 'the channel stable');
    case 'range':
      return highest(rankedOnce(channel, refs, tagPrefix), `the range ${channel.range}`);
    case 'prerelease':
      return byMaturity(channel, refs, tagPrefix);
  }
}

/**
 * Every release that a channel admits, the one that it picks first. A channel that names a tag, a branch or a ref admits one;
 * versions that two tags spell are there twice.
 */
export function rankedReleases(
  channel: Channel,
  refs: readonly Ref[],
  tagPrefix: string,
): readonly Release[] {
  switch (channel.kind) {
    case 'stable':
    case 'range':
    case 'prerelease':
      return rankedOnce(channel, refs, tagPrefix);
    case 'latest':
    case 'tag':
    case 'branch':
    case 'ref': {
      const choice = chooseRelease(channel, refs, tagPrefix);
      return choice.found ? [choice.release] : [];
    }
  }
}

/** Whether a channel would take a release, if there were no higher one. */
export function admits(channel: Channel, release: Release, tagPrefix: string): boolean {
  const name = release.ref ?? TAGS + release.tag;
  return rankedReleases(channel, [{ name, commit: release.commit }], tagPrefix).length > 0;
}

/** The full names of the refs that a channel may mean, in the order in which they are tried; none for one that picks by version. */
export function namesOf(channel: Channel, tagPrefix: string): string[] {
  switch (channel.kind) {
    case 'branch':
      return [HEADS + channel.branch];
    case 'ref':
      return [channel.ref, TAGS + channel.ref, HEADS + channel.ref, `refs/${channel.ref}`];
    case 'tag':
      return tagNames(channel.tag, tagPrefix);
    default:
      return [];
  }
}

/** Finds the release that a person named: a tag, with or without `v` or the prefix. */
export function findTag(name: string, refs: readonly Ref[], tagPrefix: string): Release | null {
  const choice = byRef(refs, tagNames(name, tagPrefix), '');
  return choice.found ? choice.release : null;
}

/** Whether a person who writes `name` means this release: with or without `v` or the prefix. */
export function isNamed({ tag, commit, ref }: Release, name: string, tagPrefix: string): boolean {
  return findTag(name, [{ name: ref ?? TAGS + tag, commit }], tagPrefix) !== null;
}

/** Orders two releases by version: negative if `a` is lower. Null if one of them has no version (branches, refs). */
export function compareVersions(a: Release, b: Release, tagPrefix: string): number | null {
  const [left, right] = [versionOf(a.tag, tagPrefix), versionOf(b.tag, tagPrefix)];
  return left === null || right === null ? null : compareBuild(left, right);
}

/** Whether going from one release to another crosses a major version, upwards; a release without a version crosses none. */
export function isMajorStep(from: Release | null, to: Release, tagPrefix: string): boolean {
  const [before, after] = [from, to].map((release) =>
    release === null ? null : versionOf(release.tag, tagPrefix),
  );
  return before != null && after != null && after.major > before.major;
}

/** Whether a release is at least as high as the highest so far: one without a version never is, and with nothing to compare any version is. */
export function ranksAtLeast(release: Release, highest: Release | null, tagPrefix: string): boolean {
  if (!isVersionTag(release.tag, tagPrefix)) return highest === null;
  const order = highest === null ? null : compareVersions(release, highest, tagPrefix);
  return order === null || order >= 0;
}

/** Whether a tag names a version, so that it must never move. */
export function isVersionTag(tag: string, tagPrefix: string): boolean {
  return versionOf(tag, tagPrefix) !== null;
}

/** The highest version tags, for "its newest are". */
export function newestTags(refs: readonly Ref[], tagPrefix: string, count: number): string[] {
  const sorted = versionTags(refs, tagPrefix).sort(byVersion).reverse();
  return sorted.slice(0, count).map((tag) => tag.release.tag);
}

function byRef(refs: readonly Ref[], names: readonly string[], what: string): Choice {
  const ref = names.flatMap((name) => refs.filter((candidate) => candidate.name === name)).at(0);
  if (ref === undefined)
    return { found: false, reason: 'noRelease', detail: `the repository has no ${what}` };
  return { found: true, release: { tag: shortName(ref.name), commit: ref.commit, ref: ref.name } };
}

/** The refs that a person may mean by a tag, in the order in which they are tried. */
function tagNames(name: string, tagPrefix: string): string[] {
  // Without the prefix the name belongs to another package of the repository, so it is tried last.
  const bare = name.startsWith(tagPrefix) ? name.slice(tagPrefix.length) : name;
  const names = [bare, bare.replace(/^v/, ''), `v${bare}`].map((version) => tagPrefix + version);
  return names.concat(name).map((tag) => TAGS + tag);
}

function byTag(name: string, refs: readonly Ref[], tagPrefix: string): Choice {
  const choice = byRef(refs, tagNames(name, tagPrefix), `tag ${name}`);
  if (choice.found) return choice;
  const known = newestTags(refs, tagPrefix, 5);
  const detail = known.length === 0 ? choice.detail : `${choice.detail}; its newest are ${known.join(', ')}`;
  return { ...choice, detail };
}

function byMaturity(channel: MaturityChannel, refs: readonly Ref[], tagPrefix: string): Choice {
  const { id } = channel;
  const isKnown = (): boolean => versionTags(refs, tagPrefix).some((tag) => prereleaseId(tag.version) === id);
  if (!MATURITY.includes(id) && !isKnown()) {
    return {
      found: false,
      reason: 'unknownChannel',
      detail: `"${id}" is no channel: no tag of the repository has that prerelease id`,
    };
  }
  return highest(rankedOnce(channel, refs, tagPrefix), `the channel ${id}`);
}

// Of each listing, by channel and prefix: a poller decides again and again by the same one.
const rankings = new WeakMap<readonly Ref[], Map<string, readonly Release[]>>();

function rankedOnce(channel: VersionChannel, refs: readonly Ref[], tagPrefix: string): readonly Release[] {
  const known = rankings.get(refs) ?? new Map<string, readonly Release[]>();
  const key = JSON.stringify([channel, tagPrefix]);
  const found = known.get(key) ?? ranked(versionTags(refs, tagPrefix), (tag) => isFitting(tag, channel));
  rankings.set(refs, known.set(key, found));
  return found;
}

function isFitting(tag: VersionTag, channel: VersionChannel): boolean {
  if (channel.kind === 'stable') return isFinal(tag);
  return channel.kind === 'range' ? satisfies(tag.version, channel.range) : isRipeEnough(tag, channel.id);
}

function highest([best]: readonly Release[], what: string): Choice {
  return best === undefined
    ? { found: false, reason: 'noRelease', detail: `no tag of the repository fits ${what}` }
    : { found: true, release: best };
}

function ranked(tags: readonly VersionTag[], accepts: (tag: VersionTag) => boolean): Release[] {
  const fitting = tags.filter(accepts).sort(byVersion);
  return fitting.reverse().map(({ release }) => release);
}

function isRipeEnough(tag: VersionTag, id: string): boolean {
  return isFinal(tag) || isAsRipe(prereleaseId(tag.version), id);
}

/** Ascending; of two spellings of one version (`1.2.0`, `v1.2.0`) the later in the alphabet wins, the same on every machine. */
function byVersion(a: VersionTag, b: VersionTag): number {
  return compareBuild(a.version, b.version) || (a.release.tag < b.release.tag ? -1 : 1);
}

function versionTags(refs: readonly Ref[], tagPrefix: string): VersionTag[] {
  return refs.flatMap(({ name, commit }) => {
    if (!name.startsWith(TAGS)) return [];
    const tag = name.slice(TAGS.length);
    const version = versionOf(tag, tagPrefix);
    return version === null ? [] : [{ release: { tag, commit, ref: name }, version }];
  });
}

/** The version that a tag names, or null. */
export function versionOf(tag: string, tagPrefix: string): SemVer | null {
  return tag.startsWith(tagPrefix) ? parse(tag.slice(tagPrefix.length)) : null;
}

function isFinal({ version }: VersionTag): boolean {
  return version.prerelease.length === 0;
}

/** `beta` for `1.0.0-beta.2` and `1.0.0-beta2`; null where the prerelease begins with a number. */
function prereleaseId(version: SemVer): string | null {
  const first = version.prerelease.at(0);
  return typeof first === 'string' ? (/^[A-Za-z]+(?:-[A-Za-z]+)*/.exec(first)?.[0] ?? null) : null;
}

function isAsRipe(id: string | null, wanted: string): boolean {
  if (id === null) return false;
  if (id === wanted) return true;
  return MATURITY.includes(wanted) && MATURITY.indexOf(id) > MATURITY.indexOf(wanted);
}

function isPrefixedVersion(text: string): boolean {
  const at = text.lastIndexOf('@');
  return at > 0 && parse(text.slice(at + 1)) !== null;
}

function refName(name: string, make: (name: string) => Channel): Channel | null {
  return isRefName(name) ? make(name) : null;
}

function shortName(ref: string): string {
  return ref.replace(/^refs\/(tags\/|heads\/)?/, '');
}
