import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import prerelease from 'semver/functions/prerelease.js';
import {
  chooseRelease,
  ranksAtLeast,
  compareVersions,
  findTag,
  isVersionTag,
  newestTags,
  parseChannel,
  type Channel,
  type Choice,
} from '../../src/domain/channel.js';
import type { Ref } from '../../src/domain/release.js';
import { commit, release, tagRefs } from './releases.js';

test('channels are read as people write them', () => {
  const table: [string, Channel | null][] = [
    ['stable', { kind: 'stable' }],
    [' stable ', { kind: 'stable' }],
    ['beta', { kind: 'prerelease', id: 'beta' }],
    ['next-gen', { kind: 'prerelease', id: 'next-gen' }],
    ['1.x', { kind: 'range', range: '1.x' }],
    ['^2.3', { kind: 'range', range: '^2.3' }],
    ['>=1.2 <2', { kind: 'range', range: '>=1.2 <2' }],
    ['*', { kind: 'range', range: '*' }],
    ['v1.4.2', { kind: 'tag', tag: 'v1.4.2' }],
    ['1.4.2', { kind: 'tag', tag: '1.4.2' }],
    ['1.4.2-rc.1+build.5', { kind: 'tag', tag: '1.4.2-rc.1+build.5' }],
    ['api@1.4.2', { kind: 'tag', tag: 'api@1.4.2' }],
    ['@scope/api@v1.4.2', { kind: 'tag', tag: '@scope/api@v1.4.2' }],
    ['branch:main', { kind: 'branch', branch: 'main' }],
    ['branch:feature/x', { kind: 'branch', branch: 'feature/x' }],
    ['ref:release/stable', { kind: 'ref', ref: 'release/stable' }],
    ['', null],
    ['branch:', null],
    ['branch:a b', null],
    ['branch:--upload-pack=x', null],
    ['branch:a..b', null],
    ['branch:/a', null],
    ['branch:a.lock', null],
    ['ref:a^{}', null],
    ['ref:a:b', null],
    ['ref:a*', null],
    ['not a channel', null],
    ['1.2.3.4', null],
    ['v.2.1.3', null],
  ];
  for (const [text, expected] of table) assert.deepEqual(parseChannel(text), expected, `"${text}"`);
});

/** Channel, tags of the repository, the tag that it picks; `tagPrefix` if there is one. */
type Pick = [string, string[], string | null, string?];

