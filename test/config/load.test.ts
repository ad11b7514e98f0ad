import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import test from 'node:test';
import { loadMachineConfig, withKey } from '../../src/config/load.js';
import { GitOpsError } from '../../src/domain/errors.js';

const REPOSITORY = '"repository": "https://h/a.git"';

/** What loading a file with this text says is wrong; null if nothing is. */
async function mistakeIn(text: string): Promise<string | null> {
  return inFolder(async (folder) => {
    await writeFile(join(folder, 'gitops.json'), text);
    try {
      await loadMachineConfig(join(folder, 'gitops.json'));
      return null;
    } catch (error) {
      assert.ok(error instanceof GitOpsError && error.code === 'CONFIG_INVALID', String(error));
      assert.ok(error.hint !== null);
      return error.message.replace(`${folder}${sep}`, '/');
    }
  });
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pgo-config-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a file that is no JSON is told with the line and column of its first mistake', async () => {
  const table: [string, RegExp][] = [
    [
      '{\n  "repository": "x",\n  "channel" "stable"\n}',
      /^\/gitops\.json:3:13: colon expected \(line 3, column 13\)$/,
    ],
    ['{\n  "repository": "x",\n}', /^\/gitops\.json:3:1: /],
    ['{ "repository": x }', /^\/gitops\.json:1:17: invalid symbol/],
    ['// mine\n{}', /^\/gitops\.json:1:1: invalid comment token/],
    ['', /^\/gitops\.json:1:1: value expected/],
    ['{', /^\/gitops\.json:1:2: close brace expected/],
  ];
  for (const [text, message] of table) assert.match((await mistakeIn(text)) ?? 'accepted', message, text);
});

test('a file that an editor of Windows saved is read', async () => {
  assert.equal(await mistakeIn(`\ufeff{\r\n  ${REPOSITORY}\r\n}\r\n`), null);
});

test('JSON that is no configuration is told by its key', async () => {
  assert.match(
    (await mistakeIn('{ "repositry": "x" }')) ?? '',
    /repositry: unknown key; did you mean repository\?/,
  );
  assert.match((await mistakeIn('[]')) ?? '', /\[\] is not an object|key is missing/);
  assert.match((await mistakeIn('null')) ?? '', /null is not an object/);
});

test('a cron expression is checked at the door', async () => {
  assert.equal(await mistakeIn(`{ ${REPOSITORY}, "poll": "0 3 * * *", "timezone": "Europe/Berlin" }`), null);
  assert.equal(await mistakeIn(`{ ${REPOSITORY}, "poll": "*/30 * * * * *" }`), null);
  assert.match(
    (await mistakeIn(`{ ${REPOSITORY}, "poll": "0 25 * * *" }`)) ?? 'accepted',
    /poll: "0 25 \* \* \*" is no cron expression: /,
  );
});

test('a folder without the file is no root', async () => {
  await inFolder(async (folder) => {
    await assert.rejects(loadMachineConfig(join(folder, 'gitops.json')), { code: 'NOT_A_ROOT' });
    await assert.rejects(loadMachineConfig(join(folder, 'gone', 'gitops.json')), { code: 'NOT_A_ROOT' });
  });
});

test('where the file names no strategy, a checkout is one, and anything else has releases', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'gitops.json');
    await writeFile(path, `{ ${REPOSITORY} }`);
    assert.equal((await loadMachineConfig(path)).strategy, 'releases');
    await mkdir(join(folder, '.git'));
    assert.equal((await loadMachineConfig(path)).strategy, 'checkout');
    await writeFile(path, `{ ${REPOSITORY}, "strategy": "releases" }`);
    assert.equal((await loadMachineConfig(path)).strategy, 'releases');
  });
});

test('setting a key leaves all the rest as people wrote it', async () => {
  const written = `{\n    "repository":   "https://h/a.git",\n\n    "channel": "stable",   "labels": {"a":"b"},\n    "keep": 5\n}\n`;
  assert.equal(await withKey(written, 'channel', 'beta'), written.replace('"stable"', '"beta"'));
  const added = await withKey(written, 'name', 'vps-07');
  assert.equal(added, written.replace('"keep": 5', '"keep": 5,\n    "name": "vps-07"'));
  assert.deepEqual(JSON.parse(added), { ...parsed(written), name: 'vps-07' });
  assert.deepEqual(parsed(await withKey(added, 'name', undefined)), parsed(written));
});

test('setting a key keeps the mark and the line ends of an editor of Windows', async () => {
  const written = `\ufeff{\r\n  ${REPOSITORY},\r\n  "channel": "stable"\r\n}\r\n`;
  assert.equal(await withKey(written, 'channel', 'beta'), written.replace('stable', 'beta'));
});

function parsed(text: string): object {
  const value: unknown = JSON.parse(text);
  assert.ok(typeof value === 'object' && value !== null);
  return value;
}

test('a folder in the place of the file is told as a mistake', async () => {
  await inFolder(async (folder) => {
    await mkdir(join(folder, 'gitops.json'));
    await assert.rejects(loadMachineConfig(join(folder, 'gitops.json')), {
      code: 'CONFIG_INVALID',
      message: /gitops\.json is a folder$/,
    });
  });
});
