import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chown, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { exists } from '../../src/os/files.js';
import { connectDaemon } from '../../src/runtime/rpc.js';
import { startDaemon, temporaryFolder, testSignal } from './daemon.js';

const { platform } = process;

test('without a daemon it says so, and none is started', async (t) => {
  const home = await temporaryFolder(t);
  await assert.rejects(connectDaemon({ home, platform }, testSignal()), {
    code: 'DAEMON_ABSENT',
    message: new RegExp(home),
  });
  assert.equal(await exists(join(home, 'pm2.pid')), false);
  assert.equal(await exists(join(home, 'rpc.sock')), false);
});

test('the socket that a killed daemon left behind is no daemon', async (t) => {
  const { place, pid, daemon } = await startDaemon(t);
  process.kill(pid, 'SIGKILL');
  await assert.rejects(daemon.call('getVersion', [{}], { signal: testSignal(), timeoutMs: 5_000 }), {
    code: 'DAEMON_SILENT',
  });
  await assert.rejects(connectDaemon(place, testSignal()), { code: 'DAEMON_ABSENT' });
});

test("another user's socket is not spoken to", { skip: process.getuid?.() !== 0 }, async (t) => {
  const { place } = await startDaemon(t);
  await chown(join(place.home, 'rpc.sock'), 65534, 65534);
  await assert.rejects(connectDaemon(place, testSignal()), { code: 'DAEMON_FOREIGN' });
});

test('what pm2 refuses is told in its own words', async (t) => {
  const { daemon } = await startDaemon(t);
  const call = daemon.call('restartProcessId', [{ id: 4711, env: {} }], {
    signal: testSignal(),
    timeoutMs: 5_000,
  });
  await assert.rejects(call, { code: 'DAEMON_REFUSED', message: /id unknown/ });
});

/** Listens where a daemon would, and does as `serve` wants. */
async function impostor(t: test.TestContext, serve: (socket: Socket) => void): Promise<string> {
  const home = await temporaryFolder(t);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket.on('error', () => undefined));
  });
  server.listen(join(home, 'rpc.sock'));
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return home;
}

test('a daemon that takes calls and answers none is given up in time', async (t) => {
  const home = await impostor(t, (socket) => socket.resume());
  const daemon = await connectDaemon({ home, platform }, testSignal());
  const startMs = performance.now();
  await assert.rejects(daemon.call('getVersion', [], { signal: testSignal(), timeoutMs: 200 }), {
    code: 'DAEMON_SILENT',
  });
  assert.ok(performance.now() - startMs < 2_000);
  daemon.close();
});

test('a daemon that dies in the middle of a call is noticed at once', async (t) => {
  const home = await impostor(t, (socket) => socket.once('data', () => socket.destroy()));
  const daemon = await connectDaemon({ home, platform }, testSignal());
  const startMs = performance.now();
  await assert.rejects(daemon.call('getVersion', [], { signal: testSignal(), timeoutMs: 20_000 }), {
    code: 'DAEMON_SILENT',
  });
  await assert.rejects(daemon.call('getVersion', [], { signal: testSignal(), timeoutMs: 20_000 }), {
    code: 'DAEMON_SILENT',
  });
  assert.ok(performance.now() - startMs < 2_000);
});

test('an answer that is no AMP ends the connection', async (t) => {
  const home = await impostor(t, (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const daemon = await connectDaemon({ home, platform }, testSignal());
  await assert.rejects(daemon.call('getVersion', [], { signal: testSignal(), timeoutMs: 20_000 }), {
    code: 'DAEMON_SILENT',
  });
});

test('a call ends when its signal aborts', async (t) => {
  const home = await impostor(t, (socket) => socket.resume());
  const daemon = await connectDaemon({ home, platform }, testSignal());
  const cancel = new AbortController();
  const call = daemon.call('getVersion', [], { signal: cancel.signal, timeoutMs: 20_000 });
  cancel.abort();
  await assert.rejects(call, { code: 'ABORTED' });
  daemon.close();
});

test('a plain file in the place of the socket is no daemon', async (t) => {
  const home = await temporaryFolder(t);
  await writeFile(join(home, 'rpc.sock'), '');
  await assert.rejects(connectDaemon({ home, platform }, testSignal()), { code: 'DAEMON_ABSENT' });
});
