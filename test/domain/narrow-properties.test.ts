import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { SemVer } from 'semver';
import { NEAR } from '../../src/domain/ahead.js';
import {
  chooseRelease,
  parseChannel,
  rankedReleases,
  versionOf,
  type Channel,
} from '../../src/domain/channel.js';
import {
  bytesOf,
  isAsExpected,
  isListingDue,
  LISTING_EVERY_MS,
  narrowQuestion,
} from '../../src/domain/narrow.js';
import { afterLook, afterQuietLook, type Observed } from '../../src/domain/observed.js';
import type { Ref, Release } from '../../src/domain/release.js';
import { answerTo, CROWD, factsOf, ROOM_BYTES } from './narrow-facts.js';
import { commit, release, tagRefs } from './releases.js';

const RUNS = { numRuns: 400 };

/** What a repository has: tags by their names, and what they reach. */
type Tags = ReadonlyMap<string, number>;

function refsOf(tags: Tags): Ref[] {
  const names = [...CROWD.map((name) => [name, 1] as const), ...tags].sort(([a], [b]) => (a < b ? -1 : 1));
  return names.map(([name, n]) => ({
    ...{ name: `refs/tags/${name}`, commit: commit(n) },
    ...(n % 2 === 0 ? { object: commit(100 + n) } : {}),
  }));
}

/** Independently of how the question is made: where a release must be seen at once, so many numbers beyond the newest. */
function isNear(version: SemVer, newest: SemVer): boolean {
  const [major, minor, patch] = [
    version.major - newest.major,
    version.minor - newest.minor,
    version.patch - newest.patch,
  ];
  if (major > 0) return major <= NEAR;
  if (major === 0 && minor > 0) return minor <= NEAR;
  return major === 0 && minor === 0 && patch >= 0 && patch <= NEAR;
}

const number = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 120 }));
const anyVersion = fc
  .tuple(
    number,
    number,
    number,
    fc.constantFrom('', '', '', '-alpha', '-beta.1', '-beta.2', '-beta.10', '-rc.1', '-5', '+b1'),
  )
  .map(([major, minor, patch, rest]) => `${major}.${minor}.${patch}${rest}`);
const NOISE = ['latest', 'v1', 'v.2.1.3', 'v1.5', 'api@x', 'constructor'];
/** Of one spelling, as a repository has them; other packages and other words beside. */
const anyTags = (stem: string, most = 30): fc.Arbitrary<Tags> =>
  fc
    .uniqueArray(
      fc.tuple(
        fc.oneof(
          { weight: 8, arbitrary: anyVersion.map((version) => stem + version) },
          { weight: 1, arbitrary: anyVersion.map((version) => `web@${version}`) },
          { weight: 1, arbitrary: fc.constantFrom(...NOISE) },
        ),
        fc.integer({ min: 1, max: 9 }),
      ),
      { selector: ([name]) => name, maxLength: most },
    )
    .map((tags) => new Map(tags));
const CHANNELS = [
  'stable',
  'beta',
  'rc',
  'alpha',
  '1.x',
  '^2.3',
  '>=1.2 <2',
  '~1.4',
  '*',
  '1.x || 3.x',
  '>=2.0.0-beta.1 <2.0.0-rc.5',
];
const anyChannel = fc.constantFrom(...CHANNELS).map((text) => parseChannel(text) ?? assert.fail(text));
const anyStem = fc.constantFrom(
  ['', ''] as const,
  ['', 'v'] as const,
  ['api@', ''] as const,
  ['api@', 'v'] as const,
);
/** What is there, and what becomes of it: tags that are new, moved or gone. */
const anyChange = anyStem.chain(([tagPrefix, letter]) =>
  fc.record({
    tagPrefix: fc.constant(tagPrefix),
    letter: fc.constant(letter),
    before: anyTags(tagPrefix + letter),
    pushed: anyTags(tagPrefix + letter, 3),
    gone: fc.array(fc.nat(), { maxLength: 2 }),
    channel: anyChannel,
  }),
);

function changed(before: Tags, pushed: Tags, gone: readonly number[]): Tags {
  const after = new Map([...before, ...pushed]);
  for (const index of gone) after.delete([...before.keys()][index % Math.max(before.size, 1)] ?? '');
  return after;
}

