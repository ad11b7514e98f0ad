import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { lookNow, takeTurn } from '../../src/agent/look.js';
import { poll } from '../../src/agent/poll.js';
import type { Root } from '../../src/agent/root.js';
import type { Observed } from '../../src/domain/observed.js';
import { FRESH } from '../../src/domain/upgrade.js';
import { openJournal } from '../../src/state/journal.js';
import { readObserved, writeObserved } from '../../src/state/observed-store.js';
import { Remote } from '../bed/remote.js';
import { ownFolder } from '../folder.js';
import { ownRoot } from './place.js';

const LIMIT = { timeout: 120_000 };
const NEVER = new AbortController().signal;
const PATH = process.env['PATH'] ?? '';

/** Tags of a long history, the newest last. */
function historyOf(count: number): string[] {
  const wide = Math.ceil(Math.sqrt(count / 10));
  return Array.from({ length: count }, (_, index) => {
    const minor = Math.floor(index / wide) % wide;
    return `v${Math.floor(index / (wide * wide))}.${minor}.${index % wide}`;
  });
}

/** A root that asks a remote, on the newest of its releases; `gits`: how often git was started for it. */
async function machineAt(t: TestContext, remote: Remote, config: object = {}) {
  // What stands on the disk and in pm2 is none of a look's business.
  const root = await ownRoot(t, { repository: remote.url, drift: 'report', ...config });
  const bin = await ownFolder(t);
  await writeFile(join(bin, 'git'), `#!/bin/sh\necho git >> ${bin}/starts\nPATH='${PATH}' exec git "$@"\n`);
  await chmod(join(bin, 'git'), 0o755);
  const env = { PATH: `${bin}:${PATH}`, HOME: root.layout.root, GIT_CONFIG_NOSYSTEM: '1' };
  const secretEnv = { TOKEN: `github_${'x'.repeat(33)}` };
  const gits = async (): Promise<number> =>
    (await readFile(join(bin, 'starts'), 'utf8').catch(() => '')).split('\n').length - 1;
  return { root: { ...root, host: { ...root.host, env, secretEnv } }, gits };
}

/** Says that a machine runs a release and has never run a higher one. */
async function isOn({ layout }: Root, tag: string, commit: string): Promise<void> {
  const release = { tag, commit, ref: `refs/tags/${tag}` };
  const active = { release, since: 1, apps: null };
  const journal = await openJournal(layout.journal);
  await journal.append({ ...FRESH, active, highest: release, trail: [{ commit, at: 1 }] }, 1);
}

async function openRemote(t: TestContext, tags: readonly string[]): Promise<[Remote, string]> {
  const remote = await Remote.open();
  t.after(() => remote.close());
  const commit = await remote.commit({ a: '1' }, 'one');
  await remote.tagMany(tags);
  return [remote, commit];
}

/** Looks as its poller does, at a turn of the clock that nobody has taken. */
async function look(root: Root, aheadMs = 0): Promise<Observed> {
  const now = root.host.clock.now() + aheadMs;
  const clock = { ...root.host.clock, now: () => now };
  const found = await takeTurn({ ...root, host: { ...root.host, clock } }, now, NEVER);
  return found ?? assert.fail('the turn was taken');
}

interface Cost {
  readonly requests: number;
  readonly bytes: number;
}

async function costOf(remote: Remote, work: () => Promise<unknown>): Promise<Cost> {
  const before = { requests: remote.counts.lsRefs, bytes: remote.wireBytes };
  await work();
  assert.deepEqual([remote.counts.capabilities, remote.counts.advertisement], [0, 0], 'nobody asked by git');
  return { requests: remote.counts.lsRefs - before.requests, bytes: remote.wireBytes - before.bytes };
}

for (const count of [100, 10_000])
  test(
    `a poll that finds nothing new among ${count} tags is one request below a kilobyte, and starts nothing`,
    LIMIT,
    async (t) => {
      const tags = historyOf(count);
      const newest = tags.at(-1) ?? '';
      const [remote, commit] = await openRemote(t, tags);
      for (const credentials of [undefined, { env: 'TOKEN' }]) {
        const { root, gits } = await machineAt(t, remote, credentials === undefined ? {} : { credentials });
        await isOn(root, newest, commit);
        const first = await look(root);
        assert.equal(first.refs.length, count);
        const before = await gits();
        const quiet = await costOf(remote, async () => {
          assert.equal(await poll(root, root.host.clock.now(), NEVER), 'rested');
        });
        assert.equal(quiet.requests, 1);
        assert.ok(quiet.bytes < 1_024, `${quiet.bytes} bytes`);
        assert.equal(await gits(), before, 'no child process');
        const later = await readObserved(root.layout);
        assert.deepEqual([later?.looks, later?.error, later?.listed], [2, null, first.listed]);
      }
    },
  );

