import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, type TestContext } from 'node:test';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listByOurselves } from '../../src/source/by-http.js';
import { listByGit } from '../../src/source/git.js';
import type { LookBounds, LookPlace } from '../../src/source/look-place.js';
import { wantedBy } from '../../src/source/question.js';
import type { Fault } from '../bed/loopback.js';
import { Remote } from '../bed/remote.js';
import { ownFolder } from '../folder.js';
import { pidsOf } from '../processes.js';

const PATH = process.env['PATH'] ?? '';
const HASTY: LookBounds = { totalMs: 8_000, stallMs: 1_000 };
const TAGS = wantedBy({ channels: [{ kind: 'stable' }] });

// Whoever looks, git or the poller itself: the same comes of it.
const WAYS = [
  ['git', listByGit],
  ['the poller itself', listByOurselves],
] as const;

for (const [way, list] of WAYS)
  describe(`a look by ${way} over a bad line or at a bad server`, () => {
    let remote: Remote;
    let commit: string;

    before(async () => {
      remote = await Remote.open();
      commit = await remote.release('v1.0.0', { 'a.txt': 'one' });
      for (let minor = 1; minor <= 100; minor += 1) await remote.tag(`v1.${minor}.0`);
      await remote.tag('v2.0.0', { annotated: true });
      await remote.branch('main-other');
    });
    after(() => remote.close());
    afterEach(() => {
      remote.fault = 'none';
      remote.flood = 'none';
      remote.auth = null;
    });

    const place = async (t: TestContext, bounds: LookBounds = HASTY): Promise<LookPlace> => {
      const cwd = await ownFolder(t);
      return { cwd, signal: new AbortController().signal, background: false, bounds };
    };
    const look = async (t: TestContext, bounds: LookBounds = HASTY) => {
      const where = await place(t, bounds);
      return list({ url: remote.url, env: { PATH, HOME: where.cwd } }, TAGS, where);
    };

    it('tells what was asked for and nothing else, annotated tags at their commit', async (t) => {
      const refs = await look(t);
      assert.equal(refs.length, 102);
      assert.ok(refs.every((ref) => ref.commit === commit && ref.name.startsWith('refs/tags/v')));
      const where = await place(t);
      const ask = async (channels: Parameters<typeof wantedBy>[0]['channels'], named: readonly string[]) =>
        (
          await list(
            { url: remote.url, env: { PATH, HOME: where.cwd } },
            wantedBy({ channels, named }),
            where,
          )
        )
          .map(({ name }) => name)
          .sort();
      assert.deepEqual(await ask([], ['refs/heads/main']), ['refs/heads/main']);
      assert.deepEqual(await ask([], ['refs/tags/v2.0.0', 'refs/heads/gone']), ['refs/tags/v2.0.0']);
      const both = await ask([{ kind: 'stable' }, { kind: 'branch', branch: 'main' }], ['refs/tags/v2.0.0']);
      assert.deepEqual([both.length, both[0]], [103, 'refs/heads/main']);
    });

    const FAULTS: readonly Fault[] = [
      ...(['down', 'error', 'hang'] as const),
      ...[{ status: 503 }, { status: 429 }, { cutAfter: 30 }, { cutAfter: 3_000 }],
      ...[{ endAfter: 60 }, { endAfter: 3_000 }],
      ...[{ silentAfter: 0 }, { silentAfter: 3_000 }, { dripPerSecond: 10 }],
    ];
    for (const fault of FAULTS) {
      it(`ends in time and says why: ${JSON.stringify(fault)}`, async (t) => {
        remote.fault = fault;
        const begin = performance.now();
        await assert.rejects(look(t, { ...HASTY, totalMs: 60_000 }), (error: Error & { code: unknown }) => {
          assert.equal(error.code, 'SOURCE_UNREACHABLE');
          assert.match(error.message, /^cannot list the refs of http:.*: .../);
          return true;
        });
        assert.ok(performance.now() - begin < 50_000, 'the stall ended it, not the limit');
        assert.deepEqual(pidsOf(remote.url), []);
      });
    }

    it('that has no end fills neither the memory nor the night', async (t) => {
      remote.flood = 'refs';
      const before = remote.tailBytes;
      await assert.rejects(look(t), { code: 'SOURCE_UNREACHABLE' });
      assert.ok(remote.tailBytes - before < 600_000_000, `${remote.tailBytes - before} bytes were taken`);
      assert.deepEqual(pidsOf(remote.url), []);
    });

    it('that is slow but honest takes as long as it takes', async (t) => {
      remote.fault = { dripPerSecond: 2_500 };
      const begin = performance.now();
      const refs = await look(t);
      assert.equal(refs.find(({ name }) => name === 'refs/tags/v1.100.0')?.commit, commit);
      assert.ok(performance.now() - begin > 2 * HASTY.stallMs);
    });

    it('that is cancelled ends at once', async (t) => {
      remote.fault = 'hang';
      const over = new AbortController();
      const where = { ...(await place(t)), signal: over.signal };
      const begin = performance.now();
      const looking = list({ url: remote.url, env: { PATH, HOME: where.cwd } }, TAGS, where);
      setTimeout(() => {
        over.abort();
      }, 100);
      await assert.rejects(looking, { code: 'ABORTED' });
      assert.ok(performance.now() - begin < 5_000);
      await assert.rejects(list({ url: remote.url, env: { PATH } }, TAGS, where), { code: 'ABORTED' });
    });
  });

describe('a look by git alone', () => {
  let remote: Remote;
  before(async () => {
    remote = await Remote.open();
    await remote.release('v1.0.0', { 'a.txt': 'one' });
  });
  after(() => remote.close());

  const look = async (t: TestContext, bounds: LookBounds = HASTY, env: Record<string, string> = {}) => {
    const cwd = await ownFolder(t);
    const place = { cwd, signal: new AbortController().signal, background: false, bounds };
    return listByGit({ url: env['URL'] ?? remote.url, env: { PATH, HOME: cwd, ...env } }, TAGS, place);
  };

  it('of which the server tells its abilities without end', async (t) => {
    remote.flood = 'capabilities';
    await assert.rejects(look(t), { code: 'SOURCE_UNREACHABLE' });
    assert.deepEqual(pidsOf(remote.url), []);
  });

  it('by an ssh that hangs, or asks something, ends in time', async (t) => {
    const bin = await ownFolder(t);
    const ssh = async (text: string): Promise<void> => {
      await writeFile(join(bin, 'ssh'), `#!/bin/sh\n${text}\n`);
      await chmod(join(bin, 'ssh'), 0o755);
    };
    const env = { URL: 'ssh://host.invalid/a.git', PATH: `${bin}:${PATH}` };
    await ssh('exec sleep 4717.5');
    await assert.rejects(look(t, { ...HASTY, totalMs: 700 }, env), {
      ...{ code: 'SOURCE_UNREACHABLE', message: /git gave no answer within/ },
    });
    await ssh('read answer < /dev/tty && sleep 4717.5; echo "Host key verification failed." >&2; exit 255');
    await assert.rejects(look(t, HASTY, env), { code: 'SOURCE_REFUSED' });
    assert.deepEqual(pidsOf('4717.5'), []);
  });
});
