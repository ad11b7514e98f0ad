import assert from 'node:assert/strict';
import test from 'node:test';
import { run } from '../../src/os/run.js';
import { shellCommand } from '../../src/os/shell.js';
import { shellCommand as forCmd } from '../../src/os/shell-win32.js';

const PATIENT = { signal: new AbortController().signal, limitMs: 60_000 };

test('a shell command of Windows is told to cmd.exe as it is written, quotes and all', () => {
  const text = 'node -e "console.log(1)" && echo "a b"';
  const command = forCmd(text, 'C:\\srv', { ComSpec: 'C:\\Windows\\system32\\cmd.exe' });
  assert.equal(command.file, 'C:\\Windows\\system32\\cmd.exe');
  assert.deepEqual([...command.args, command.verbatim], ['/d', '/s', '/c', `"${text}"`, true]);
});

test('a shell command with quotes means what its writer meant', async () => {
  const text = `"${process.execPath}" -p "'a  b'" && echo done`;
  const { code, stdout } = await run(
    shellCommand(text, process.cwd(), { PATH: process.env['PATH'] ?? '' }),
    PATIENT,
  );
  assert.deepEqual([code, stdout.split(/\s*\n/)], [0, ['a  b', 'done', '']]);
});
