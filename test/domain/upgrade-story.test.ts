import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compareVersions } from '../../src/domain/channel.js';
import { next } from '../../src/domain/next.js';
import { MAX_STARTS, type Event, type Upgrade } from '../../src/domain/upgrade.js';
import { PHASES } from './upgrade-table.js';
import { anyStory, endOf, walk } from './walk.js';

test('whatever happens: active changes only by adopted and healthy, and a commit is quarantined once at most', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      for (const { before, event, after } of walk(story)) {
        if (after.active !== before.active) assert.ok(event.type === 'adopted' || event.type === 'healthy');
        const commits = after.quarantine.map((entry) => entry.release.commit);
        assert.equal(new Set(commits).size, commits.length);
      }
    }),
  );
});

test('whatever happens: starts and the trail are bounded, and the highest never falls', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      for (const { before, after } of walk(story)) {
        const { phase } = after;
        if ('starts' in phase)
          assert.ok(phase.starts <= (phase.at === 'rollingBack' ? 2 : 1) * MAX_STARTS, phase.at);
        assert.ok(after.trail.length <= 40);
        if (before.highest !== null) {
          assert.ok(after.highest !== null);
          assert.ok((compareVersions(after.highest, before.highest, '') ?? -1) >= 0);
        }
      }
    }),
  );
});

test('whatever happened: workers that die again and again come to rest, and never resume for ever', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      let upgrade = endOf(story);
      let resumes = 0;
      for (; resumes <= 4 * MAX_STARTS; resumes += 1) {
        const after = next(upgrade, { type: 'resumed', at: resumes });
        if (after === upgrade) break;
        upgrade = after;
      }
      assert.ok(resumes <= 3 * MAX_STARTS, `${resumes} resumes`);
      assert.ok(['idle', 'staged', 'stuck'].includes(upgrade.phase.at), upgrade.phase.at);
    }),
  );
});

test('whatever happens: between two gates and people, a machine makes a bounded number of steps', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      let steps = 0;
      for (const { before, event, after } of walk(story)) {
        steps = isGated(before, event) ? 0 : steps + Number(after !== before);
        assert.ok(steps <= 5 * MAX_STARTS, `${steps} steps`);
      }
    }),
  );
});

/** What only comes through open gates, by a person, or once more after a back-off. */
function isGated({ phase: { at } }: Upgrade, { type }: Event): boolean {
  const waits = type === 'failed' && ['idle', 'staged', 'stuck'].includes(at);
  return waits || ['adopted', 'desired', 'opened', 'retried'].includes(type);
}

test('the stories of these properties reach every phase', () => {
  const reached = new Set<string>();
  for (const story of fc.sample(anyStory, { numRuns: 500, seed: 1 }))
    for (const { after } of walk(story)) reached.add(after.phase.at);
  assert.deepEqual([...reached].sort(), [...new Set(Object.values(PHASES).map(({ at }) => at))].sort());
});
