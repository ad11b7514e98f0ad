import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { BOUNDS, receive, type Bounds } from '../../src/workspace/incoming.js';
import { fetchCommit, type FetchRequest } from '../../src/workspace/mirror.js';
import type { Fault } from '../bed/loopback.js';
import { pidsOf } from '../processes.js';
import { Remote, type Flood } from '../bed/remote.js';
import { Bench, releaseOf } from './bench.js';

const HASTY: Bounds = { ...BOUNDS, stallMs: 700, minBytes: 2_000 };

describe('a download from a bad line or a bad server', () => {
  let remote: Remote;
  let bench: Bench;
  let commit: string;

  before(async () => {
    remote = await Remote.open();
    commit = await remote.release('v1.0.0', { 'noise.txt': randomBytes(60_000).toString('base64') });
  });
  after(() => remote.close());
  beforeEach(async () => {
    bench = await Bench.open();
  });
  afterEach(async () => {
    remote.fault = 'none';
    remote.flood = 'none';
    await bench.close();
  });

  const request = (bounds: Bounds = HASTY): FetchRequest => ({
    ...{ mirror: bench.mirror, remote: { url: remote.url, env: {} }, shallow: true, seed: null },
    ...{ release: releaseOf('v1.0.0', commit), bounds },
  });
  const left = async (): Promise<string[]> =>
    (await readdir(bench.mirror, { recursive: true })).filter((name) =>
      /tmp_|\.lock$|\.pack$|shallow/.test(name),
    );

  const FAULTS: readonly Fault[] = [
    ...(['down', 'error', 'garbage', 'hang'] as const),
    ...[{ status: 503 }, { cutAfter: 30 }, { cutAfter: 20_000 }, { endAfter: 100 }, { endAfter: 20_000 }],
    ...[{ silentAfter: 0 }, { silentAfter: 20_000 }, { dripPerSecond: 10 }],
  ];
  for (const fault of FAULTS) {
    it(`ends in time, is nobody's fault here and leaves nothing: ${JSON.stringify(fault)}`, async () => {
      remote.fault = fault;
      const begin = performance.now();
      await assert.rejects(fetchCommit(request(), bench.effort()), { code: 'SOURCE_UNREACHABLE' });
      assert.ok(performance.now() - begin < 10_000);
      assert.deepEqual([await left(), pidsOf(bench.mirror)], [[], []]);
      assert.doesNotMatch(bench.steps.join('\n'), /made anew/);
      remote.fault = 'none';
      await fetchCommit(request(), bench.effort());
    });
  }

  it('is not longer than it may be, whatever it brings', async () => {
    remote.fault = 'hang';
    const bounds = { ...BOUNDS, totalMs: 500 };
    await assert.rejects(fetchCommit(request(bounds), bench.effort()), { code: 'COMMAND_TIMEOUT' });
    assert.deepEqual(await left(), []);
  });

  it('is slow but honest, and takes as long as it takes', async () => {
    const bounds = { ...BOUNDS, stallMs: 400, minBytes: 1_000 };
    const download = { mirror: bench.mirror, from: 'x', bounds, signal: new AbortController().signal };
    const packs = join(bench.mirror, 'objects', 'pack');
    await mkdir(packs, { recursive: true });
    const bring = (count: number) => async (signal: AbortSignal, hear: (line: string) => boolean) => {
      for (let time = 0; time < count && !signal.aborted; time += 1) {
        await appendFile(join(packs, 'tmp_pack_x'), 'x'.repeat(time < 12 ? 600 : 1));
        hear('Receiving objects:   1% (1/100)');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      signal.throwIfAborted();
      return 'whole';
    };
    assert.equal(await receive(download, bring(12)), 'whole', 'three times as long as it may stall');
    await rm(join(packs, 'tmp_pack_x'));
    await assert.rejects(receive(download, bring(100)), {
      code: 'SOURCE_UNREACHABLE',
      message: /sent \d+ bytes in/,
    });
  });

  const FLOODS: readonly [Flood, Partial<Bounds>, string][] = [
    ['capabilities', {}, 'SOURCE_UNREACHABLE'],
    ['talk', { maxChars: 100_000 }, 'SOURCE_UNREACHABLE'],
    ['pack', { share: 0.0001 }, 'DISK_FULL'],
  ];
  for (const [flood, bounds, code] of FLOODS) {
    it(`without end has an end: ${flood}`, async () => {
      remote.flood = flood;
      await assert.rejects(fetchCommit(request({ ...BOUNDS, ...bounds }), bench.effort()), { code });
      assert.deepEqual([await left(), pidsOf(bench.mirror)], [[], []]);
      assert.ok(bench.lines.join('\n').length < 1_000_000);
    });
  }

  it('does not grow the disk, however often it fails', async () => {
    remote.fault = { cutAfter: 60_000 };
    const sizes: number[] = [];
    for (let time = 0; time < 20; time += 1) {
      await assert.rejects(fetchCommit(request(), bench.effort()), { code: 'SOURCE_UNREACHABLE' });
      sizes.push(await sizeOf(bench.mirror));
    }
    assert.deepEqual([...new Set(sizes)], [sizes[0]]);
  });
});

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
