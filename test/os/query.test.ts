import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/os/clock.js';
import { query, type QueryLimits } from '../../src/os/query.js';
import { pidsOf } from '../processes.js';
import { waitFor } from '../bed/wait.js';

const PROGRAM = fileURLToPath(new URL('query-program.js', import.meta.url));
const NEVER = new AbortController().signal;
const clock = systemClock({ background: true });
const LIMITS: QueryLimits = {
  ...{ signal: NEVER, limitMs: 60_000, maxBytes: 1_000_000, background: false },
};

function shell(text: string) {
  return {
    file: '/bin/sh',
    args: ['-c', text],
    cwd: process.cwd(),
    env: { PATH: process.env['PATH'] ?? '' },
  };
}

test('a question gets its answer, whatever the code is', async () => {
  const answer = { code: 3, stdout: 'out\n', stderr: 'err\n' };
  const command = shell('echo out; echo err >&2; exit 3');
  assert.deepEqual(await query(command, LIMITS), answer);
  // In the background it keeps nobody awake, so somebody else must.
  const asleep = new AbortController();
  const awake = systemClock().sleep(60_000, asleep.signal);
  assert.deepEqual(await query(command, { ...LIMITS, background: true }), answer);
  asleep.abort(new Error('answered'));
  await assert.rejects(awake, /answered/);
});

test('a program that does not answer in time has been ended, with everything below it', async () => {
  const begin = performance.now();
  const { file, args, cwd, env } = shell('sleep 4711.5 & sleep 4711.5');
  await assert.rejects(query({ file, args, cwd, env }, { ...LIMITS, limitMs: 300 }), {
    ...{ code: 'COMMAND_TIMEOUT', message: /gave no answer within/ },
  });
  assert.ok(performance.now() - begin < 10_000);
  assert.deepEqual(pidsOf('4711.5'), []);
});

test('a program that the system refuses to start is told with its word', async () => {
  const command = { ...shell(''), args: ['x'.repeat(4_000_000)] };
  await assert.rejects(query(command, LIMITS), { code: 'SYSTEM_FAILED', message: /E2BIG/ });
});

test('a program that answers without end has been ended', async () => {
  await assert.rejects(query(shell('exec yes 4712.5'), { ...LIMITS, maxBytes: 10_000 }), {
    ...{ code: 'COMMAND_TIMEOUT', message: /answered more than 10000 bytes/ },
  });
  assert.deepEqual(pidsOf('4712.5'), []);
});

test('an answer is whole when the program ends, though somebody whom it left holds its output', async () => {
  const begin = performance.now();
  assert.deepEqual(await query(shell('echo out; sleep 4716.5 &'), LIMITS), {
    ...{ code: 0, stdout: 'out\n', stderr: '' },
  });
  assert.ok(performance.now() - begin < 10_000);
  for (const pid of pidsOf('4716.5')) process.kill(pid, 'SIGKILL');
});

test('a question that is taken back has been ended; one that was taken back before is not asked', async () => {
  const cancel = new AbortController();
  const asked = query(shell('sleep 4713.5'), { ...LIMITS, signal: cancel.signal });
  await waitFor('the program', () => pidsOf('4713.5').length > 0);
  cancel.abort(new Error('told to'));
  await assert.rejects(asked, { code: 'ABORTED' });
  assert.deepEqual(pidsOf('4713.5'), []);
  await assert.rejects(query(shell('exit'), { ...LIMITS, signal: cancel.signal }), { code: 'ABORTED' });
});

test('a missing program is told', async () => {
  await assert.rejects(query({ ...shell(''), file: 'no-such-program' }, LIMITS), { code: 'COMMAND_MISSING' });
});

test('a process ends though it awaits an answer in the background, and waits for one in the foreground', async () => {
  const cases = [
    ['background', 10_000],
    ['foreground', 400],
  ] as const;
  for (const [place, patienceMs] of cases) {
    const asking = spawn(process.execPath, [PROGRAM, place], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(asking, 'exit').then(() => 'ended');
    await once(asking.stdout, 'data');
    const waited = clock.sleep(patienceMs, NEVER).then(() => 'lives');
    assert.equal(await Promise.race([exit, waited]), place === 'background' ? 'ended' : 'lives', place);
    asking.kill('SIGKILL');
    await exit;
    for (const pid of pidsOf('4714.5')) process.kill(pid, 'SIGKILL');
  }
});