function changedNames(before: readonly Ref[], after: readonly Ref[]): string[] {
  const ids = (refs: readonly Ref[]) =>
    new Map(refs.map(({ name, commit: id, object }) => [name, object ?? id]));
  const [old, now] = [ids(before), ids(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((name) => old.get(name) !== now.get(name));
}

test('whatever changes near the newest release of a channel changes the answer: all is asked for', () => {
  let near = 0;
  fc.assert(
    fc.property(anyChange, ({ tagPrefix, letter, before, pushed, gone, channel }) => {
      const [old, now] = [refsOf(before), refsOf(changed(before, pushed, gone))];
      const question = narrowQuestion(factsOf(old, channel, { tagPrefix }));
      const [newest] = rankedReleases(channel, old, tagPrefix);
      if (question === null || newest === undefined) return;
      const start = versionOf(newest.tag, tagPrefix) ?? assert.fail();
      const matters = (tag: string): boolean => {
        const version = tag.startsWith(tagPrefix + letter) ? versionOf(tag, tagPrefix) : null;
        const fits = rankedReleases(channel, tagRefs(tag), tagPrefix).length > 0;
        return version !== null && fits && isNear(version, start);
      };
      const names = changedNames(old, now).map((name) => name.slice('refs/tags/'.length));
      const chosenBefore = chooseRelease(channel, old, tagPrefix);
      const chosenAfter = chooseRelease(channel, now, tagPrefix);
      const isChanged = !isAsExpected(question, answerTo(question, now));
      if (names.some(matters)) {
        near += 1;
        assert.ok(isChanged, names.join(' '));
      }
      // What the channel picks has moved, or is gone: that is always near.
      if (names.includes(newest.tag)) assert.ok(isChanged, `${newest.tag} is what it was no more`);
      if (!chosenAfter.found) assert.ok(isChanged || !chosenBefore.found);
    }),
    RUNS,
  );
  assert.ok(near > 20, `${near} changes were near`);
});

test('a repository in which nothing has changed answers as expected, whatever there is', () => {
  fc.assert(
    fc.property(anyChange, fc.nat(), fc.boolean(), ({ tagPrefix, before, channel }, index, isOn) => {
      const refs = refsOf(before);
      const ranked = rankedReleases({ kind: 'range', range: '*' }, refs, tagPrefix);
      const active = isOn ? (ranked[index % Math.max(ranked.length, 1)] ?? null) : null;
      const question = narrowQuestion(factsOf(refs, channel, { tagPrefix, active }));
      if (question !== null) assert.ok(isAsExpected(question, answerTo(question, refs)));
    }),
    RUNS,
  );
});

test('the bytes of a question and its answer are bounded, whatever there is', () => {
  fc.assert(
    fc.property(anyChange, ({ tagPrefix, before, channel }) => {
      const refs = refsOf(before);
      const question = narrowQuestion(factsOf(refs, channel, { tagPrefix }));
      if (question === null) return;
      assert.ok(bytesOf(question) <= 65_536);
      assert.ok(bytesOf(question) <= refs.length * 70, 'it is no more than half of all');
    }),
    RUNS,
  );
  for (const [majors, minors, patches] of [
    [3, 10, 4],
    [10, 10, 10],
    [10, 31, 32],
  ] as const) {
    const tags = Array.from({ length: majors * minors * patches }, (_, n) => {
      const [patch, rest] = [n % patches, Math.floor(n / patches)];
      return `v${Math.floor(rest / minors)}.${rest % minors}.${patch}`;
    });
    const refs = tagRefs(...tags.map((tag) => tag));
    const newest = release(tags.at(-1) ?? '', 1);
    for (const channel of ['stable', 'beta', `${majors - 1}.x`])
      for (const active of [null, newest]) {
        const facts = factsOf(refs, parseChannel(channel) ?? assert.fail(), { active });
        const question = narrowQuestion(facts) ?? assert.fail(`${tags.length} tags, ${channel}`);
        assert.ok(
          bytesOf(question) <= ROOM_BYTES,
          `${tags.length} tags, ${channel}: ${bytesOf(question)} bytes`,
        );
      }
  }
  const nightlies = Array.from({ length: 2_000 }, (_, n) => `v1.5.0-nightly.${n}`);
  assert.equal(
    narrowQuestion(factsOf(tagRefs('v1.4.0', ...nightlies), { kind: 'stable' })),
    null,
    'half of all',
  );
});

/** A machine that looks every five minutes at what the repository has by then. */
class Looker {
  #observed: Observed | null = null;
  #wholes = 0;
  readonly #channel: Channel;
  readonly #tagPrefix: string;

  constructor(channel: Channel, tagPrefix: string) {
    this.#channel = channel;
    this.#tagPrefix = tagPrefix;
  }

  get wholes(): number {
    return this.#wholes;
  }

  look(refs: readonly Ref[], now: number): Release | null {
    const before = this.#observed;
    const [asked, tagPrefix] = [JSON.stringify(this.#channel), this.#tagPrefix];
    const isDue = before === null || isListingDue(before, { asked, machineId: 'm', now });
    const question = isDue ? null : narrowQuestion(factsOf(before.refs, this.#channel, { tagPrefix }));
    const isQuiet = question !== null && isAsExpected(question, answerTo(question, refs));
    this.#wholes += isQuiet ? 0 : 1;
    this.#observed =
      isQuiet && before !== null
        ? afterQuietLook(before, { turn: now, at: now })
        : afterLook(before, refs, { turn: now, at: now, tagPrefix, asked });
    const choice = chooseRelease(this.#channel, this.#observed.refs, tagPrefix);
    return choice.found ? choice.release : null;
  }
}

test('whatever is pushed, a machine has within six hours what a listing of all would choose', () => {
  const anyHistory = anyStem.chain(([tagPrefix, letter]) =>
    fc.record({
      tagPrefix: fc.constant(tagPrefix),
      channel: anyChannel,
      start: anyTags(tagPrefix + letter, 20),
      // A history goes on in the other spelling, too.
      pushes: fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: 12 }),
          fc.constantFrom('', 'v').chain((other) => anyTags(tagPrefix + other, 2)),
          fc.array(fc.nat(), { maxLength: 1 }),
        ),
        { maxLength: 6 },
      ),
    }),
  );
  fc.assert(
    fc.property(anyHistory, ({ tagPrefix, channel, start, pushes }) => {
      const looker = new Looker(channel, tagPrefix);
      let [now, tags] = [1e12, start];
      const rest = (hours: number, refs: readonly Ref[]): Release | null => {
        let chosen: Release | null = null;
        for (const end = now + hours * 3_600_000; now < end; now += 300_000) chosen = looker.look(refs, now);
        return chosen;
      };
      for (const [hours, pushed, gone] of pushes) {
        rest(hours, refsOf(tags));
        tags = changed(tags, pushed, gone);
      }
      const refs = refsOf(tags);
      const chosen = rest(LISTING_EVERY_MS / 3_600_000 + 0.1, refs);
      const choice = chooseRelease(channel, refs, tagPrefix);
      assert.deepEqual(chosen?.tag ?? null, choice.found ? choice.release.tag : null);
    }),
    { numRuns: 60 },
  );
});
