import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { afterLook } from '../../src/domain/observed.js';
import { NO_ORDERS, type Orders } from '../../src/domain/orders.js';
import type { Run } from '../../src/domain/run.js';
import { makePrivateFolder } from '../../src/os/files.js';
import { layoutOf, type Layout } from '../../src/state/layout.js';
import { listRuns, readRun, runFolder, runIds, runLog, writeRun } from '../../src/state/runs.js';
import { readObserved, writeObserved } from '../../src/state/observed-store.js';
import { changeOrders, ensureMachine, readOrders, writeOrders } from '../../src/state/store.js';
import { release, tagRefs } from '../domain/releases.js';
import { assertMode, ownFolder } from '../folder.js';

const V10 = release('v1.0.0', 1);
const RUN: Run = {
  ...{ id: '20260524-030709-045-a1b2', cause: 'schedule', from: null, to: V10 },
  ...{
    startedAt: 1,
    endedAt: null,
    outcome: null,
    problem: null,
    reason: null,
    phases: [{ at: 'staging', since: 2 }],
  },
};

async function ownLayout(context: TestContext): Promise<Layout> {
  const layout = layoutOf(await ownFolder(context));
  await makePrivateFolder(layout.state);
  return layout;
}

test('what is written is read again', async (context) => {
  const layout = await ownLayout(context);
  const orders: Orders = {
    pin: { release: V10, since: 1, until: null },
    hold: { reason: 'a fair', since: 2, until: 3 },
    approvals: [{ release: V10, since: 3, until: 4 }],
  };
  await writeOrders(layout, orders);
  assert.deepEqual(await readOrders(layout), { schema: 1, ...orders });
  const observed = afterLook(null, tagRefs('v1.0.0', 'constructor'), { turn: 1, at: 2, tagPrefix: '' });
  await writeObserved(layout, observed);
  assert.deepEqual(await readObserved(layout), observed, 'what its writer knows is not read');
  for (const path of [layout.observed, layout.refs]) await utimes(path, 1, 1);
  assert.deepEqual(await readObserved(layout), { schema: 1, ...observed });
  await writeRun(layout, RUN);
  assert.deepEqual(await readRun(layout, RUN.id), { schema: 1, ...RUN });
  for (const path of [layout.orders, layout.observed]) await assertMode(path, 0o600);
  await assertMode(layout.state, 0o700);
  assert.deepEqual((await readdir(layout.state)).sort(), [
    'observed.json',
    'orders.json',
    'refs.json',
    'runs',
  ]);
});

test('where there is no record, nobody gave orders, looked or ran', async (context) => {
  const layout = await ownLayout(context);
  assert.deepEqual(await readOrders(layout), NO_ORDERS);
  assert.equal(await readObserved(layout), null);
  assert.equal(await readRun(layout, 'x'), null);
  assert.deepEqual(await runIds(layout), []);
  assert.deepEqual(await listRuns(layout, 9), []);
});

test('a record that does not parse is renamed, kept, and counts as none', async (context) => {
  const layout = await ownLayout(context);
  for (const text of ['', '{', '\u0000', '[]', '{"schema":1}', '{"schema":1,"pin":3,"hold":null}', 'null']) {
    await writeFile(layout.observed, text);
    assert.equal(await readObserved(layout), null, text);
    assert.equal(await readFile(`${layout.observed}.corrupt`, 'utf8'), text);
    await assert.rejects(stat(layout.observed), { code: 'ENOENT' });
  }
});

test('orders that cannot be read are never taken for none, until somebody gives them anew', async (context) => {
  const layout = await ownLayout(context);
  const lost = { code: 'STATE_CORRUPT', message: /orders\.json/, hint: /pm2-gitops hold/ };
  for (const text of ['', '{', '{"schema":1,"pin":3,"hold":null}', 'null']) {
    await writeFile(layout.orders, text);
    await assert.rejects(readOrders(layout), lost, text);
    await assert.rejects(readOrders(layout), lost, 'nor by the next reader, who finds no file');
    assert.equal(await readFile(`${layout.orders}.corrupt`, 'utf8'), text);
    await writeOrders(layout, NO_ORDERS);
    assert.deepEqual(await readOrders(layout), { schema: 1, ...NO_ORDERS });
  }
  await rm(layout.orders);
  await rename(`${layout.orders}.corrupt`, layout.orders);
  await assert.rejects(readOrders(layout), lost);
  await rm(`${layout.orders}.corrupt`);
  assert.deepEqual(await readOrders(layout), NO_ORDERS);
});

