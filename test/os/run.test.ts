import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { run, describeCommand, type RunOptions } from '../../src/os/run.js';
import { shellCommand } from '../../src/os/shell.js';
import { waitingCommand } from '../../src/os/waiting.js';
import { ownFolder } from '../folder.js';
import { isAlive } from '../processes.js';
import { waitFor } from '../bed/wait.js';

const ENV = { PATH: process.env['PATH'] ?? '' };
const PATIENT: RunOptions = { signal: new AbortController().signal, limitMs: 60_000 };

/** Node runs a program of a few words. */
function node(program: string, more: { env?: Record<string, string>; input?: string } = {}) {
  return { file: process.execPath, args: ['-e', program], cwd: process.cwd(), env: ENV, ...more };
}

function shell(text: string) {
  return shellCommand(text, process.cwd(), ENV);
}

test('a command that ends gives its code and its output, whatever the code is', async () => {
  assert.deepEqual(await run(node('console.log("out"); console.error("err"); process.exit(3)'), PATIENT), {
    ...{ code: 3, stdout: 'out\n', stderr: 'err\n' },
  });
  assert.equal((await run(node('process.kill(process.pid, "SIGKILL")'), PATIENT)).code, null);
});

test('a command gets its input, and none unless given', async () => {
  const echo = 'process.stdin.pipe(process.stdout)';
  assert.equal((await run(node(echo, { input: 'hello' }), PATIENT)).stdout, 'hello');
  assert.equal((await run(node(echo), PATIENT)).stdout, '');
});

test('a command sees the environment that it is given and nothing of ours', async () => {
  process.env['PGO_UNIT_SECRET'] = 'x';
  const { stdout } = await run(
    node('console.log(JSON.stringify(process.env))', { env: { PATH: 'p', A: 'b' } }),
    PATIENT,
  );
  assert.deepEqual(JSON.parse(stdout), { PATH: 'p', A: 'b' });
});

test('lines come as they are written, without their ends, also where a write stops in mid-line', async () => {
  const lines: string[] = [];
  const program = `
    const { stdout } = process;
    const parts = ['one\\ntw', 'o\\r\\nthree\\r', '\\nfour\\rfive\\n\\nü'.normalize(), 'six'];
    const next = () => { const part = parts.shift(); if (part !== undefined) stdout.write(part, () => setTimeout(next, 50)); };
    next();`;
  const { stdout } = await run(node(program), { ...PATIENT, onLine: (line) => lines.push(line) });
  assert.deepEqual(lines, ['one', 'two', 'three', 'four', 'five', '', 'üsix']);
  assert.equal(stdout, 'one\ntwo\r\nthree\r\nfour\rfive\n\nüsix');
});

test('a letter of many bytes that is cut by a write is put together', async () => {
  const program = `
    const bytes = Buffer.from('日本');
    process.stdout.write(bytes.subarray(0, 4), () => setTimeout(() => process.stdout.write(bytes.subarray(4)), 50));`;
  assert.equal((await run(node(program), PATIENT)).stdout, '日本');
});

test('of endless output the end is kept', async () => {
  const program = `for (let i = 0; i < 200; i++) require('fs').writeSync(1, 'x'.repeat(65536)); require('fs').writeSync(1, 'end')`;
  const { stdout } = await run(node(program), PATIENT);
  assert.equal(stdout.length, 8 * 1024 * 1024);
  assert.ok(stdout.endsWith('xend'));
});

test('at its limit a command is ended with everything below it', async () => {
  const pids: number[] = [];
  const command = shell("sh -c 'sleep 300 & echo $!; wait' & echo $!; wait");
  await assert.rejects(
    run(command, { ...PATIENT, limitMs: 400, onLine: (line) => pids.push(Number(line)) }),
    {
      code: 'COMMAND_TIMEOUT',
    },
  );
  assert.equal(pids.length, 2);
  for (const pid of pids) await waitFor(`the end of ${pid}`, () => !isAlive(pid), { limitMs: 2_000 });
});

test('at its limit a command that is deaf to SIGTERM is ended too', async () => {
  let pid = 0;
  const command = node(
    'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log(process.pid)',
  );
  await assert.rejects(run(command, { ...PATIENT, limitMs: 1_000, onLine: (line) => (pid = Number(line)) }), {
    code: 'COMMAND_TIMEOUT',
  });
  assert.ok(pid > 0);
  await waitFor('its end', () => !isAlive(pid), { limitMs: 2_000 });
});

