import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { readRefDates } from '../../src/workspace/ref-dates.js';
import { readRemoteFile, type FileRequest } from '../../src/workspace/remote-file.js';
import type { Effort } from '../../src/workspace/effort.js';
import { ownFolder } from '../folder.js';
import { Remote } from '../bed/remote.js';

const LIMIT = { timeout: 60_000 };
const BIG = 'x'.repeat(300_000);
const MADE_S = 1_750_000_000;

interface Bed {
  readonly remote: Remote;
  readonly effort: Effort;
  readonly request: (more?: Partial<FileRequest>) => FileRequest;
}

async function openBed(t: TestContext): Promise<Bed & { tip: string }> {
  const remote = await Remote.open();
  t.after(() => remote.close());
  const folder = await ownFolder(t);
  await remote.commit({ 'fleet.json': '{"version":1}', 'big.txt': BIG }, 'one');
  const tip = await remote.commit({ 'fleet.json': '{"version":2}', 'ops/fleet.json': '{}\n' }, 'two');
  const report = { step: () => undefined, output: () => undefined };
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, GIT_CONFIG_NOSYSTEM: '1' };
  const signal = new AbortController().signal;
  return {
    ...{ remote, tip, effort: { signal, limitMs: 30_000, report, env } },
    request: (more = {}) => ({
      ...{ remote: { url: remote.url, env: {} }, scratch: join(folder, 'trash', 'read.git') },
      ...{ commit: tip, ref: 'refs/heads/main', path: 'fleet.json', maxBytes: 1_000, ...more },
    }),
  };
}

/** What servers may make of a wish to leave things out. */
const SERVERS: readonly [string, readonly string[]][] = [
  ['knows no filters', []],
  ['leaves out what is not wanted', ['uploadpack.allowFilter', 'true']],
  ['refuses this filter', ['uploadpackfilter.allow', 'false']],
];

for (const [server, setting] of SERVERS)
  test(`one file of one commit is read from a server that ${server}`, LIMIT, async (t) => {
    const { remote, request, effort, tip } = await openBed(t);
    if (server.startsWith('refuses')) await remote.git(['config', 'uploadpack.allowFilter', 'true']);
    if (setting.length > 0) await remote.git(['config', ...setting]);
    const found = { at: 'found', text: '{"version":2}' };
    assert.deepEqual(await readRemoteFile(request(), effort), found);
    const packs = server.startsWith('leaves') ? 2 : 1;
    assert.equal(remote.counts.fetch >= packs, true, 'files that are left out come by themselves');
    await remote.commit({ 'fleet.json': '{"version":3}' }, 'three');
    assert.deepEqual(await readRemoteFile(request(), effort), found, 'the commit decides, not the ref');
    const file = await readRemoteFile(request({ remote: { url: remote.fileUrl, env: {} } }), effort);
    assert.deepEqual(file, found, 'over another protocol');
    assert.deepEqual(await readRemoteFile(request({ path: 'ops/fleet.json' }), effort), {
      ...{ at: 'found', text: '{}\n' },
    });
    assert.deepEqual(await readRemoteFile(request({ path: 'none.json' }), effort), { at: 'missing' });
    assert.deepEqual(await readRemoteFile(request({ path: 'ops' }), effort), { at: 'missing' }, 'a folder');
    assert.deepEqual(await readRemoteFile(request({ path: 'big.txt' }), effort), {
      ...{ at: 'large', bytes: BIG.length },
    });
    await assert.rejects(readRemoteFile(request({ commit: '1'.repeat(40) }), effort), {
      ...{ code: 'COMMIT_MISSING', message: /no longer has what was seen there/ },
    });
    assert.ok(!existsSync(request().scratch), 'nothing is left of it');
    assert.equal(request().commit, tip);
  });

test('a repository that lets nobody in, or none: what it is, and nothing is left', LIMIT, async (t) => {
  const { remote, request, effort } = await openBed(t);
  remote.auth = { user: 'a', password: 'b' };
  await assert.rejects(readRemoteFile(request(), effort), { code: 'SOURCE_REFUSED' });
  remote.auth = null;
  remote.flood = 'talk';
  const endless = request();
  await assert.rejects(readRemoteFile(endless, effort), {
    ...{ code: 'SOURCE_UNREACHABLE', message: /talks without end/ },
  });
  assert.ok(!existsSync(endless.scratch));
  remote.flood = 'none';
  remote.fault = 'down';
  await assert.rejects(readRemoteFile(request(), effort), { code: 'SOURCE_UNREACHABLE' });
});

for (const filters of ['false', 'true'])
  test(
    `tags and branches are dated, an annotated tag by its tagger; filters ${filters}`,
    LIMIT,
    async (t) => {
      const { remote, request, effort, tip } = await openBed(t);
      await remote.git(['config', 'uploadpack.allowFilter', filters]);
      await remote.tag('v1.0.0', { commit: `${tip}^` });
      await remote.tag('v1.1.0', { annotated: true, commit: tip });
      const first = await remote.git(['rev-parse', `${tip}^`]);
      const refs = ['refs/tags/v1.0.0', 'refs/tags/v1.1.0', 'refs/heads/main'].map((name) => ({
        ...{ name, commit: tip },
      }));
      assert.deepEqual(Object.fromEntries(await readRefDates(request(), refs, effort)), {
        'refs/tags/v1.0.0': { commit: first, at: (MADE_S + 1) * 1_000 },
        'refs/tags/v1.1.0': { commit: tip, at: MADE_S * 1_000 },
        'refs/heads/main': { commit: tip, at: (MADE_S + 2) * 1_000 },
      });
      assert.ok(!existsSync(request().scratch));
    },
  );