test('a change of the orders keeps what it does not name, and begins anew where nothing can be read', async (context) => {
  const layout = await ownLayout(context);
  const pin = { release: V10, since: 1, until: null };
  const hold = { reason: null, since: 2, until: null };
  assert.deepEqual(await changeOrders(layout, { pin }), NO_ORDERS);
  assert.deepEqual(await changeOrders(layout, { hold }), { schema: 1, ...NO_ORDERS, pin });
  assert.deepEqual(await readOrders(layout), { schema: 1, ...NO_ORDERS, pin, hold });
  for (const change of [{ pin }, { hold }, { pin: null }, { hold: null }]) {
    await writeFile(layout.orders, 'garbage');
    assert.equal(await changeOrders(layout, change), null);
    assert.deepEqual(await readOrders(layout), { schema: 1, ...NO_ORDERS, ...change });
  }
  await writeFile(layout.orders, '{"schema":2}');
  await assert.rejects(changeOrders(layout, { hold }), { code: 'STATE_NEWER' });
});

test('ten readers of a corrupt record all go on', async (context) => {
  const layout = await ownLayout(context);
  for (let round = 0; round < 20; round += 1) {
    await writeFile(layout.observed, 'garbage');
    const read = await Promise.all(Array.from({ length: 10 }, () => readObserved(layout)));
    assert.ok(read.every((observed) => observed === null));
    assert.equal(await readFile(`${layout.observed}.corrupt`, 'utf8'), 'garbage');
  }
});

test('a record of a newer version is neither read nor touched', async (context) => {
  const layout = await ownLayout(context);
  for (const path of [layout.orders, layout.observed, layout.machine])
    await writeFile(path, '{"schema":2,"new":true}');
  await assert.rejects(readOrders(layout), { code: 'STATE_NEWER' });
  await assert.rejects(readObserved(layout), { code: 'STATE_NEWER' });
  await assert.rejects(ensureMachine(layout, 1), { code: 'STATE_NEWER' });
  for (const path of [layout.orders, layout.observed, layout.machine])
    assert.equal(await readFile(path, 'utf8'), '{"schema":2,"new":true}');
});

test('a machine keeps its id; one that cannot be read is kept beside a new one', async (context) => {
  const layout = await ownLayout(context);
  const machine = await ensureMachine(layout, 5);
  assert.match(machine.id, /^[0-9a-f-]{36}$/);
  assert.equal((await ensureMachine(layout, 9)).id, machine.id);
  await writeFile(layout.machine, '{"schema":1,"id":"x"}');
  assert.notEqual((await ensureMachine(layout, 9)).id, machine.id);
  assert.match(await readFile(`${layout.machine}.corrupt`, 'utf8'), /"id":"x"/);
});

test('runs are listed newest first, those that cannot be read left out', async (context) => {
  const layout = await ownLayout(context);
  const ids = ['20260524-030709-045-a1b2', '20260524-030709-046-0000', '20260525-000000-000-zzzz'];
  for (const id of ids) await writeRun(layout, { ...RUN, id });
  await mkdir(runFolder(layout, '20260526-000000-000-torn'));
  await writeFile(join(layout.runs, '.hidden'), '');
  assert.deepEqual(
    (await listRuns(layout, 9)).map(({ id }) => id),
    [...ids].reverse(),
  );
  assert.deepEqual(
    (await listRuns(layout, 1)).map(({ id }) => id),
    ids.slice(-1),
  );
  assert.deepEqual(await runIds(layout), [...ids, '20260526-000000-000-torn']);
  assert.equal(runLog(layout, 'x'), join(layout.root, '.pm2-gitops/runs/x/log.txt'));
});

// There making such a link is a right of its own.
const skip = process.platform === 'win32' && 'not every user of Windows may make symbolic links';

test('a state folder that is a symbolic link is refused', { skip }, async (context) => {
  const folder = await ownFolder(context);
  await mkdir(join(folder, 'elsewhere'));
  await symlink(join(folder, 'elsewhere'), join(folder, '.pm2-gitops'));
  await assert.rejects(makePrivateFolder(join(folder, '.pm2-gitops')), { code: 'STATE_UNSAFE' });
});
