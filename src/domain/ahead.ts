import gtr from 'semver/ranges/gtr.js';
import type { SemVer } from 'semver';
import { compareVersions, isNamed, rankedReleases, versionOf, type Channel } from './channel.js';
import type { Ref, Release } from './release.js';

/** What tells where newer releases may come. */
export interface AheadFacts {
  readonly refs: readonly Ref[];
  readonly channel: Channel;
  readonly active: Release | null;
  /** Tags that are withdrawn. */
  readonly withdrawn: readonly string[];
  readonly tagPrefix: string;
}

/** The beginning of ref names, and whether it has to be asked for: in any case, unless that takes much, or if there is room. */
export interface Wish {
  readonly prefix: string;
  readonly need: 'always' | 'modest' | 'spare';
}

/** How many patches, minors and majors ahead are asked for whatever that takes. */
export const NEAR = 2;
// However much room there is.
const FAR = 12;
// So many of the newest tell whether versions are written with `v`, without, or both.
const NEWEST = 10;

/**
 * The places where a newer release may come, the nearest first: the version itself (its prereleases, builds, and what becomes of it),
 * the next patches, minors and majors. `v1.5` stands for 1.5.0 as for 1.50.3. Null: there is no version to start from.
 */
export function wishesAhead(facts: AheadFacts): Wish[] | null {
  const { channel } = facts;
  if (channel.kind === 'tag' || channel.kind === 'branch' || channel.kind === 'ref') return [];
  const ranked = rankedReleases(channel, facts.refs, facts.tagPrefix);
  const starts = startsOf(ranked, facts);
  if (starts.length === 0) return null;
  const stems = stemsOf(ranked, facts.tagPrefix);
  const range = channel.kind === 'range' ? channel.range : null;
  const rounds = Array.from({ length: FAR + 1 }, (_, round) =>
    starts.flatMap((start) => wishesOf(start, round, range)),
  );
  return rounds.flat().flatMap(({ prefix, need }) => stems.map((stem) => ({ prefix: stem + prefix, need })));
}

/** A version that is there, and which of the numbers behind it may grow. */
interface Start {
  readonly version: SemVer;
  readonly grows: 'major' | 'minor' | 'patch';
}

/**
 * The newest; the newest that is not withdrawn; the newest of the active one's major, for who waits before the next; and the active one:
 * where what is newer is barred, the next patch is for this machine.
 */
function startsOf(ranked: readonly Release[], { active, withdrawn, tagPrefix }: AheadFacts): Start[] {
  const [newest] = ranked;
  if (newest === undefined) return [];
  const sound = ranked.find((release) => !withdrawn.some((tag) => isNamed(release, tag, tagPrefix)));
  const current = active === null ? null : versionOf(active.tag, tagPrefix);
  const near = ranked.find(({ tag }) => versionOf(tag, tagPrefix)?.major === current?.major);
  const isAbove = active !== null && (compareVersions(active, newest, tagPrefix) ?? 0) > 0;
  const starts = [
    ...[newest, sound].map((release) => ({ release, grows: 'major' as const })),
    { release: current === null ? null : near, grows: 'minor' as const },
    { release: active, grows: isAbove ? ('major' as const) : ('patch' as const) },
  ];
  const known = new Map<string, Start>();
  for (const { release, grows } of starts) {
    const version = release == null ? null : versionOf(release.tag, tagPrefix);
    if (version !== null && !known.has(version.version)) known.set(version.version, { version, grows });
  }
  return [...known.values()];
}

function stemsOf(ranked: readonly Release[], tagPrefix: string): string[] {
  const stems = ranked.slice(0, NEWEST).map(({ tag }) => {
    const letter = tag.startsWith('v', tagPrefix.length) ? 'v' : '';
    return `refs/tags/${tagPrefix}${letter}`;
  });
  return [...new Set(stems)];
}

/** What lies so many numbers ahead; nothing of it where all of that is beyond the range. */
function wishesOf({ version, grows }: Start, ahead: number, range: string | null): Wish[] {
  const { major, minor, patch } = version;
  const need = ahead > NEAR ? 'spare' : grows === 'patch' ? 'modest' : 'always';
  if (ahead === 0) return [{ prefix: `${major}.${minor}.${patch}`, need }];
  const places = [
    [`${major}.${minor}.${patch + ahead}`, ''],
    ...(grows === 'patch' ? [] : [[`${major}.${minor + ahead}`, '.0']]),
    ...(grows === 'major' ? [[`${major + ahead}`, '.0.0']] : []),
  ];
  return places.flatMap(([prefix = '', rest = '']) =>
    range !== null && gtr(`${prefix}${rest}-0`, range, { includePrerelease: true }) ? [] : [{ prefix, need }],
  );
}
