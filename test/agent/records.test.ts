import assert from 'node:assert/strict';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { openRoot } from '../../src/agent/compose.js';
import { findRun, followLog } from '../../src/agent/records.js';
import type { Root } from '../../src/agent/root.js';
import type { Outcome } from '../../src/domain/run.js';
import { tryLock, type Lock } from '../../src/state/lock.js';
import { runLog, writeRun } from '../../src/state/runs.js';
import { release } from '../domain/releases.js';
import { ownFolder } from '../folder.js';

const [FORMER, NOW] = ['20260101-000000-000-0000', '20260102-000000-000-0000'];

/** A root where a worker has a run in its hands, after another run. */
async function busyRoot(context: TestContext): Promise<{ root: Root; worker: Lock }> {
  const folder = await ownFolder(context);
  await writeFile(join(folder, 'gitops.json'), JSON.stringify({ repository: '/srv/shop.git' }));
  const root = await openRoot(folder);
  await mkdir(root.layout.runs, { recursive: true });
  await record(root, FORMER, 'failed');
  await record(root, NOW, null);
  const worker = await tryLock(root.layout.upgradeLock, { pid: process.pid, startedAt: 0, run: NOW });
  assert.ok(worker !== null);
  context.after(() => {
    worker.release();
  });
  return { root, worker };
}

async function record({ layout }: Root, id: string, outcome: Outcome | null): Promise<void> {
  const [from, to] = [release('v1.0.0', 1), release('v1.1.0', 2)];
  const common = { id, cause: 'apply', from, to, startedAt: 1, problem: null, reason: null, phases: [] };
  await writeRun(layout, { ...common, endedAt: outcome === null ? null : 2, outcome });
}

async function say({ layout }: Root, id: string, text: string): Promise<void> {
  await mkdir(dirname(runLog(layout, id)), { recursive: true });
  await appendFile(runLog(layout, id), `2026-01-02T00:00:00.000Z * ${text}\n`);
}

/** Follows a run, and tells when its first line has come. */
function follow(root: Root, run: string, signal: AbortSignal) {
  const lines: string[] = [];
  let come: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (come = resolve));
  const onLine = ({ text }: { text: string }): void => {
    lines.push(text);
    come();
  };
  return { lines, first, end: followLog(root, run, { onLine, signal }) };
}

test('the run under way is followed to its end, and how it ended is told', async (context) => {
  const { root, worker } = await busyRoot(context);
  const { signal } = new AbortController();
  assert.equal(await findRun(root, null), NOW);
  await say(root, NOW, 'fetch');
  const followed = follow(root, NOW, signal);
  await followed.first;
  // The worker lives on: it tidies up, or has another run to do.
  await say(root, NOW, 'healthy');
  await record(root, NOW, 'activated');
  assert.equal(await followed.end, 'activated');
  assert.deepEqual(followed.lines, ['fetch', 'healthy']);
  // One that has ended is told at once.
  assert.equal(await follow(root, FORMER, signal).end, 'failed');

  await record(root, NOW, null);
  worker.release();
  assert.equal(await follow(root, NOW, signal).end, 'cut off');
});

test('whoever interrupts following has interrupted it', async (context) => {
  const { root } = await busyRoot(context);
  await say(root, NOW, 'fetch');
  const interrupted = new AbortController();
  const followed = follow(root, NOW, interrupted.signal);
  await followed.first;
  interrupted.abort(new Error('interrupted'));
  await assert.rejects(followed.end, { message: 'interrupted' });
});
