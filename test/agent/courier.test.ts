import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { deliver } from '../../src/agent/courier.js';
import { readSinks } from '../../src/agent/notices.js';
import type { Root } from '../../src/agent/root.js';
import { runId, type Run } from '../../src/domain/run.js';
import { systemClock } from '../../src/os/clock.js';
import { corruptPath } from '../../src/os/files.js';
import { readNotices, writeNotices } from '../../src/state/notice-store.js';
import { writeNotes, writeRun } from '../../src/state/runs.js';
import { type Receivers } from '../bed/receivers.js';
import { KEYS } from '../bed/services.js';
import { NO_DISK, SmallDisk } from '../bed/small-disk.js';
import { waitFor } from '../bed/wait.js';
import { release } from '../domain/releases.js';
import { openReceivers, someNotice, tellingRoot } from './told-root.js';

const LIMIT = { timeout: 60_000 };
// What is signed with a time has to be signed with about the right one.
const START = Date.now();
const MINUTE = 60_000;
const SLACK = { type: 'slack', url: { env: 'URL_slack' } };
const HOOK = { type: 'webhook', url: { env: 'URL_webhook' }, secret: { env: 'SECRET_webhook' } };

/** A machine that tells these sinks, its clock, and a courier to be sent. */
async function openMachine(t: TestContext, receivers: Receivers, notify?: Record<string, object>) {
  const own = await tellingRoot(t, receivers, notify);
  const time = { now: START };
  const clock = { ...systemClock(), now: () => time.now };
  const root: Root = { ...own, host: { ...own.host, clock } };
  const visit = (signal = new AbortController().signal) =>
    deliver(root, { since: START, beats: false }, signal);
  const ran = async (outcome: Run['outcome'], change: Partial<Run> = {}): Promise<Run> => {
    time.now += MINUTE;
    const reason = outcome === 'activated' ? null : outcome === 'rolledBack' ? 'quarantined' : 'backoff';
    const run: Run = {
      ...{ id: runId(time.now, 'ab'), cause: 'schedule', from: release('v1.0.0', 1), reason, outcome },
      ...{
        to: release('v1.1.0', 2),
        startedAt: time.now,
        endedAt: time.now + 1,
        problem: outcome,
        phases: [],
      },
      ...change,
    };
    await writeRun(root.layout, run);
    time.now += MINUTE;
    return run;
  };
  return { root, time, visit, ran };
}

test('each change of outcome reaches every sink once, whoever comes and however often', LIMIT, async (t) => {
  const receivers = await openReceivers(t);
  const { visit, ran, root } = await openMachine(t, receivers);
  const { id } = await ran('rolledBack');
  await Promise.all([visit(), visit(), visit()]);
  await writeNotes(root.layout, (await ran('activated', { to: release('v1.1.1', 3) })).id, {
    ...{ title: 'Mended', notes: 'no crash any more' },
  });
  await visit();
  await visit();
  for (const service of ['slack', 'discord', 'teams', 'wecom', 'dingtalk', 'feishu', 'webhook', 'telegram']) {
    const [first = '', second = '', ...more] = receivers.textsOf(service);
    assert.match(first, /v1\.1\.0 \(0202020\) was rolled back/, service);
    assert.ok(first.includes(`pm2-gitops logs ${id}`));
    assert.match(second, /v1\.1\.1 \(0303030\) runs, after a failure[^]*no crash any more/, service);
    assert.deepEqual(more, [], service);
  }
  assert.deepEqual(receivers.textsOf('kuma'), [], 'a switch hears no notices');
});

test(
  'what cannot be sent stays in the outbox and is sent first, in order, when the sink is back',
  LIMIT,
  async (t) => {
    const receivers = await openReceivers(t);
    const { visit, ran, time, root } = await openMachine(t, receivers, { ops: HOOK });
    receivers.fault = 'down';
    await ran('failed');
    await visit();
    await ran('rolledBack');
    await visit();
    receivers.fault = { status: 503 };
    time.now += 10 * MINUTE;
    await visit();
    const [report] = await readSinks(root);
    assert.deepEqual([report?.waiting, report?.error], [2, 'answered 503: a fault of the test']);
    receivers.fault = 'none';
    await visit();
    assert.equal(receivers.taken.length, 0, 'it rests');
    time.now += 60 * MINUTE;
    await visit();
    await visit();
    const [first = '', second = '', ...more] = receivers.textsOf('webhook');
    assert.match(first, /failed/);
    assert.match(second, /rolled back/);
    assert.deepEqual([more, (await readSinks(root))[0]?.error], [[], null]);
  },
);