test('whatever is not as it was is seen in full by the same look', LIMIT, async (t) => {
  const [remote, commit] = await openRemote(t, historyOf(1_000));
  const { root } = await machineAt(t, remote);
  await isOn(root, 'v9.9.9', commit);
  const newest = 'v9.9.9';
  await look(root);
  const changes: [string, () => Promise<unknown>, (seen: Observed) => void][] = [
    [
      'the next patch',
      () => remote.release('v9.9.10', { a: '2' }),
      ({ refs }) => {
        assert.equal(refs.length, 1_001);
      },
    ],
    [
      'a prerelease of the next major',
      () => remote.release('v10.0.0-beta.1', { a: '3' }),
      ({ refs }) => {
        assert.equal(refs.length, 1_002);
      },
    ],
    [
      'the newest is gone',
      () => remote.deleteTag('v9.9.10'),
      ({ refs }) => {
        assert.equal(refs.length, 1_001);
      },
    ],
    [
      'the newest moved',
      () => remote.moveTag(newest, 'refs/heads/main'),
      ({ refs, seen }) => {
        assert.notEqual(refs.find(({ name }) => name.endsWith(newest))?.commit, commit);
        assert.equal(seen[newest], commit);
      },
    ],
  ];
  for (const [what, change, check] of changes) {
    await change();
    const { requests } = await costOf(remote, async () => {
      check(await look(root));
    });
    assert.equal(requests, 2, what);
    assert.equal((await costOf(remote, () => look(root))).requests, 1, `after ${what}`);
  }
});

test(
  'what lies far ahead is seen by the listing that comes within six hours, and at once where somebody asks',
  LIMIT,
  async (t) => {
    const [remote, commit] = await openRemote(t, historyOf(200));
    const { root } = await machineAt(t, remote);
    const newest = historyOf(200).at(-1) ?? '';
    await isOn(root, newest, commit);
    await look(root);
    await remote.release('v77.0.0', { a: '2' });
    assert.equal((await look(root)).refs.length, 200, 'it lies beyond the question');
    assert.equal((await look(root, 6 * 3_600_000)).refs.length, 201);
    await remote.release('v88.0.0', { a: '3' });
    assert.equal((await lookNow(root, NEVER)).refs.length, 202);
  },
);

test('all is asked for wherever it is not sure what is known', LIMIT, async (t) => {
  const [remote, commit] = await openRemote(t, historyOf(1_000));
  const { root } = await machineAt(t, remote);
  await isOn(root, 'v9.9.9', commit);
  await look(root);
  const bytes = async (where: Root): Promise<number> => (await costOf(remote, () => look(where))).bytes;
  assert.ok((await bytes(root)) < 1_024);
  const beta = { ...root, config: { ...root.config, channel: { kind: 'prerelease', id: 'beta' } as const } };
  assert.ok((await bytes(beta)) > 50_000, 'another channel');
  assert.ok((await bytes(beta)) < 1_024);
  remote.fault = 'error';
  assert.match((await look(root)).error ?? '', /answered 500/);
  remote.fault = 'none';
  assert.ok((await bytes(root)) > 50_000, 'a look that failed');
  const known = await readObserved(root.layout);
  assert.ok(known !== null);
  await writeObserved(root.layout, {
    ...known,
    listed: { at: Date.now() + 9_999_999, asked: known.listed?.asked ?? '' },
  });
  assert.ok((await bytes(root)) > 50_000, 'a clock that was set back');
  await writeFile(root.layout.refs, '{"schema":1,"torn');
  assert.ok((await bytes(root)) > 50_000, 'a listing that was lost');
  assert.ok((await bytes(root)) < 1_024);
});

test(
  'a repository with few tags is listed whole, and one that tells whatever it likes is understood',
  LIMIT,
  async (t) => {
    const [remote, commit] = await openRemote(t, historyOf(20));
    const { root } = await machineAt(t, remote);
    await isOn(root, historyOf(20).at(-1) ?? '', commit);
    await look(root);
    await remote.release('v77.0.0', { a: '2' });
    assert.equal((await look(root)).refs.length, 21);

    await remote.tagMany(historyOf(100));
    await look(root);
    // A server need not heed the places: it tells all, and that is no change.
    remote.before = (ask) => {
      const text = ask.body.toString('latin1').replace(/[0-9a-f]{4}ref-prefix [^\n]*\n/g, '');
      Object.assign(ask, { body: Buffer.from(text, 'latin1') });
      return null;
    };
    const { requests } = await costOf(remote, () => look(root));
    assert.equal(requests, 1);
  },
);