const PICKS: Record<string, Pick[]> = {
  'a beta becomes its final release': [
    ['beta', ['v1.0.0', 'v1.1.0-beta.1'], 'v1.1.0-beta.1'],
    ['stable', ['v1.0.0', 'v1.1.0-beta.1'], 'v1.0.0'],
    ['beta', ['v1.0.0', 'v1.1.0-beta.1', 'v1.1.0'], 'v1.1.0'],
    ['stable', ['v1.0.0', 'v1.1.0-beta.1', 'v1.1.0'], 'v1.1.0'],
  ],
  'versions are numbers, not text': [
    ['rc', ['v1.0.0-rc.9', 'v1.0.0-rc.10'], 'v1.0.0-rc.10'],
    ['stable', ['v1.9.0', 'v1.10.0'], 'v1.10.0'],
  ],
  'only a more mature prerelease is good enough': [
    ['alpha', ['v1.0.0-alpha.1', 'v1.0.0-beta.1', 'v1.0.0-rc.1'], 'v1.0.0-rc.1'],
    ['beta', ['v1.0.0-beta.1', 'v1.1.0-alpha.1'], 'v1.0.0-beta.1'],
    ['rc', ['v1.0.0', 'v1.1.0-beta.1', 'v1.1.0-alpha.2'], 'v1.0.0'],
    ['beta', ['v1.0.0', 'v1.1.0-canary.1'], 'v1.0.0'],
    ['canary', ['v1.0.0', 'v1.1.0-canary.1', 'v1.2.0-rc.1'], 'v1.1.0-canary.1'],
    ['beta', ['v1.0.0-beta2'], 'v1.0.0-beta2'],
    ['beta', ['v1.0.0', 'v1.1.0-0'], 'v1.0.0'],
  ],
  'a dated prerelease never reaches stable': [
    ['stable', ['v1.0.0', 'v2026.5.24-alpha.1'], 'v1.0.0'],
    ['stable', ['v2026.5.24-alpha.1'], null],
    ['alpha', ['v1.0.0', 'v2026.5.24-alpha.1'], 'v2026.5.24-alpha.1'],
  ],
  'what is no version is ignored': [
    ['stable', ['list', 'v.2.1.3', 'v1.0', '1', 'v01.2.3', 'latest', 'v1.0.0'], 'v1.0.0'],
    ['stable', ['list', 'v.2.1.3'], null],
    ['stable', [], null],
    ['stable', ['release-9.0.0', 'x@9.0.0', 'v9.0.0/x', 'v1.0.0'], 'v1.0.0'],
  ],
  'tags with and without v are releases, and of two spellings of one version all machines pick the same': [
    ['stable', ['v1.0.0', '1.1.0'], '1.1.0'],
    ['stable', ['1.0.0', 'v1.1.0'], 'v1.1.0'],
    ['stable', ['1.1.0', 'v1.1.0'], 'v1.1.0'],
    ['stable', ['v1.1.0', '1.1.0'], 'v1.1.0'],
  ],
  'build metadata orders releases of one version': [
    ['stable', ['v1.0.0+2', 'v1.0.0+10', 'v1.0.0'], 'v1.0.0+10'],
    ['stable', ['v1.0.0+build.9', 'v1.0.1'], 'v1.0.1'],
  ],
  'ranges keep a machine on its line': [
    ['1.x', ['v0.9.0', 'v1.2.0', 'v1.10.0', 'v2.0.0'], 'v1.10.0'],
    ['^2.3', ['v2.2.9', 'v2.4.0', 'v3.0.0'], 'v2.4.0'],
    ['>=1.2 <2', ['v1.1.0', 'v1.2.0', 'v2.0.0'], 'v1.2.0'],
    ['^2.3', ['v2.2.9'], null],
    ['1.x', ['v1.0.0', 'v1.1.0-rc.1'], 'v1.0.0'],
    ['>=1.1.0-rc.0', ['v1.0.0', 'v1.1.0-rc.1'], 'v1.1.0-rc.1'],
  ],
  'a tag is followed to the letter, with or without v': [
    ['v1.0.0', ['v1.0.0', 'v1.1.0'], 'v1.0.0'],
    ['1.0.0', ['v1.0.0', 'v1.1.0'], 'v1.0.0'],
    ['v1.0.0', ['1.0.0', 'v1.1.0'], '1.0.0'],
    ['1.0.0', ['1.0.0', 'v1.0.0'], '1.0.0'],
    ['v1.0.0', ['v1.0.0-rc.1', 'v1.0.0+1'], null],
  ],
  'a prefix selects the tags of one package': [
    ['stable', ['v9.0.0', 'web@8.0.0', 'api@1.0.0', 'api@v1.1.0'], 'api@v1.1.0', 'api@'],
    ['stable', ['v9.0.0', 'web@8.0.0', 'api@1.0.0'], 'v9.0.0'],
    ['beta', ['api@1.0.0', 'api@1.1.0-beta.1', 'web@2.0.0-beta.1'], 'api@1.1.0-beta.1', 'api@'],
    ['1.x', ['api@1.0.0', 'api@2.0.0', 'web@1.9.0'], 'api@1.0.0', 'api@'],
    ['1.0.0', ['web@1.0.0', 'api@1.0.0'], 'api@1.0.0', 'api@'],
    ['v1.0.0', ['web@1.0.0', 'api@1.0.0'], 'api@1.0.0', 'api@'],
    ['1.0.0', ['api@v1.0.0'], 'api@v1.0.0', 'api@'],
    ['api@1.0.0', ['web@1.0.0', 'api@1.0.0'], 'api@1.0.0', 'api@'],
    ['stable', ['v1.0.0'], null, 'api@'],
  ],
};