test(
  'a courier that is ended in the middle leaves its letters to the next; another sink is not kept waiting',
  LIMIT,
  async (t) => {
    const [hanging, fine] = [await openReceivers(t), await openReceivers(t)];
    const { visit, ran, root } = await openMachine(t, hanging, {
      slow: SLACK,
      fast: { ...HOOK, url: { file: `${(await openMachine(t, fine)).root.layout.root}/hook.url` } },
    });
    const [, fast] = root.config.notify;
    assert.ok(fast?.type === 'webhook' && 'file' in fast.url);
    await writeFile(fast.url.file, fine.addresses().webhook);
    hanging.fault = 'hang';
    await ran('rolledBack');
    const cut = new AbortController();
    const visited = visit(cut.signal);
    await waitFor('the other sink', () => Promise.resolve(fine.textsOf('webhook').length === 1));
    await waitFor('the slow sink to be asked', () => Promise.resolve(hanging.asked.length === 1));
    cut.abort();
    await visited;
    hanging.fault = 'none';
    await visit();
    assert.deepEqual([hanging.textsOf('slack').length, fine.textsOf('webhook').length], [1, 1]);
  },
);

test('the first courier tells what came since it was called, and nothing of before', LIMIT, async (t) => {
  const receivers = await openReceivers(t);
  const { ran, root, time } = await openMachine(t, receivers, { ops: HOOK });
  await ran('failed');
  const since = time.now;
  await ran('rolledBack');
  await deliver(root, { since, beats: false }, new AbortController().signal);
  assert.equal(receivers.taken.length, 1);
  assert.match(receivers.textsOf('webhook').join(), /rolled back/);
});

test('a record that cannot be read is kept beside, and telling goes on', LIMIT, async (t) => {
  const receivers = await openReceivers(t);
  const { ran, root, visit } = await openMachine(t, receivers, { ops: HOOK });
  await ran('failed');
  await visit();
  await writeFile(root.layout.notices, '{"schema":1,"told":');
  await visit();
  assert.equal(receivers.taken.length, 2);
  assert.match(await readFile(corruptPath(root.layout.notices), 'utf8'), /told/);
});

test(
  'a switch is told with each turn, never later, and down once the machine cannot do its work',
  LIMIT,
  async (t) => {
    const receivers = await openReceivers(t);
    const { root } = await openMachine(t, receivers, {
      kuma: { type: 'uptimeKuma', url: { env: 'URL_kuma' } },
    });
    const turn = () => deliver(root, { since: START, beats: true }, new AbortController().signal);
    await turn();
    receivers.fault = 'down';
    await turn();
    receivers.fault = 'none';
    await turn();
    assert.deepEqual(receivers.textsOf('kuma'), ['up: nothing runs yet', 'up: nothing runs yet']);
  },
);

test(
  'on a full disk the oldest letters make room, and what cannot be written down at all is not sent',
  { ...LIMIT, skip: NO_DISK },
  async (t) => {
    const receivers = await openReceivers(t);
    const { root, ran, visit } = await openMachine(t, receivers, { ops: HOOK });
    await using disk = await SmallDisk.open(root.layout.state, 4);
    const notice = someNotice({ release: { title: 'Spring', notes: 'x'.repeat(2_000) } });
    const letters = Array.from({ length: 80 }, (_, n) => ({
      notice: { ...notice, id: `n${n}` },
      to: ['ops'],
    }));
    const outbox = { letters, lines: {}, dropped: 0 };
    await disk.fill({ but: 64 * 1024 });
    await writeNotices(root.layout, { told: { end: null, concerns: [], count: 80 }, outbox });
    const kept = (await readNotices(root.layout))?.outbox;
    assert.deepEqual([kept?.letters.length, kept?.dropped], [20, 60]);
    assert.equal(kept?.letters.at(-1)?.notice.id, 'n79');
    await disk.fill();
    await assert.rejects(visit(), { code: 'DISK_FULL' }, 'they would be sent again and again');
    await disk.empty();
    await ran('failed');
    await disk.fill();
    await assert.rejects(visit(), { code: 'DISK_FULL' });
    assert.deepEqual(receivers.asked, []);
    await disk.empty();
    await visit();
    assert.match(receivers.textsOf('webhook').at(-1) ?? '', /failed/);
  },
);

test('no secret stands in any record of a root that tells', LIMIT, async (t) => {
  const receivers = await openReceivers(t);
  const { ran, root, visit } = await openMachine(t, receivers);
  receivers.fault = 'garbage';
  await ran('failed');
  await visit();
  const text = await readFile(root.layout.notices, 'utf8');
  for (const secret of [...Object.values(KEYS), receivers.url]) assert.ok(!text.includes(secret), secret);
});
