import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { insist } from '../../src/agent/insist.js';
import { appendDurably } from '../../src/os/files.js';
import { openChildLedger } from '../../src/state/children.js';
import { makeReserve, releaseReserve } from '../../src/state/reserve.js';
import { NO_DISK, SmallDisk } from '../bed/small-disk.js';
import { ownPlace } from './place.js';

const LINE = `${'x'.repeat(100_000)}\n`;

test(
  'on a full disk a line is written in the room of the reserve, then again until it fits, and never twice',
  { skip: NO_DISK },
  async (t) => {
    const place = await ownPlace(t);
    const { layout } = place.root;
    await using disk = await SmallDisk.open(layout.state, 4);
    const path = join(layout.state, 'lines');
    await appendDurably(path, 'first\n');
    const write = (): Promise<void> => appendDurably(path, LINE);

    assert.equal(await makeReserve(layout.reserve), true);
    await disk.fill();
    await insist(place, write, 0);
    assert.deepEqual([readFileSync(path, 'utf8'), existsSync(layout.reserve)], [`first\n${LINE}`, false]);

    await disk.fill();
    assert.equal(await makeReserve(layout.reserve), false);
    assert.equal(existsSync(layout.reserve), false, 'half a reserve is none');
    await assert.rejects(write(), { code: 'DISK_FULL' });
    let tries = 0;
    await insist(
      place,
      async () => {
        tries += 1;
        if (tries === 2) await disk.empty();
        await write();
      },
      60_000,
    );
    assert.deepEqual(
      [tries, readFileSync(path, 'utf8')],
      [2, `first\n${LINE}${LINE}`],
      'nothing of the failed tries stays',
    );

    await makeReserve(layout.reserve);
    await disk.makeReadOnly();
    await assert.rejects(insist(place, write, 0), { code: 'DISK_READONLY' });
    assert.equal(releaseReserve(layout.reserve), false, 'what cannot be given up stays');
  },
);

test('on a full or read-only disk a command may run all the same', { skip: NO_DISK }, async (t) => {
  const place = await ownPlace(t);
  const { layout } = place.root;
  await using disk = await SmallDisk.open(layout.state, 4);
  const ledger = openChildLedger(layout.children, layout.reserve);
  await makeReserve(layout.reserve);
  await disk.fill();
  ledger.add(process.pid);
  assert.equal(existsSync(layout.reserve), false, 'in the room of the reserve');
  ledger.remove(process.pid);
  await disk.fill();
  assert.throws(
    () => {
      ledger.add(process.pid);
    },
    { code: 'ENOSPC' },
    'whom no later worker could find must not live',
  );
  assert.equal(existsSync(`${layout.children}.tmp`), false);
  await disk.empty();
  writeFileSync(layout.children, '[]');
  await disk.makeReadOnly();
  ledger.add(process.pid);
});