for (const [story, picks] of Object.entries(PICKS)) {
  test(story, () => {
    for (const [channel, tags, expected, tagPrefix = ''] of picks)
      assert.equal(
        tagOf(choose(channel, tagRefs(...tags), tagPrefix)),
        expected,
        `${channel} of ${tags.join(' ')}`,
      );
  });
}

test('a prerelease id that no tag has is no channel, and the three usual ones always are', () => {
  const refs = tagRefs('v1.0.0', 'v1.1.0-canary.1');
  const nightly = choose('nightly', refs);
  assert.ok(!nightly.found && nightly.reason === 'unknownChannel');
  assert.match(nightly.detail, /"nightly" is no channel/);
  for (const id of ['alpha', 'beta', 'rc', 'canary']) assert.ok(choose(id, refs).found, id);
  const none = choose('rc', []);
  assert.ok(!none.found && none.reason === 'noRelease');
});

test('branches and refs are followed by their name alone', () => {
  const refs: Ref[] = [
    { name: 'refs/heads/main', commit: commit(1) },
    { name: 'refs/heads/main2', commit: commit(2) },
    { name: 'refs/tags/main', commit: commit(3) },
    { name: 'refs/heads/release/stable', commit: commit(4) },
    { name: 'refs/deploy/prod', commit: commit(5) },
  ];
  const table: [string, string, number][] = [
    ['branch:main', 'main', 1],
    ['branch:release/stable', 'release/stable', 4],
    ['ref:main', 'main', 3],
    ['ref:refs/heads/main', 'main', 1],
    ['ref:release/stable', 'release/stable', 4],
    ['ref:deploy/prod', 'deploy/prod', 5],
  ];
  for (const [channel, tag, n] of table) {
    const choice = choose(channel, refs);
    assert.ok(choice.found, channel);
    assert.deepEqual([choice.release.tag, choice.release.commit], [tag, commit(n)], channel);
    assert.ok(refs.some(({ name }) => name === choice.release.ref));
  }
  assert.equal(tagOf(choose('branch:gone', refs)), null);
});

test('a tag that is not there is told with the newest that are', () => {
  const choice = choose('v3.0.0', tagRefs('v1.0.0', 'v1.10.0', 'v1.9.0', 'list'));
  assert.ok(!choice.found);
  assert.equal(choice.detail, 'the repository has no tag v3.0.0; its newest are v1.10.0, v1.9.0, v1.0.0');
  assert.deepEqual(newestTags(tagRefs('v1.0.0', 'v1.10.0', 'v1.9.0'), '', 2), ['v1.10.0', 'v1.9.0']);
  assert.equal(findTag('1.0.0', tagRefs('v1.0.0'), '')?.tag, 'v1.0.0');
  assert.equal(findTag('1.0.1', tagRefs('v1.0.0'), ''), null);
});

test('releases are compared by version; what has none cannot be compared', () => {
  const table: [string, string, string, number | null][] = [
    ['v1.0.0', 'v1.0.1', '', -1],
    ['v1.10.0', 'v1.9.0', '', 1],
    ['v1.0.0', '1.0.0', '', 0],
    ['v1.0.0-rc.1', 'v1.0.0', '', -1],
    ['v1.0.0+2', 'v1.0.0+1', '', 1],
    ['main', 'v1.0.0', '', null],
    ['api@2.0.0', 'api@1.0.0', 'api@', 1],
    ['api@2.0.0', 'v1.0.0', 'api@', null],
  ];
  for (const [a, b, prefix, expected] of table)
    assert.equal(compareVersions(release(a, 1), release(b, 2), prefix), expected, `${a} ${b}`);
});

test('only tags that name a version must never move', () => {
  const table: [string, string, boolean][] = [
    ['v1.0.0', '', true],
    ['1.0.0-rc.1+b', '', true],
    ['latest', '', false],
    ['release/stable', '', false],
    ['api@1.0.0', '', false],
    ['api@1.0.0', 'api@', true],
    ['v1.0.0', 'api@', false],
  ];
  for (const [tag, prefix, expected] of table) assert.equal(isVersionTag(tag, prefix), expected, tag);
});

