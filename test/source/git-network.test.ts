import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, type TestContext } from 'node:test';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listRefs, type LookBounds } from '../../src/source/git.js';
import type { Fault } from '../bed/loopback.js';
import { Remote } from '../bed/remote.js';
import { ownFolder } from '../folder.js';
import { pidsOf } from '../processes.js';

const PATH = process.env['PATH'] ?? '';
const HASTY: LookBounds = { totalMs: 8_000, stallMs: 1_000 };

describe('a look over a bad line or at a bad server', () => {
  let remote: Remote;
  let commit: string;

  before(async () => {
    remote = await Remote.open();
    commit = await remote.release('v1.0.0', { 'a.txt': 'one' });
    for (let minor = 1; minor <= 100; minor += 1) await remote.tag(`v1.${minor}.0`);
  });
  after(() => remote.close());
  afterEach(() => {
    remote.fault = 'none';
    remote.flood = 'none';
  });

  const look = async (t: TestContext, bounds: LookBounds = HASTY, env: Record<string, string> = {}) => {
    const cwd = await ownFolder(t);
    const place = { cwd, signal: new AbortController().signal, background: false, bounds };
    const url = env['URL'] ?? remote.url;
    return listRefs({ url, env: { PATH, HOME: cwd, ...env } }, { channels: [{ kind: 'stable' }] }, place);
  };

  const FAULTS: readonly Fault[] = [
    ...(['down', 'error', 'hang'] as const),
    ...[{ status: 503 }, { cutAfter: 30 }, { cutAfter: 3_000 }, { endAfter: 60 }, { endAfter: 3_000 }],
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

  for (const flood of ['capabilities', 'refs'] as const) {
    it(`that has no end fills neither the memory nor the night: ${flood}`, async (t) => {
      remote.flood = flood;
      const before = remote.tailBytes;
      await assert.rejects(look(t), { code: 'SOURCE_UNREACHABLE' });
      assert.ok(remote.tailBytes - before < 600_000_000, `${remote.tailBytes - before} bytes were taken`);
      assert.deepEqual(pidsOf(remote.url), []);
    });
  }

  it('that is slow but honest takes as long as it takes', async (t) => {
    remote.fault = { dripPerSecond: 2_500 };
    const begin = performance.now();
    const refs = await look(t);
    assert.equal(refs.find(({ name }) => name === 'refs/tags/v1.100.0')?.commit, commit);
    assert.ok(performance.now() - begin > 2 * HASTY.stallMs);
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
