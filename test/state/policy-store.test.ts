import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import type { Policy } from '../../src/domain/policy.js';
import { makePrivateFolder } from '../../src/os/files.js';
import { layoutOf, type Layout } from '../../src/state/layout.js';
import {
  readDates,
  readPolicyRecord,
  writeDates,
  writePolicyRecord,
  type PolicyRecord,
} from '../../src/state/policy-store.js';
import { NO_POLICY } from '../domain/facts.js';
import { commit } from '../domain/releases.js';
import { ownFolder } from '../folder.js';

/** A policy that says everything that a policy can say. */
const TALKATIVE: Policy = {
  ...{ version: 7, expires: 9_000 },
  rules: {
    ...{ channel: 'night', pin: 'v1.0.0', hold: { reason: null, until: 5 }, soakMs: 1, canary: true },
    ...{ major: 'manual', approval: 'required' },
    windows: {
      zone: 'Europe/Berlin',
      allow: [
        { kind: 'days', days: [1, 2], from: 1_320, to: 240 },
        {
          ...{ kind: 'cron', forMs: 60_000 },
          cron: { minutes: [0], hours: [2], daysOfMonth: [1], months: [1], weekdays: [0] },
        },
      ],
      deny: [],
    },
    freezes: [{ from: 1, to: 2, reason: 'a fair' }],
    wave: { canaryMs: 1, curve: { kind: 'steps', steps: [{ atMs: 0, share: 0.5 }] } },
  },
  groups: [{ name: 'g', match: { ids: ['a'], names: ['v*'], labels: { a: 'b' } }, rules: NO_POLICY.rules }],
  channels: {
    night: {
      ...{ channel: { kind: 'range', range: '^1' }, text: '^1', soakMs: 2 },
      wave: { canaryMs: 0, curve: { kind: 'linear', overMs: 3 } },
      after: { channel: 'beta', forMs: 4 },
    },
  },
  tombstones: [{ tag: 'v1.2.0', reason: 'it burns' }],
  barriers: ['v1.5.0'],
  approved: ['v2.0.0'],
  roster: [{ id: 'a', name: 'vps-01', labels: {} }],
};
const RECORD: PolicyRecord = {
  ...{ source: 'https://h/fleet.git refs/heads/main fleet.json', tried: commit(2), problem: 'it is older' },
  followed: { commit: commit(1), policy: TALKATIVE, verified: true },
  mark: 'a mark',
};

async function ownLayout(context: TestContext): Promise<Layout> {
  const layout = layoutOf(await ownFolder(context));
  await makePrivateFolder(layout.state);
  return layout;
}

test('a policy and the dates of releases are read as they were written', async (context) => {
  const layout = await ownLayout(context);
  assert.equal(await readPolicyRecord(layout), null);
  assert.deepEqual(await readDates(layout), {});
  await writePolicyRecord(layout, RECORD);
  assert.deepEqual(await readPolicyRecord(layout), { schema: 1, ...RECORD });
  await writePolicyRecord(layout, { ...RECORD, followed: null, tried: null });
  assert.equal((await readPolicyRecord(layout))?.followed, null);
  const dates = { 'refs/tags/v1.0.0': { commit: commit(1), at: 5 } };
  await writeDates(layout, dates);
  assert.deepEqual(await readDates(layout), dates);
  assert.equal((await stat(layout.policy)).mode & 0o777, 0o600);
});

test('what cannot be read of a policy is kept, and is no policy; a newer record is not touched', async (context) => {
  const layout = await ownLayout(context);
  await writePolicyRecord(layout, RECORD);
  const whole = await readFile(layout.policy, 'utf8');
  for (const text of ['', whole.slice(0, 200), whole.replace('"range":"^1"', '"range":1')]) {
    await writeFile(layout.policy, text);
    assert.equal(await readPolicyRecord(layout), null, text);
    assert.equal(await readFile(`${layout.policy}.corrupt`, 'utf8'), text);
  }
  for (const path of [layout.policy, layout.dates]) await writeFile(path, '{"schema":2}');
  await assert.rejects(readPolicyRecord(layout), { code: 'STATE_NEWER' });
  await assert.rejects(readDates(layout), { code: 'STATE_NEWER' });
});
