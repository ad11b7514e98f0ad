import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test from 'node:test';
import { ownFolder } from '../folder.js';
import { bareRoot, runCli, startCli, taggedRepository } from './program.js';

test('every verb helps, and refuses an option that it does not know', async (context) => {
  const folder = await ownFolder(context);
  const all = await runCli(folder, ['--help']);
  assert.equal(all.code, 0);
  // What each helps with is a matter of the tree; here it is that the way to it is right.
  for (const verb of ['status', 'policy']) {
    assert.match(all.stdout, new RegExp(`^  ${verb}\\b`, 'm'));
    const help = await runCli(folder, [verb, '--help']);
    assert.deepEqual([help.code, help.stderr], [0, ''], verb);
    assert.match(help.stdout, new RegExp(`^Usage: pm2-gitops ${verb} `));
    assert.deepEqual(await runCli(folder, ['help', verb]), help, verb);
    const wrong = await runCli(folder, [verb, '--nonsense']);
    assert.deepEqual([wrong.code, wrong.stdout], [2, ''], verb);
    assert.match(wrong.stderr, /^✗ unknown option '--nonsense'\n {2}→ see pm2-gitops \S+ --help\n$/, verb);
  }
});

test('a verb that does not exist, and a folder that is no root, are mistakes', async (context) => {
  const folder = await ownFolder(context);
  const mistyped = await runCli(folder, ['stauts']);
  assert.deepEqual(
    [mistyped.code, mistyped.stderr],
    [2, "✗ unknown command 'stauts'\n  → did you mean status?\n"],
  );
  const inJson = await runCli(folder, ['status', '--jsno', '--json']);
  assert.deepEqual(
    [inJson.code, inJson.stdout, JSON.parse(inJson.stderr)],
    [
      ...[2, ''],
      {
        schema: 1,
        error: { code: 'USAGE', message: "unknown option '--jsno'", hint: 'did you mean --json?' },
      },
    ],
  );
  const nowhere = await runCli(folder, ['status']);
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /no gitops\.json.*\n.*--root/);
});

test('in a pipe there is plain text, or JSON', async (context) => {
  const root = await bareRoot(context, await taggedRepository(context));
  const codes: [string, number][] = [
    ['plan', 3],
    ['status', 3],
    ['history', 0],
    ['doctor', 2], // no pm2 runs here
  ];
  for (const [verb, code] of codes) {
    const plain = await runCli(root, [verb]);
    assert.equal(plain.code, code, `${verb}: ${plain.stderr}`);
    assert.doesNotMatch(plain.stdout + plain.stderr, /\p{Cc}(?<![\n\t])/u, verb);
    const json = await runCli(root, [verb, '--json']);
    assert.deepEqual([json.code, json.stderr], [code, ''], verb);
    const parsed: unknown = JSON.parse(json.stdout);
    assert.ok(typeof parsed === 'object' && parsed !== null && 'schema' in parsed && parsed.schema === 1);
  }
});

test('colours are for those who look, and for whoever asks outright', async (context) => {
  const root = await bareRoot(context, await taggedRepository(context));
  const isColoured = async (env: Readonly<Record<string, string>>): Promise<boolean> =>
    (await runCli(root, ['status'], { env })).stdout.includes('\u001b[');
  assert.deepEqual(
    [
      await isColoured({}),
      await isColoured({ FORCE_COLOR: '1' }),
      await isColoured({ FORCE_COLOR: '1', NO_COLOR: '1' }),
      await isColoured({ FORCE_COLOR: '0' }),
    ],
    [false, true, false, false],
  );
});

test('orders that cannot be read are a hold that tells how to set it right, and hold sets it right', async (context) => {
  const root = await bareRoot(context, await taggedRepository(context));
  assert.equal((await runCli(root, ['hold', '--reason', 'a fair'])).code, 0);
  await writeFile(join(root, '.pm2-gitops', 'orders.json'), '{"schema":1,');
  for (const verb of ['plan', 'apply', 'status']) {
    const refused = await runCli(root, [verb]);
    assert.equal(refused.code, 3, verb);
    assert.match(
      refused.stdout + refused.stderr,
      /held.*orders\.json cannot be read.*pm2-gitops hold/s,
      verb,
    );
  }
  assert.equal((await runCli(root, ['hold', '--reason', 'a fair'])).code, 0);
  assert.match((await runCli(root, ['plan'])).stdout, /held +a fair/);
});

test('whoever interrupts a look has interrupted it: nothing failed', async (context) => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const root = await bareRoot(context, `http://127.0.0.1:${address.port}/shop.git`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = startCli(root, ['plan']);
    const closed = once(child, 'close');
    await once(server, 'request');
    child.kill(signal);
    assert.deepEqual(await closed, [130, null], signal);
  }
});

test('run polls until it is interrupted, and then has done its work', async (context) => {
  const child = startCli(await bareRoot(context, await taggedRepository(context)), ['run']);
  const closed = once(child, 'close');
  assert.ok(child.stdout !== null);
  const said: unknown[] = await once(child.stdout, 'data');
  assert.match(String(said[0]), /polling .*, channel stable\n$/);
  child.kill('SIGINT');
  assert.deepEqual(await closed, [0, null]);
});
