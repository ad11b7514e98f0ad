import assert from 'node:assert/strict';
import test from 'node:test';
import { isListingDue, LISTING_EVERY_MS, narrowQuestion, type NarrowFacts } from '../../src/domain/narrow.js';
import { afterLook } from '../../src/domain/observed.js';
import { CROWD, factsOf } from './narrow-facts.js';
import { commit, release, tagRefs } from './releases.js';

/** Which of some tags would be seen at once. */
function seenOf(facts: NarrowFacts, tags: readonly string[]): string[] {
  const { prefixes } = narrowQuestion(facts) ?? assert.fail('it was to be narrow');
  return tags.filter((tag) => prefixes.some((prefix) => `refs/tags/${tag}`.startsWith(prefix)));
}

test('where the next releases come is asked for: patches, minors, majors, prereleases, what they become', () => {
  const old = Array.from({ length: 40 }, (_, n) => `v1.3.${n}`);
  const stable = factsOf(tagRefs(...old, 'v1.4.2'), { kind: 'stable' });
  const near = [
    'v1.4.3',
    'v1.4.4',
    'v1.5.0',
    'v1.5.7',
    'v1.6.0',
    'v2.0.0',
    'v3.1.4',
    'v1.4.2',
    'v1.4.2+b7',
    'v1.5.0-rc.1',
  ];
  assert.deepEqual(seenOf(stable, near), near);
  assert.deepEqual(seenOf(stable, ['v1.3.40', 'v1.4.1', 'v1.22.0', '1.5.0', 'v99.0.0']), []);

  const beta = factsOf(tagRefs(...old, 'v1.5.0-beta.3'), { kind: 'prerelease', id: 'beta' });
  const riper = [
    'v1.5.0-beta.4',
    'v1.5.0-beta.12',
    'v1.5.0-rc.1',
    'v1.5.0',
    'v1.5.1-beta.1',
    'v1.6.0-alpha',
    'v2.0.0-beta.1',
  ];
  assert.deepEqual(seenOf(beta, riper), riper);

  const api = factsOf(tagRefs(...old, 'api@2.0.0'), { kind: 'stable' }, { tagPrefix: 'api@' });
  assert.deepEqual(seenOf(api, ['api@2.0.1', 'api@2.1.0', 'api@3.0.0', 'v2.0.1', 'web@2.0.1']), [
    'api@2.0.1',
    'api@2.1.0',
    'api@3.0.0',
  ]);

  const both = factsOf(tagRefs(...old, '1.4.0', 'v1.4.2'), { kind: 'stable' });
  assert.deepEqual(seenOf(both, ['v1.4.3', '1.4.3', '1.5.0']), ['v1.4.3', '1.4.3', '1.5.0']);

  const range = factsOf(tagRefs(...old, 'v2.0.0'), { kind: 'range', range: '1.x' });
  assert.deepEqual(seenOf(range, ['v1.3.40', 'v1.4.0', 'v2.0.1', 'v3.0.0']), ['v1.3.40', 'v1.4.0']);
});

test('a machine that may not take the newest asks for what comes below it, too', () => {
  const old = Array.from({ length: 40 }, (_, n) => `v1.3.${n}`);
  const facts = (more: Partial<NarrowFacts>): NarrowFacts =>
    factsOf(tagRefs(...old, 'v1.4.8', 'v1.5.0', 'v2.0.0', 'v99.0.0'), { kind: 'stable' }, more);
  const waiting = facts({ active: release('v1.4.8', 1) });
  assert.deepEqual(seenOf(waiting, ['v1.4.9', 'v1.5.1', 'v1.6.0', 'v99.0.1']), [
    'v1.4.9',
    'v1.5.1',
    'v1.6.0',
    'v99.0.1',
  ]);
  const withdrawn = facts({ withdrawn: ['v99.0.0'] });
  assert.deepEqual(seenOf(withdrawn, ['v2.0.1', 'v2.1.0', 'v3.0.0']), ['v2.0.1', 'v2.1.0', 'v3.0.0']);
  const lowered = factsOf(tagRefs(...old), { kind: 'stable' }, { active: release('v1.7.0', 1) });
  assert.deepEqual(seenOf(lowered, ['v1.7.1', 'v1.8.0', 'v2.0.0']), ['v1.7.1', 'v1.8.0', 'v2.0.0']);
});

test('what is followed by its name is asked for by its name, without any version', () => {
  const refs = [...tagRefs(...CROWD), { name: 'refs/heads/main', commit: commit(1) }];
  const names = ['refs/heads/main'];
  const question = narrowQuestion(factsOf(refs, { kind: 'branch', branch: 'main' }, { names }));
  assert.deepEqual(question, { prefixes: names, expected: [refs.at(-1)] });
  assert.equal(narrowQuestion(factsOf(refs, { kind: 'stable' }, { names })), null, 'nothing to start from');
  assert.equal(narrowQuestion(factsOf(tagRefs('v1.0.0'), { kind: 'stable' })), null, 'few are told whole');
});

test('machines list all at their own times, none later than after six hours', () => {
  const base = afterLook(null, tagRefs('v1.0.0'), { turn: 1, at: 1e12, tagPrefix: '', asked: 'q' });
  const MINUTES = Array.from({ length: 400 }, (_, minute) => minute * 60_000);
  const dueAfterMs = (machineId: string): number =>
    MINUTES.find((ms) => isListingDue(base, { asked: 'q', machineId, now: 1e12 + ms })) ?? Infinity;
  const delays = Array.from({ length: 50 }, (_, n) => dueAfterMs(`vps-${n}`));
  assert.ok(Math.max(...delays) <= LISTING_EVERY_MS && new Set(delays).size > 30);
  const facts = { asked: 'q', machineId: 'm', now: 1e12 };
  assert.equal(isListingDue(base, facts), false);
  for (const odd of [
    isListingDue(base, { ...facts, asked: 'r' }),
    isListingDue(base, { ...facts, now: 1e12 - 1 }),
    isListingDue({ ...base, error: 'no network' }, facts),
    isListingDue({ ...base, listed: null }, facts),
  ])
    assert.equal(odd, true);
});
