import assert from 'node:assert/strict';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { GitOpsError } from '../../src/domain/errors.js';
import { afterFailedLook, afterLook, afterQuietLook, type Observed } from '../../src/domain/observed.js';
import { makePrivateFolder } from '../../src/os/files.js';
import { layoutOf, type Layout } from '../../src/state/layout.js';
import { readObserved, writeObserved } from '../../src/state/observed-store.js';
import { commit, tagRefs } from '../domain/releases.js';
import { ownFolder } from '../folder.js';

const LOOK = { turn: 10, at: 11, tagPrefix: '', asked: 'all' };
const FAULT = new GitOpsError('SOURCE_UNREACHABLE', 'no network');

async function ownLayout(context: TestContext): Promise<Layout> {
  const layout = layoutOf(await ownFolder(context));
  await makePrivateFolder(layout.state);
  return layout;
}

async function read(layout: Layout): Promise<Observed> {
  return (await readObserved(layout)) ?? assert.fail('there is a record');
}

test('many refs are read once, and written only when they have changed', async (context) => {
  const layout = await ownLayout(context);
  await writeObserved(layout, afterLook(null, tagRefs('v1.0.0'), LOOK));
  const first = await read(layout);
  const file = await stat(layout.refs);
  await writeObserved(layout, afterQuietLook(first, { turn: 20, at: 21 }));
  await writeObserved(layout, afterLook(await read(layout), tagRefs('v1.0.0'), { ...LOOK, at: 22 }));
  await writeObserved(layout, afterFailedLook(await read(layout), FAULT, { turn: 30, at: 31 }));
  const later = await read(layout);
  assert.equal(later.refs, first.refs, 'it is the same object');
  assert.deepEqual([later.looks, later.at, later.listed], [4, 31, { at: 22, asked: 'all' }]);
  assert.deepEqual((await stat(layout.refs)).ino, file.ino, 'nobody has written');

  await writeObserved(layout, afterLook(later, tagRefs('v1.0.0', 'v1.1.0'), { ...LOOK, at: 40 }));
  assert.equal((await read(layout)).refs.length, 2);
  assert.deepEqual(Object.keys((await read(layout)).first), ['refs/tags/v1.1.0']);
});

test('what another process has listed is read anew', async (context) => {
  const layout = await ownLayout(context);
  await writeObserved(layout, afterLook(null, tagRefs('v1.0.0'), LOOK));
  await read(layout);
  const text = await readFile(layout.refs, 'utf8');
  await rm(layout.refs);
  await writeFile(layout.refs, text.replaceAll(commit(1), commit(7)));
  assert.equal((await read(layout)).refs[0]?.commit, commit(7));
});

test('a kill between the two records loses nothing, whichever of them is the old one', async (context) => {
  const layout = await ownLayout(context);
  const before = afterLook(null, tagRefs('v1.0.0'), LOOK);
  await writeObserved(layout, before);
  const look = await readFile(layout.observed, 'utf8');
  await writeObserved(layout, afterLook(before, tagRefs('v1.0.0', 'v1.1.0'), { ...LOOK, turn: 20, at: 21 }));
  await writeFile(layout.observed, look);
  const cut = await read(layout);
  assert.deepEqual([cut.turn, cut.looks, cut.refs.length], [10, 1, 2], 'the turn is to be taken again');
  const again = afterLook(cut, tagRefs('v1.0.0', 'v1.1.0'), { ...LOOK, turn: 20, at: 25 });
  assert.equal(again.first['refs/tags/v1.1.0']?.at, 21, 'seen when it was seen');
});

const TORN = ['', '{"schema":1,"torn', '{"schema":1}', '\0\0', 'null'];

test('a listing that is lost is asked for again; what the look was stays known', async (context) => {
  const layout = await ownLayout(context);
  for (const text of TORN) {
    await writeObserved(layout, afterLook(null, tagRefs('v1.0.0'), LOOK));
    await writeFile(layout.refs, text);
    const { refs, listed, turn } = await read(layout);
    assert.deepEqual([refs, listed, turn], [[], null, 10], text);
    assert.equal(await readFile(`${layout.refs}.corrupt`, 'utf8'), text);
  }
  await writeFile(layout.refs, '{"schema":2}');
  await assert.rejects(readObserved(layout), { code: 'STATE_NEWER' });
  assert.equal(await readFile(layout.refs, 'utf8'), '{"schema":2}');
});

test('a look that is lost loses no listing: what moved since it was first seen is still known', async (context) => {
  const layout = await ownLayout(context);
  const before = afterLook(null, tagRefs('v1.0.0'), LOOK);
  for (const text of TORN) {
    await writeObserved(layout, afterLook(before, tagRefs('v1.0.0', 'v1.1.0'), { ...LOOK, at: 21 }));
    await writeFile(layout.observed, text);
    const { seen, listed, turn, looks, first } = await read(layout);
    assert.deepEqual([seen['v1.0.0'], listed, turn, looks], [commit(1), null, 0, 2], text);
    assert.deepEqual(first['refs/tags/v1.1.0'], { commit: commit(2), at: 21, look: 2 });
  }
});

test('a first look that failed leaves no listing, and a record of old is no trouble', async (context) => {
  const layout = await ownLayout(context);
  await writeObserved(layout, afterFailedLook(null, FAULT, { turn: 1, at: 2 }));
  await assert.rejects(stat(layout.refs), { code: 'ENOENT' });
  assert.deepEqual((await read(layout)).error, 'no network');
  const { refs, seen, first, listed, ...look } = afterLook(null, tagRefs('v1.0.0'), LOOK);
  assert.ok(listed);
  await writeFile(layout.observed, JSON.stringify({ schema: 1, ...look, refs, seen, first }));
  assert.deepEqual([(await read(layout)).refs, (await read(layout)).listed], [[], null]);
});

test('where the listing cannot be written the look is not written either', async (context) => {
  const layout = await ownLayout(context);
  await mkdir(layout.refs);
  await assert.rejects(writeObserved(layout, afterLook(null, tagRefs('v1.0.0'), LOOK)));
  await assert.rejects(stat(layout.observed), { code: 'ENOENT' });
});
