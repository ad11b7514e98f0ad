import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { execa } from 'execa';
import { fetchCommit, releaseRef, type FetchRequest } from '../../src/workspace/mirror.js';
import { Remote } from '../bed/remote.js';
import { Bench, releaseOf } from './bench.js';

/** What a power loss, a bad disk or a person makes of a mirror that holds `first`. */
type Damage = (mirror: string, first: string) => Promise<void>;

const packs =
  (spoil: (file: string) => Promise<void>, ending = ''): Damage =>
  async (mirror) => {
    const folder = join(mirror, 'objects', 'pack');
    for (const name of (await readdir(folder)).filter((each) => each.endsWith(ending))) {
      await chmod(join(folder, name), 0o600);
      await spoil(join(folder, name));
    }
  };
const put =
  (path: string, text: string): Damage =>
  async (mirror) => {
    await mkdir(dirname(join(mirror, path)), { recursive: true });
    await writeFile(join(mirror, path), text);
  };
const ofRef =
  (text: string): Damage =>
  (mirror, first) =>
    put(releaseRef(first), text)(mirror, first);

async function loose(mirror: string, spoil: (file: string) => Promise<void>): Promise<void> {
  const folder = join(mirror, 'objects', 'pack');
  const pack = (await readdir(folder)).find((name) => name.endsWith('.pack')) ?? '';
  const input = await readFile(join(folder, pack));
  await rm(folder, { recursive: true });
  await execa('git', ['--git-dir', mirror, 'unpack-objects', '-q'], { input });
  for (const entry of await readdir(join(mirror, 'objects'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    await chmod(join(entry.parentPath, entry.name), 0o600);
    await spoil(join(entry.parentPath, entry.name));
  }
}

const zero = async (file: string): Promise<void> => writeFile(file, Buffer.alloc((await stat(file)).size));
const empty = (file: string): Promise<void> => truncate(file);

const DAMAGES: Readonly<Record<string, Damage>> = {
  'empty packs and indexes': packs(empty),
  'empty packs': packs(empty, '.pack'),
  'empty indexes': packs(empty, '.idx'),
  'half packs': packs((file) => truncate(file, 60), '.pack'),
  'zeroed packs': packs(zero, '.pack'),
  'zeroed indexes': packs(zero, '.idx'),
  'packs that are gone': packs((file) => rm(file), '.pack'),
  'indexes that are gone': packs((file) => rm(file), '.idx'),
  'empty loose objects': (mirror) => loose(mirror, empty),
  'loose objects of garbage': (mirror) => loose(mirror, (file) => writeFile(file, 'garbage')),
  'an empty HEAD': put('HEAD', ''),
  'a HEAD of garbage': put('HEAD', '\0\0\0\0'),
  'no HEAD': (mirror) => rm(join(mirror, 'HEAD')),
  'an empty config': put('config', ''),
  'a config of garbage': put('config', '\0[garbage'),
  'no config': (mirror) => rm(join(mirror, 'config')),
  'an empty shallow file': put('shallow', ''),
  'a shallow file of garbage': put('shallow', 'garbage\n'),
  'no shallow file': (mirror) => rm(join(mirror, 'shallow')),
  'empty packed-refs': put('packed-refs', ''),
  'packed-refs of garbage': put('packed-refs', 'garbage\n'),
  'an empty ref': ofRef(''),
  'a ref of zeros': ofRef('\0'.repeat(41)),
  'a ref to nothing': ofRef(`${'1'.repeat(40)}\n`),
  'a folder where a ref should be': async (mirror, first) => {
    await rm(join(mirror, releaseRef(first)));
    await mkdir(join(mirror, releaseRef(first)));
  },
  'no folder of objects': (mirror) => rm(join(mirror, 'objects'), { recursive: true }),
  'no folder of refs': (mirror) => rm(join(mirror, 'refs'), { recursive: true }),
  'a file where the mirror should be': async (mirror) => {
    await rm(mirror, { recursive: true });
    await writeFile(mirror, 'a file');
  },
};

describe('a damaged mirror', () => {
  let remote: Remote;
  let bench: Bench;
  let first: string;
  let second: string;

  before(async () => {
    remote = await Remote.open();
    first = await remote.release('v1.0.0', { 'a.txt': 'one\n' });
    second = await remote.release('v1.1.0', { 'a.txt': 'two\n' });
  });
  after(() => remote.close());
  beforeEach(async () => {
    bench = await Bench.open();
  });
  afterEach(() => bench.close());

  const request = (more: Partial<FetchRequest> = {}): FetchRequest => ({
    ...{ mirror: bench.mirror, remote: { url: remote.url, env: {} }, shallow: true, seed: null },
    ...{ release: releaseOf('v1.0.0', first), ...more },
  });
  const inMirror = async (...args: string[]): Promise<string> =>
    (await execa('git', ['--git-dir', bench.mirror, ...args])).stdout;

  for (const [name, damage] of Object.entries(DAMAGES)) {
    it(`heals from ${name}, with two downloads at most`, async () => {
      await fetchCommit(request(), bench.effort());
      await damage(bench.mirror, first);
      const asked = remote.counts.fetch;
      for (const release of [releaseOf('v1.1.0', second), releaseOf('v1.0.0', first)]) {
        await fetchCommit(request({ release }), bench.effort());
        await inMirror('rev-list', '--objects', '--no-walk', release.commit);
        await inMirror('cat-file', 'blob', `${release.commit}:a.txt`);
        assert.equal(await inMirror('rev-parse', releaseRef(release.commit)), release.commit);
      }
      assert.ok(
        remote.counts.fetch - asked <= 3,
        `${remote.counts.fetch - asked} downloads for two releases`,
      );
      assert.deepEqual((await readdir(bench.state)).sort(), ['mirror.git'], 'nothing is left beside it');
    });
  }
});
