import assert from 'node:assert/strict';
import test from 'node:test';
import { subscribe, type ProcessEvent } from '../../src/runtime/bus.js';
import { listProcesses } from '../../src/runtime/processes.js';
import { CRASHES_LATE } from './apps.js';
import { eventually, PM2_PACKAGES, startDaemon, testSignal } from './daemon.js';

for (const pm2Package of PM2_PACKAGES) {
  test(`${pm2Package}: the bus tells whose exit it was, and tells a crash from a wish`, async (t) => {
    const target = await startDaemon(t, pm2Package);
    await target.write('app.js', 'setInterval(() => undefined, 1_000)');
    await target.start({ name: 'web', script: 'app.js' });
    const [web] = await listProcesses(target.daemon, testSignal());
    const events: ProcessEvent[] = [];
    const listening = new AbortController();
    t.after(() => {
      listening.abort();
    });
    await subscribe(target.place, { onEvent: (event) => void events.push(event) }, listening.signal);
    const exitWith = (wanted: (event: ProcessEvent) => boolean): Promise<ProcessEvent> =>
      eventually(() =>
        Promise.resolve(events.find((event) => event.event === 'exit' && wanted(event)) ?? null),
      );
    await target.write('app.js', CRASHES_LATE);
    await target.daemon.call('restartProcessId', [{ id: 0, env: {} }], {
      signal: testSignal(),
      timeoutMs: 10_000,
    });
    const wished = await exitWith(({ status }) => status === 'stopping');
    assert.equal(wished.startedAt, web?.startedAt);
    const crash = await exitWith(({ exitCode }) => exitCode === 3);
    assert.ok(
      crash.status !== 'stopping' && crash.startedAt > wished.startedAt && crash.at >= crash.startedAt,
    );
  });
}
