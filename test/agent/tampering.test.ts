import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { openRoot } from '../../src/agent/compose.js';
import { lookNow } from '../../src/agent/look.js';
import { hold } from '../../src/agent/orders.js';
import { readStatus } from '../../src/agent/status.js';
import { next } from '../../src/domain/next.js';
import { movedTags } from '../../src/domain/observed.js';
import { FRESH } from '../../src/domain/upgrade.js';
import { startAgent, type MovedTag } from '../../src/index.js';
import { openJournal } from '../../src/state/journal.js';
import { layoutOf } from '../../src/state/layout.js';
import { Remote } from '../bed/remote.js';
import { ownFolder } from '../folder.js';

const LIMIT = { timeout: 60_000 };
const signal = new AbortController().signal;

/** A root, and a repository that has v1.0.0. */
async function released(t: TestContext) {
  const remote = await Remote.open();
  t.after(() => remote.close());
  const layout = layoutOf(await ownFolder(t));
  await writeFile(layout.config, JSON.stringify({ repository: remote.url, strategy: 'releases' }));
  return { remote, layout, first: await remote.release('v1.0.0', { a: '1' }) };
}

test(
  'a version tag that moves is told once, by everybody who is asked, and not followed',
  LIMIT,
  async (t) => {
    const { remote, layout, first } = await released(t);
    await hold(await openRoot(layout.root), { reason: null, until: null });
    const agent = startAgent({ root: layout.root });
    t.after(() => agent.close());
    const told: MovedTag[] = [];
    agent.on('tampered', (moved) => told.push(moved));
    await agent.check();

    const second = await remote.commit({ a: '2' }, 'evil');
    await remote.moveTag('v1.0.0', second);
    await agent.check();
    await agent.check();
    assert.deepEqual(told, [{ tag: 'v1.0.0', seen: first, now: second }]);
    const { warnings, desired } = await readStatus(await openRoot(layout.root), signal);
    assert.match(warnings.join('\n'), /tag v1\.0\.0 moved from \w{7} to \w{7}: not followed/);
    assert.equal(desired?.commit, first);

    await remote.deleteTag('v1.0.0');
    await remote.tag('v0.9.0', { commit: first });
    await agent.check();
    const third = await remote.commit({ a: '3' }, 'evil');
    await remote.moveTag('v1.0.0', third);
    await agent.check();
    assert.deepEqual(told.slice(1), [{ tag: 'v1.0.0', seen: first, now: third }], 'deleted and made anew');
  },
);

test(
  'what the machine serves is known by its journal, where the record of what was seen is lost',
  LIMIT,
  async (t) => {
    const { remote, layout, first: commit } = await released(t);
    const root = await openRoot(layout.root);
    await lookNow(root, signal);
    const release = { tag: 'v1.0.0', commit, ref: 'refs/tags/v1.0.0' };
    const journal = await openJournal(layout.journal);
    await journal.append(next(FRESH, { type: 'adopted', release, apps: null, trail: [], at: 1 }), 1);
    const evil = await remote.commit({ a: '2' }, 'evil');
    await remote.moveTag('v1.0.0', evil);

    for (const path of [layout.observed, layout.refs]) await rm(path);
    const observed = await lookNow(root, signal);
    assert.deepEqual(movedTags(observed), [{ tag: 'v1.0.0', seen: commit, now: evil }]);
    const { desired, behind } = await readStatus(root, signal);
    assert.deepEqual([desired?.commit, behind], [commit, false]);
  },
);
