import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { GitOpsError } from '../../src/domain/errors.js';
import { afterFailedLook, afterLook, movedTags, trustedRefs } from '../../src/domain/observed.js';
import { isVersionTag } from '../../src/domain/channel.js';
import { commit, tagRefs } from './releases.js';

const LOOK = { turn: 10, at: 11, tagPrefix: '' };

const NO_NETWORK = new GitOpsError('SOURCE_UNREACHABLE', 'no network');

test('a good look remembers under which commit each version was first seen', () => {
  const first = afterLook(
    null,
    [...tagRefs('v1.0.0', 'latest'), { name: 'refs/heads/main', commit: commit(9) }],
    LOOK,
  );
  assert.deepEqual(first.seen, { 'v1.0.0': commit(1) });
  assert.deepEqual([first.error, first.code, first.turn, first.at], [null, null, 10, 11]);
  const second = afterLook(first, [{ name: 'refs/tags/v1.0.0', commit: commit(8) }], { ...LOOK, turn: 20 });
  assert.deepEqual(second.seen, { 'v1.0.0': commit(1) });
  assert.deepEqual(movedTags(second), [{ tag: 'v1.0.0', seen: commit(1), now: commit(8) }]);
  assert.deepEqual(trustedRefs(second), [{ name: 'refs/tags/v1.0.0', commit: commit(1) }]);
});

test('a tag that is made anew at the same commit is seen to be another object', () => {
  const first = afterLook(null, tagRefs('v1.0.0'), LOOK);
  const anew = tagRefs('v1.0.0').map((ref) => ({ ...ref, object: commit(7) }));
  const signed = afterLook(first, anew, LOOK);
  assert.deepEqual(signed.refs[0]?.object, commit(7));
  assert.deepEqual(movedTags(signed), []);
});

test('a version that was deleted and tagged anew is still a moved one', () => {
  const first = afterLook(null, tagRefs('v1.0.0'), LOOK);
  const gone = afterLook(first, [], LOOK);
  const again = afterLook(gone, [{ name: 'refs/tags/v1.0.0', commit: commit(8) }], LOOK);
  assert.equal(movedTags(again).length, 1);
});

test('a look that failed keeps what was known, and counts', () => {
  const good = afterLook(null, tagRefs('v1.0.0'), LOOK);
  const bad = afterFailedLook(good, NO_NETWORK, { turn: 20, at: 21 });
  assert.deepEqual(bad, {
    ...{ ...good, turn: 20, at: 21, looks: 2 },
    ...{ error: 'no network', code: 'SOURCE_UNREACHABLE' },
    tally: { failed: 1, leftOut: 0, goodAt: LOOK.at },
  });
  assert.deepEqual(afterFailedLook(null, NO_NETWORK, { turn: 1, at: 2 }).refs, []);
  assert.equal(afterLook(bad, [], LOOK).code, null);
});

test('only tags with the prefix are versions; operators move the others as they like', () => {
  const first = afterLook(null, tagRefs('api@1.0.0', 'v1.0.0', 'prod'), { ...LOOK, tagPrefix: 'api@' });
  assert.deepEqual(Object.keys(first.seen), ['api@1.0.0']);
  const moved = afterLook(first, [{ name: 'refs/tags/prod', commit: commit(8) }], {
    ...LOOK,
    tagPrefix: 'api@',
  });
  assert.deepEqual(movedTags(moved), []);
  assert.equal(trustedRefs(moved).at(0)?.commit, commit(8));
});

test('a tag with the name of something that every object has is a tag like any other', () => {
  const refs = tagRefs('constructor', 'toString', '__proto__', 'v1.0.0');
  const observed = afterLook(null, refs, LOOK);
  assert.deepEqual(movedTags(observed), []);
  assert.deepEqual(trustedRefs(observed), refs);
});

const anyRefs = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom('v1.0.0', 'v1.1.0', 'v2.0.0-rc.1', '3.0.0', 'latest', 'valueOf'),
      fc.integer({ min: 1, max: 4 }),
    ),
    { selector: ([tag]) => tag },
  )
  .map((tags) => tags.map(([tag, n]) => ({ name: `refs/tags/${tag}`, commit: commit(n) })));

test('whatever the remote shows over time: a version means the commit of its first sight, for ever', () => {
  fc.assert(
    fc.property(fc.array(anyRefs, { minLength: 1, maxLength: 8 }), (looks) => {
      const first = new Map<string, string>();
      let observed = null;
      for (const refs of looks) {
        observed = afterLook(observed, refs, LOOK);
        for (const { name, commit: id } of refs) if (!first.has(name)) first.set(name, id);
        for (const ref of trustedRefs(observed)) {
          const tag = ref.name.slice('refs/tags/'.length);
          const shown = refs.find(({ name }) => name === ref.name)?.commit;
          assert.equal(ref.commit, isVersionTag(tag, '') ? first.get(ref.name) : shown);
        }
        const moved = movedTags(observed).map(({ tag }) => tag);
        for (const { name, commit: id } of refs) {
          const tag = name.slice('refs/tags/'.length);
          assert.equal(moved.includes(tag), isVersionTag(tag, '') && first.get(name) !== id, tag);
        }
      }
    }),
  );
});
