import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { FRESH, type Upgrade } from '../../src/domain/upgrade.js';
import { openJournal, readJournal } from '../../src/state/journal.js';
import { release } from '../domain/releases.js';
import { anyStory, endOf } from '../domain/walk.js';
import { assertMode, ownFolder } from '../folder.js';

const V10: Upgrade = { ...FRESH, active: { release: release('v1.0.0', 1), since: 1, apps: null } };
const V11: Upgrade = { ...V10, phase: { at: 'staging', release: release('v1.1.0', 2), run: 'r', starts: 1 } };

function line(upgrade: object, schema = 1): string {
  return `${JSON.stringify({ schema, at: 1, upgrade })}\n`;
}

test('where there is no journal, it tells nothing', async (context) => {
  const folder = await ownFolder(context);
  assert.equal(await readJournal(join(folder, 'journal.jsonl')), null);
  assert.equal(await readJournal(join(folder, 'gone', 'journal.jsonl')), null);
});

test('whatever an upgrade has become: what is written is read again', async (context) => {
  const path = join(await ownFolder(context), 'journal.jsonl');
  const journal = await openJournal(path);
  await fc.assert(
    fc.asyncProperty(anyStory, async (story) => {
      const upgrade = endOf(story);
      await journal.append(upgrade, 7);
      assert.deepEqual((await readJournal(path))?.upgrade, upgrade);
    }),
    { numRuns: 50 },
  );
  await assertMode(path, 0o600);
});

test('wherever the last line was torn, it never happened', async (context) => {
  const path = join(await ownFolder(context), 'journal.jsonl');
  const whole = line(V10);
  const last = line(V11);
  for (const length of [
    ...Array.from({ length: last.length / 7 }, (_, index) => index * 7),
    last.length - 1,
  ]) {
    await writeFile(path, whole + last.slice(0, length));
    assert.deepEqual((await readJournal(path))?.upgrade, V10, `${length} characters`);
    const journal = await openJournal(path);
    assert.deepEqual(journal.entry?.upgrade, V10);
    assert.equal(await readFile(path, 'utf8'), whole);
    await journal.append(V11, 2);
    assert.deepEqual((await readJournal(path))?.upgrade, V11);
  }
});

test('lines that were never written by us are passed over', async (context) => {
  const path = join(await ownFolder(context), 'journal.jsonl');
  const nasty = ['\u0000\u0000\n', '{}\n', 'null\n', '\n', '[]\n', '"x"\n', '{"schema":1,"at":1,"upg\n'];
  await writeFile(path, line(V10) + nasty.join(''));
  assert.deepEqual((await readJournal(path))?.upgrade, V10);
  const journal = await openJournal(path);
  assert.deepEqual((await readJournal(path))?.upgrade, V10);
  await journal.append(V11, 2);
  assert.deepEqual((await readJournal(path))?.upgrade, V11);
});

test('a whole line of ours that tells no upgrade is no reason to believe the one before', async (context) => {
  const path = join(await ownFolder(context), 'journal.jsonl');
  const strange = [
    {},
    { ...V11, phase: { at: 'flying' } },
    { ...V11, active: { release: 'v1' } },
    { ...V11, quarantine: null },
  ];
  for (const upgrade of strange) {
    const text = `${line(V10)}${line(upgrade)}garbage\n{"torn`;
    await writeFile(path, text);
    assert.equal(await readJournal(path), null);
    const journal = await openJournal(path);
    assert.equal(journal.entry, null);
    assert.equal(await readFile(`${path}.corrupt`, 'utf8'), text, 'it is kept');
    assert.equal(await readFile(path, 'utf8'), '');
    await writeFile(path, line(upgrade) + line(V11));
    assert.deepEqual((await readJournal(path))?.upgrade, V11, 'what came later is believed');
  }
});

test('what was torn is cut off to the byte, whatever bytes stand before it', async (context) => {
  const path = join(await ownFolder(context), 'journal.jsonl');
  const whole = Buffer.concat([Buffer.from([0xff, 0xfe, 0xc3, 0x0a]), Buffer.from(line(V10))]);
  await writeFile(path, Buffer.concat([whole, Buffer.from('{"tag":"é').subarray(0, -1)]));
  const journal = await openJournal(path);
  assert.deepEqual(await readFile(path), whole);
  await journal.append(V11, 2);
  assert.deepEqual((await readJournal(path))?.upgrade, V11);
});

test('an opened journal is there, and tells what the upgrade was', async (context) => {
  const path = join(await ownFolder(context), 'journal.jsonl');
  assert.equal((await openJournal(path)).entry, null);
  assert.equal(await readFile(path, 'utf8'), '');
  await assertMode(path, 0o600);
  await writeFile(path, line(V10));
  assert.deepEqual((await openJournal(path)).entry?.upgrade, V10);
});

test('a journal of which nothing can be read is kept, and a new one begins', async (context) => {
  const path = join(await ownFolder(context), 'journal.jsonl');
  await writeFile(path, 'garbage\nmore garbage\n');
  assert.equal(await readJournal(path), null);
  const journal = await openJournal(path);
  assert.match(await readFile(`${path}.corrupt`, 'utf8'), /^garbage\n/);
  await journal.append(V10, 1);
  assert.deepEqual((await readJournal(path))?.upgrade, V10);
});

test('a long journal is compacted when it is opened, and still says the same', async (context) => {
  const path = join(await ownFolder(context), 'journal.jsonl');
  await writeFile(path, line(V10).repeat(2_000) + line(V11));
  await openJournal(path);
  assert.deepEqual((await readJournal(path))?.upgrade, V11);
  const { length } = (await readFile(path, 'utf8')).split('\n');
  assert.equal(length, 51);
});

test('what a compacted journal keeps can be read: garbage pushes nothing out', async (context) => {
  const path = join(await ownFolder(context), 'journal.jsonl');
  const garbage = `${'x'.repeat(5_000)}\n`.repeat(80);
  await writeFile(path, line(V10) + garbage);
  await openJournal(path);
  assert.deepEqual((await readJournal(path))?.upgrade, V10);
  await writeFile(path, garbage);
  await openJournal(path);
  assert.equal(await readFile(`${path}.corrupt`, 'utf8'), garbage, 'what nobody can read is kept');
});

test('what a newer version wrote is neither read nor touched', async (context) => {
  const path = join(await ownFolder(context), 'journal.jsonl');
  const newer = line({ anything: true }, 2);
  for (const text of [
    newer,
    line(V10) + newer,
    `${line(V10) + newer}{"torn`,
    line(V10).repeat(2_000) + newer,
  ]) {
    await writeFile(path, text);
    await assert.rejects(readJournal(path), { code: 'STATE_NEWER' });
    await assert.rejects(openJournal(path), { code: 'STATE_NEWER' });
    assert.equal(await readFile(path, 'utf8'), text);
  }
});

test('a reader in the middle of a write sees the line before', async (context) => {
  const path = join(await ownFolder(context), 'journal.jsonl');
  await writeFile(path, line(V10));
  await appendFile(path, line(V11).slice(0, 40));
  assert.deepEqual((await readJournal(path))?.upgrade, V10);
  await appendFile(path, line(V11).slice(40));
  assert.deepEqual((await readJournal(path))?.upgrade, V11);
});
