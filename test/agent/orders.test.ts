import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { gatherFacts } from '../../src/agent/facts.js';
import { hold, pinRelease, resume, unpin } from '../../src/agent/orders.js';
import type { Root } from '../../src/agent/root.js';
import { readOrders } from '../../src/state/store.js';
import { release } from '../domain/releases.js';
import { ownRoot } from './place.js';

const V10 = release('v1.0.0', 1);

test('a pin and a hold keep each other, and are told when they go', async (context) => {
  const root = await ownRoot(context);
  assert.equal(await resume(root), false);
  assert.equal(await unpin(root), null);
  await pinRelease(root, V10, null);
  await hold(root, { reason: 'a fair', until: null });
  const { pin, hold: held } = await readOrders(root.layout);
  assert.deepEqual([pin?.release, held?.reason], [V10, 'a fair']);
  assert.deepEqual(await unpin(root), V10);
  assert.equal(await resume(root), true);
  const { pin: noPin, hold: noHold } = await readOrders(root.layout);
  assert.deepEqual([noPin, noHold], [null, null]);
});

test('orders that cannot be read hold the machine; each verb that gives orders mends that', async (context) => {
  const root = await ownRoot(context);
  const verbs: readonly ((root: Root) => Promise<unknown>)[] = [
    (there) => hold(there, { reason: null, until: null }),
    (there) => pinRelease(there, V10, null),
    resume,
    unpin,
  ];
  for (const verb of verbs) {
    await writeFile(root.layout.orders, '{"schema":1,"hold":');
    for (const time of ['first', 'second'])
      assert.match((await gatherFacts(root)).orders.hold?.reason ?? '', /orders\.json cannot be read/, time);
    await verb(root);
    assert.doesNotMatch((await gatherFacts(root)).orders.hold?.reason ?? '', /cannot be read/);
  }
});

test('resume tells that changes were stopped, also where only unreadable orders stopped them', async (context) => {
  const root = await ownRoot(context);
  await writeFile(root.layout.orders, '');
  assert.equal(await resume(root), true);
  assert.equal(await resume(root), false);
});