const version = fc
  .tuple(
    fc.constantFrom('v', ''),
    fc.tuple(fc.nat(3), fc.nat(12), fc.nat(3)).map((numbers) => numbers.join('.')),
    fc.constantFrom('', '', '-alpha.1', '-beta.2', '-beta.10', '-rc.1', '-0', '-canary'),
    fc.constantFrom('', '', '', '+7'),
  )
  .map((parts) => parts.join(''));
const anyTags = fc.uniqueArray(
  fc.oneof({ weight: 9, arbitrary: version }, fc.constantFrom('list', 'v.1.2.3')),
  {
    maxLength: 25,
  },
);
const byVersion = fc.constantFrom('stable', 'alpha', 'beta', 'rc', '1.x', '>=1.2.0-beta.1', '^2.3');

test('whatever is tagged: the choice does not depend on the order of the refs', () => {
  const shuffled = anyTags.chain((tags) =>
    fc.tuple(fc.constant(tags), fc.shuffledSubarray(tags, { minLength: tags.length })),
  );
  fc.assert(
    fc.property(shuffled, byVersion, ([tags, other], channel) => {
      assert.equal(tagOf(choose(channel, tagRefs(...other))), tagOf(choose(channel, tagRefs(...tags))));
    }),
  );
});

test('with a prefix a name means the tag of this package, and only then another', () => {
  const refs = tagRefs('v1.2.3', 'api@1.2.3', 'api@v1.3.0', 'v9.0.0');
  const table: [string, string | null][] = [
    ['1.2.3', 'api@1.2.3'],
    ['v1.2.3', 'api@1.2.3'],
    ['api@v1.2.3', 'api@1.2.3'],
    ['api@1.3.0', 'api@v1.3.0'],
    ['v9.0.0', 'v9.0.0'],
    ['v2.0.0', null],
  ];
  for (const [name, tag] of table) assert.equal(findTag(name, refs, 'api@')?.tag ?? null, tag, name);
});

test('a prerelease id is its letters: rc-1 and rc.1 are both rc', () => {
  assert.equal(tagOf(choose('rc', tagRefs('v1.0.0-rc-2', 'v1.0.0-rc.1', 'v1.0.0-beta.9'))), 'v1.0.0-rc-2');
});

test('a release ranks by version: one without a version never takes the mark of the highest', () => {
  const [v1, v2, branch] = [release('v1.0.0', 1), release('v2.0.0', 2), release('main', 3)];
  assert.equal(ranksAtLeast(v2, v1, ''), true);
  assert.equal(ranksAtLeast(v1, v2, ''), false);
  assert.equal(ranksAtLeast(branch, v2, ''), false);
  assert.equal(ranksAtLeast(v1, branch, ''), true);
  assert.equal(ranksAtLeast(branch, null, ''), true);
});

test('whatever is tagged: stable never picks a prerelease, and no channel picks what is no tag', () => {
  fc.assert(
    fc.property(anyTags, byVersion, (tags, channel) => {
      const tag = tagOf(choose(channel, tagRefs(...tags)));
      if (tag === null) return;
      assert.ok(tags.includes(tag));
      if (channel === 'stable') assert.equal(prerelease(tag), null);
    }),
  );
});

test('whatever is tagged: another tag is either picked, or changes nothing', () => {
  fc.assert(
    fc.property(anyTags, version, byVersion, (tags, more, channel) => {
      const before = tagOf(choose(channel, tagRefs(...tags)));
      const after = tagOf(choose(channel, tagRefs(...tags, ...(tags.includes(more) ? [] : [more]))));
      assert.ok(after === before || after === more);
      if (after === before || before === null) return;
      const [lower, higher] = [release(before, 1), release(more, 2)];
      assert.ok((compareVersions(lower, higher, '') ?? 1) <= 0, `${before} gave way to ${more}`);
    }),
  );
});

function choose(channel: string, refs: readonly Ref[], tagPrefix = ''): Choice {
  const parsed = parseChannel(channel);
  assert.ok(parsed !== null, `"${channel}" is a channel`);
  return chooseRelease(parsed, refs, tagPrefix);
}

function tagOf(choice: Choice): string | null {
  return choice.found ? choice.release.tag : null;
}
