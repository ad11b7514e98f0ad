import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { lstat, readdir, readFile, readlink, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { BOUNDS } from '../../src/workspace/incoming.js';
import { fetchCommit, type FetchRequest } from '../../src/workspace/mirror.js';
import { checkOutTree, type TreePlace } from '../../src/workspace/tree.js';
import type { Answer } from '../bed/loopback.js';
import { Remote } from '../bed/remote.js';
import { Bench, releaseOf } from './bench.js';

type Entry = readonly [mode: '100644' | '100755' | '120000' | '160000' | '040000', id: string, name: string];

// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4: a block that is not compressed, and not the last.
const ZLIB = Buffer.from([0x78, 0x01]);
function stored(text: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(text.length, 1);
  head.writeUInt16LE(0xffff - text.length, 3);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe('a repository that means harm', () => {
  let remote: Remote;
  let bench: Bench;
  let listed = '';

  before(async () => {
    remote = await Remote.open();
  });
  after(() => remote.close());
  beforeEach(async () => {
    bench = await Bench.open();
  });
  afterEach(async () => {
    remote.before = null;
    await bench.close();
  });

  const blob = (text: string): Promise<string> => remote.git(['hash-object', '-w', '--stdin'], text);
  const tree = (entries: readonly Entry[]): Promise<string> => {
    const kinds = { '040000': 'tree', '160000': 'commit' } as const;
    const lines = entries.map(([mode, id, name]) => {
      const kind = mode === '040000' || mode === '160000' ? kinds[mode] : 'blob';
      return `${mode} ${kind} ${id}\t${name}\0`;
    });
    return remote.git(['mktree', '-z', '--missing'], lines.join(''));
  };
  const commit = async (root: string): Promise<string> => {
    const id = await remote.git(['commit-tree', '-m', 'x', root]);
    await remote.git(['update-ref', `refs/tags/v${id}`, id]);
    return id;
  };
  const request = (id: string, more: Partial<FetchRequest> = {}): FetchRequest => ({
    ...{ mirror: bench.mirror, remote: { url: remote.url, env: {} }, shallow: true, seed: null },
    ...{ release: { ...releaseOf('v1.0.0', id), ref: `refs/tags/v${id}` }, ...more },
  });
  const place = (id: string): TreePlace => ({
    ...{ mirror: bench.mirror, commit: id, tree: bench.path('stage', 'tree'), index: bench.path('index') },
  });
  const layOut = async (id: string): Promise<string> => {
    await fetchCommit(request(id), bench.effort());
    assert.equal(await checkOutTree(place(id), bench.effort()), 'done');
    return place(id).tree;
  };

  it('cannot bring a .git by any name, nor a way out, and the release is to blame', async () => {
    const config = await tree([['100644', await blob('[core]\n\tfsmonitor = touch pwned\n'), 'config']]);
    const link = await blob('/etc');
    const modules = async (text: string): Promise<string> =>
      tree([['100644', await blob(text), '.gitmodules']]);
    const roots: [string, string][] = [
      ...['.git', '.GIT', 'git~1', '.g\u200cit', '.git ', '.git::$INDEX_ALLOCATION', '..', '.'].map(
        (name): [string, string] => [name, ''],
      ),
      ['.gitmodules', await tree([['120000', link, '.gitmodules']])],
      ['a name', await modules('[submodule "../../x"]\n\tpath = x\n\turl = https://host.invalid/x\n')],
      ['an option', await modules('[submodule "x"]\n\tpath = x\n\turl = --upload-pack=touch\n')],
      ['a command', await modules('[submodule "x"]\n\tpath = x\n\tupdate = !touch\n')],
    ];
    for (const [name, root] of roots) {
      const id = await commit(root === '' ? await tree([['040000', config, name]]) : root);
      await assert.rejects(layOut(id), { code: 'RELEASE_INVALID' }, JSON.stringify(name));
      assert.deepEqual(await readdir(bench.path('stage')).catch(() => []), []);
    }
  });

  it('cannot bring it by the old protocol of plain files either, which nobody looks through', async () => {
    const config = await tree([['100644', await blob('x'), 'config']]);
    const id = await commit(await tree([['040000', config, '.g\u200cit']]));
    listed = `${id}\trefs/tags/v${id}\n`;
    remote.before = ({ path }) => plainFile(path);
    await fetchCommit(request(id, { shallow: false }), bench.effort());
    await assert.rejects(checkOutTree(place(id), bench.effort()), {
      ...{ code: 'RELEASE_INVALID', message: /invalid path/ },
    });
    assert.deepEqual(await readdir(place(id).tree), []);
  });

  it('has no endless file for us, whichever protocol it speaks', async () => {
    const id = await commit(await tree([['100644', await blob('never whole'), 'a.txt']]));
    listed = `${id}\trefs/tags/v${id}\n`;
    const bounds = { ...BOUNDS, share: 0.00001 };
    remote.before = ({ path }) => ({
      ...plainFile(path),
      ...(/objects\/[0-9a-f]{2}\//.test(path)
        ? { body: Buffer.concat([ZLIB, stored('blob 99999999999\0')]), tail: stored('x'.repeat(65_000)) }
        : {}),
    });
    await assert.rejects(fetchCommit(request(id, { shallow: false, bounds }), bench.effort()), {
      code: 'DISK_FULL',
    });
    const left = await readdir(join(bench.mirror, 'objects'), { recursive: true });
    assert.deepEqual(
      left.filter((name) => name.includes('temp')),
      [],
    );
  });

  it('cannot fill the memory with files, nor the disk with one small object, nor leave what cannot be removed', async () => {
    const one = await blob('one');
    let bomb = await tree(Array.from({ length: 10 }, (_, n) => ['100644', one, `f${n}`]));
    for (let level = 0; level < 9; level += 1) {
      const below = bomb;
      bomb = await tree(Array.from({ length: 10 }, (_, n) => ['040000', below, `d${n}`]));
    }
    const zeros = await blob('0'.repeat(64 * 1024 ** 2));
    const { bavail, bsize } = await statfs(bench.path());
    const copies = Math.ceil((bavail * bsize) / (64 * 1024 ** 2)) + 1;
    let deep = await tree([['100644', one, 'f']]);
    for (let level = 0; level < 8; level += 1) deep = await tree([['040000', deep, 'd'.repeat(200)]]);
    const table: [string, RegExp, string][] = [
      ['RELEASE_INVALID', /has more than 500000 files/, bomb],
      [
        'DISK_SHORT',
        /MiB are needed/,
        await tree(Array.from({ length: copies }, (_, n) => ['100644', zeros, `f${n}`])),
      ],
      ['RELEASE_INVALID', /a name in it is too long: d+/, deep],
      ['RELEASE_INVALID', /a name in it is too long: e+/, await tree([['100644', one, 'e'.repeat(256)]])],
      ['RELEASE_INVALID', /a name in it is too long/, await tree([['100644', one, '🎉'.repeat(64)]])],
    ];
    for (const [code, message, root] of table) {
      const begin = performance.now();
      await assert.rejects(layOut(await commit(root)), { code, message });
      assert.ok(performance.now() - begin < 30_000);
      assert.equal(existsSync(place('').tree), false, 'nothing was laid out');
    }
  });

  it('leads nowhere by its links, starts no program by its attributes, and its submodules are empty folders', async () => {
    const evil = `touch ${bench.path('pwned')} && cat`;
    await bench.write(
      {
        '.gitconfig': `[filter "evil"]\n\tsmudge = ${evil}\n\tprocess = ${evil}\n\trequired\n[core]\n\tfsmonitor = ${evil}\n[submodule]\n\trecurse = true\n[init]\n\ttemplateDir = ${bench.path('template')}\n`,
      },
      bench.path(),
    );
    const hook = `#!/bin/sh\n${evil}\n`;
    await bench.write(
      { 'hooks/post-checkout': hook, 'hooks/reference-transaction': hook },
      bench.path('template'),
    );
    await bench.program('git-lfs', evil);
    const outside = bench.path('outside');
    await writeFile(outside, 'mine');
    const attributes =
      '* filter=evil ident text eol=crlf\n*.bin filter=lfs diff=lfs merge=lfs -text\n*.sub export-subst\n';
    const modules = `[submodule "vendor"]\n\tpath = vendor\n\turl = ext::sh -c ${evil}\n`;
    const id = await commit(
      await tree([
        ['100644', await blob(attributes), '.gitattributes'],
        ['100644', await blob(modules), '.gitmodules'],
        ['100644', await blob('version https://git-lfs.github.com/spec/v1\n'), 'a.bin'],
        ['100644', await blob('$Format:%H$\n'), 'a.sub'],
        ['120000', await blob(outside), 'absolute'],
        ['040000', await tree([['100755', await blob(hook), 'post-checkout']]), 'hooks'],
        ['120000', await blob('../../../outside'), 'relative'],
        ['160000', '1'.repeat(40), 'vendor'],
      ]),
    );
    const laid = await layOut(id);
    assert.equal(existsSync(bench.path('pwned')), false);
    assert.equal(await readlink(join(laid, 'absolute')), outside);
    assert.ok((await lstat(join(laid, 'relative'))).isSymbolicLink());
    assert.equal(await readFile(outside, 'utf8'), 'mine');
    assert.equal(await readFile(join(laid, 'a.bin'), 'utf8'), 'version https://git-lfs.github.com/spec/v1\n');
    assert.equal(await readFile(join(laid, 'a.sub'), 'utf8'), '$Format:%H$\r\n');
    assert.deepEqual(await readdir(join(laid, 'vendor')), []);
  });

  /** As a plain web server has it. */
  const plainFile = (path: string): Answer => {
    const name = path.replace('/app.git/', '');
    const file = join(fileURLToPath(remote.fileUrl), name);
    const found = name === 'info/refs' ? Buffer.from(listed) : existsSync(file) ? readFileSync(file) : null;
    return {
      status: found === null ? 404 : 200,
      headers: { 'content-type': 'text/plain' },
      body: found ?? Buffer.alloc(0),
    };
  };
});
