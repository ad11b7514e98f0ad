import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import * as v from 'valibot';
import { ownFolder } from '../folder.js';
import { runCli, taggedRepository, type Ended } from './program.js';

const ANSWER = v.object({
  schema: v.literal(1),
  roots: v.array(
    v.looseObject({ root: v.string(), error: v.nullable(v.looseObject({ code: v.nullable(v.string()) })) }),
  ),
});

test('outside of any root status lists all of them, and ends as the one does that needs somebody most', async (context) => {
  const home = await ownFolder(context);
  const repository = await taggedRepository(context);
  const cli = (args: readonly string[]): Promise<Ended> => runCli(home, args);
  const nowhere = await cli(['status']);
  assert.deepEqual([nowhere.code, nowhere.stdout], [2, '']);
  assert.match(nowhere.stderr, /no gitops\.json in/);
  assert.deepEqual([(await cli(['status', '--all'])).stdout], ['no roots yet\n']);

  const [blog, shop] = ['blog', 'shop'].map((name) => join(home, 'srv', name));
  assert.ok(blog !== undefined && shop !== undefined);
  for (const root of [shop, blog]) {
    await mkdir(root, { recursive: true });
    assert.equal((await cli(['init', repository, '--root', root])).code, 0);
  }
  const table = await cli(['status']);
  assert.equal(table.code, 3);
  const rows = table.stdout.split('\n').map((line) => line.split(/ {2,}/));
  assert.deepEqual(rows[0], ['root', 'channel', 'active', 'desired', 'state', 'last run', 'why']);
  assert.deepEqual(rows.slice(1, 3), [
    [blog, 'stable', '–', 'v1.0.0', 'behind', '–'],
    [shop, 'stable', '–', 'v1.0.0', 'behind', '–'],
  ]);
  // In a root it is about that one, unless all are asked for.
  assert.match((await runCli(shop, ['status'], { home })).stdout, /^active +nothing yet$/m);
  assert.equal((await runCli(shop, ['status', '--all'], { home })).stdout, table.stdout);

  await writeFile(join(blog, 'gitops.json'), '{ "repository": 7 }');
  const broken = await cli(['status']);
  assert.equal(broken.code, 2);
  assert.match(broken.stdout, /srv\/shop +stable .* behind\b/);
  assert.match(broken.stdout, /✗ .*srv\/blog\/gitops\.json: repository/);
  await rm(blog, { recursive: true });
  const gone = await cli(['status', '--json']);
  assert.equal(gone.code, 3);
  const { roots } = v.parse(ANSWER, JSON.parse(gone.stdout));
  assert.deepEqual(
    roots.map(({ root, error }) => [root, error?.code ?? null]),
    [
      [blog, 'NOT_A_ROOT'],
      [shop, null],
    ],
  );
  assert.match(
    (await cli(['status'])).stdout,
    /– .*srv\/blog holds no gitops\.json any more .*→ .*forget it by removing \S+\.json$/m,
  );
});