const onlyLinux = { skip: process.platform !== 'linux' };

for (const [name, escape] of [
  ['a session of its own', 'setsid sh -c "$DEAF" & wait'],
  ['a session of its own and no parent', '(setsid sh -c "$DEAF" &) ; sleep 300'],
  ['no parent', '(sh -c "$DEAF" &) ; sleep 300'],
] as const) {
  test(
    `at its limit a process with ${name} is ended too, though deaf to SIGTERM and holding the output`,
    onlyLinux,
    async (context) => {
      let escaped = 0;
      context.after(() => {
        if (escaped > 0 && isAlive(escaped)) process.kill(escaped, 'SIGKILL');
      });
      const command = shell(escape);
      const env = {
        ...ENV,
        GITOPS_RUN_ID: `r-${process.pid}`,
        DEAF: 'trap "" TERM; echo $$; exec sleep 4715.5',
      };
      const begin = performance.now();
      await assert.rejects(
        run({ ...command, env }, { ...PATIENT, limitMs: 500, onLine: (line) => (escaped = Number(line)) }),
        { code: 'COMMAND_TIMEOUT' },
      );
      assert.ok(escaped > 0 && performance.now() - begin < 10_000);
      assert.equal(isAlive(escaped), false);
    },
  );
}

test(
  'a pm2 daemon that a command started is not ended with it, nor what runs below it',
  onlyLinux,
  async (context) => {
    const pids: number[] = [];
    context.after(() => {
      for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
    });
    const say = 'console.log(process.pid); setInterval(() => {}, 1e6)';
    const daemon = `process.title = 'PM2 v7.0.4: God Daemon (/x)'; require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(say)}], { stdio: 'inherit', env: { ...process.env, pm_exec_path: '/x' } }); ${say}`;
    const program = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(daemon)}], { detached: true, stdio: 'inherit' }); ${say}`;
    const env = { ...ENV, GITOPS_RUN_ID: `d-${process.pid}` };
    const onLine = (line: string): void => {
      pids.push(Number(line));
    };
    await assert.rejects(run(node(program, { env }), { ...PATIENT, limitMs: 1_500, onLine }), {
      code: 'COMMAND_TIMEOUT',
    });
    assert.deepEqual([pids.length, pids.filter(isAlive).length], [3, 2]);
  },
);

test('a cancelled command is ended with everything below it, and says so', async () => {
  const cancel = new AbortController();
  let pid = 0;
  const running = run(shell('sleep 300 & echo $!; wait'), {
    ...PATIENT,
    signal: cancel.signal,
    onLine: (line) => {
      pid = Number(line);
      cancel.abort(new Error('told to'));
    },
  });
  await assert.rejects(running, { code: 'ABORTED' });
  await waitFor('its end', () => !isAlive(pid), { limitMs: 2_000 });
});

test('a command that is cancelled before it begins never begins', async (context) => {
  const trace = join(await ownFolder(context), 'trace');
  const signal = AbortSignal.abort(new Error('told to'));
  await assert.rejects(
    run(node(`require('fs').writeFileSync(${JSON.stringify(trace)}, '')`), { ...PATIENT, signal }),
    {
      code: 'ABORTED',
    },
  );
  assert.equal(existsSync(trace), false);
});

test('a command that is cancelled while it is about to begin never begins', async (context) => {
  const trace = join(await ownFolder(context), 'trace');
  const cancel = new AbortController();
  const running = run(node(`require('fs').writeFileSync(${JSON.stringify(trace)}, '')`), {
    ...PATIENT,
    signal: cancel.signal,
  });
  cancel.abort(new Error('told to'));
  await assert.rejects(running, { code: 'ABORTED' });
  assert.equal(existsSync(trace), false);
});

test('a command that nobody could find again after our death is ended', async () => {
  let pid = 0;
  const children = {
    add: (leader: number) => {
      pid = leader;
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    },
    remove: () => undefined,
  };
  await assert.rejects(run(shell('sleep 300'), { ...PATIENT, children }), { code: 'DISK_FULL' });
  assert.ok(pid > 0);
  await waitFor('its end', () => !isAlive(pid), { limitMs: 2_000 });
});

test('output without a line end comes in pieces', async () => {
  const lines: string[] = [];
  const program = `for (let i = 0; i < 100; i++) require('fs').writeSync(1, 'x'.repeat(10_000))`;
  await run(node(program), { ...PATIENT, onLine: (line) => lines.push(line) });
  assert.equal(lines.join('').length, 1_000_000);
  assert.ok(Math.max(...lines.map((line) => line.length)) < 256 * 1024);
});

test('a program that the system refuses to start is told from a missing one', async (context) => {
  const long = { ...node(''), args: ['x'.repeat(4_000_000)] };
  await assert.rejects(run(long, PATIENT), { code: 'SYSTEM_FAILED', message: /E2BIG/ });
  const plain = join(await ownFolder(context), 'plain');
  await writeFile(plain, '');
  await assert.rejects(run({ ...node(''), file: plain }, PATIENT), {
    ...{ code: 'SYSTEM_FAILED', message: /EACCES/ },
  });
});

test('a missing program and a missing folder are told apart', async (context) => {
  const missing = { file: 'no-such-program', args: [], cwd: process.cwd(), env: ENV };
  await assert.rejects(run(missing, PATIENT), {
    ...{ code: 'COMMAND_MISSING', message: 'cannot start no-such-program: it is not in PATH' },
    hint: 'install no-such-program',
  });
  const gone = join(await ownFolder(context), 'gone');
  await mkdir(gone);
  await rmdir(gone);
  await assert.rejects(run({ ...node(''), cwd: gone }, PATIENT), {
    code: 'COMMAND_MISSING',
    message: /is gone$/,
  });
});

test('the ledger knows a command while it lives, whatever its end', async () => {
  const told: string[] = [];
  const children = {
    add: (pid: number) => told.push(`+${pid}`),
    remove: (pid: number) => told.push(`-${pid}`),
  };
  await run(node(''), { ...PATIENT, children });
  await run(shell('sleep 300'), { ...PATIENT, limitMs: 100, children }).catch(() => undefined);
  const [first, second, third, fourth] = told;
  assert.equal(second, first?.replace('+', '-'));
  assert.equal(fourth, third?.replace('+', '-'));
  await assert.rejects(run({ ...node(''), file: 'no-such-program' }, { ...PATIENT, children }));
  assert.equal(told.length, 4);
});

test('only the shell of the user reads a shell command, and an argument stays one', async () => {
  const { stdout } = await run(shell('printf "%s," a b; exit 0'), PATIENT);
  assert.equal(stdout, 'a,b,');
  const hostile = '$(touch x); `touch x` "quoted" *';
  const program = { ...node('console.log(process.argv[1])'), args: ['-p', 'process.argv[1]', hostile] };
  assert.equal((await run(program, PATIENT)).stdout, `${hostile}\n`);
  assert.equal(describeCommand({ ...program, file: 'git', args: ['fetch', '--', 'x'] }), 'git fetch -- x');
});

test(
  'a command that is to be written down begins only then: whose parent died before never begins',
  { skip: process.platform === 'win32' },
  async (context) => {
    const folder = await ownFolder(context);
    const waiting = waitingCommand({ ...shell('touch begun'), cwd: folder });
    const orphan = spawnSync(waiting.file, waiting.args, { cwd: folder, stdio: 'ignore' });
    assert.equal(orphan.status, 125);
    assert.deepEqual(await readdir(folder), []);
    const told: number[] = [];
    const children = {
      add: (pid: number) => told.push(pid, existsSync(join(folder, 'begun')) ? 1 : 0),
      remove: () => undefined,
    };
    const { code, stdout } = await run(
      { ...shell('touch begun; echo $$; env'), cwd: folder },
      { ...PATIENT, children },
    );
    assert.equal(code, 0);
    const [pid, ...env] = stdout.trim().split('\n');
    assert.deepEqual(told, [Number(pid), 0]);
    assert.deepEqual(
      env
        .map((line) => line.split('=')[0])
        .filter((name) => name !== '_')
        .sort(),
      ['PATH', 'PWD'],
    );
  },
);
