import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { createColors } from 'picocolors';
import { columnsOf, cut, wrap } from '../../src/cli/columns.js';
import { Progress } from '../../src/cli/progress.js';
import { renderRuns } from '../../src/cli/render.js';
import { alignRows, openTerminal, type Terminal } from '../../src/cli/terminal.js';
import type { Run } from '../../src/domain/run.js';
import { systemClock } from '../../src/os/clock.js';
import { release } from '../domain/releases.js';

const COLORS = createColors(true);
// To the begin of the line, and away with what stands there.
const WIPE = '\r\u001b[K';

/** A terminal of so many columns (null: a pipe), and what was written to it. */
function screenOf(
  columns: number | null,
  { json = false, unicode = true }: { json?: boolean; unicode?: boolean } = {},
): { terminal: Terminal; written: () => string } {
  const output = Object.assign(new PassThrough(), columns === null ? {} : { isTTY: true, columns });
  const wishes = { colors: false, dumb: false, unicode };
  const terminal = openTerminal({ stdout: output, stderr: output, wishes, json });
  return { terminal, written: () => String(output.read() ?? '') };
}

test('columns are those of a terminal: wide characters take two, colours and accents none', () => {
  assert.equal(columnsOf('status'), 6);
  assert.equal(columnsOf('商店'), 4);
  assert.equal(columnsOf('e\u0301'), 1);
  assert.equal(columnsOf('🚀'), 2);
  assert.equal(columnsOf(COLORS.red('no')), 2);
  assert.equal(cut('商店商店', 5), '商店…');
  assert.equal(cut(COLORS.red('failed'), 4), COLORS.red('fai…'));
  assert.deepEqual(wrap('one two three', 8), ['one two', 'three']);
});

test('a table that is too wide for its terminal is wrapped in its last column, and nothing is lost in a pipe', () => {
  const rows = [
    ['ok', 'disk', '75 GiB free'],
    ['problem', '商店', 'no daemon runs for this user, start one'],
  ];
  assert.equal(
    alignRows(rows, { columns: 36 }),
    'ok       disk  75 GiB free\nproblem  商店  no daemon runs for\n               this user, start one',
  );
  assert.equal(alignRows(rows).split('\n').length, 2);
  const narrow = alignRows([['a very long name of an app', 'x', 'what is said of it']], { columns: 34 });
  for (const line of narrow.split('\n')) assert.ok(columnsOf(line) <= 34, line);
  assert.match(narrow, /^a very long … {2}x {2}what is said of$/m);
});

test('history fits a narrow terminal, with its ids whole', () => {
  const [from, to] = [release('v1.0.0', 1), release('v1.1.0', 2)];
  const run: Run = {
    ...{ id: '20261124-184545-981-823s', cause: 'schedule', from, to, startedAt: 0, endedAt: 9_000 },
    ...{
      phases: [],
      reason: null,
      outcome: 'rolledBack',
      problem: 'web 0 died at start: it ended with 1, again and again and again',
    },
  };
  const wide = renderRuns([run], 'UTC', { colors: createColors(false), columns: null });
  assert.equal(wide.split('\n').length, 2);
  const lines = renderRuns([run], 'UTC', { colors: createColors(false), columns: 80 }).split('\n');
  for (const line of lines) assert.ok(columnsOf(line) <= 80, line);
  assert.match(lines[2] ?? '', /^ {2}20261124-184545-981-823s {2}web 0 died/);
});

test('with --json all of stderr is JSON, a line each, too', () => {
  const { terminal, written } = screenOf(null, { json: true });
  terminal.caution('a word');
  terminal.progress('pinned');
  terminal.problem(new Error('no'));
  terminal.tell({ schema: 1 }, 'text');
  assert.equal(
    written(),
    '{"note":"pinned"}\n{"schema":1,"error":{"code":null,"message":"no","hint":null}}\n{\n  "schema": 1\n}\n',
  );
});

test('a terminal that knows ASCII alone is shown no other signs of ours; a pipe gets all', () => {
  const shown = screenOf(80, { unicode: false });
  shown.terminal.complain('no', 'mend it');
  shown.terminal.data('a → b – 商');
  assert.equal(shown.written(), 'x no\n  > mend it\na > b - 商\n');
  const piped = screenOf(null, { unicode: false });
  piped.terminal.data('a → b');
  assert.equal(piped.written(), 'a → b\n');
});

test('progress tells each step and how long it took; the line that moves is gone before anything else is written', () => {
  const at = (second: number): string => new Date(second * 1_000).toISOString();
  const clock = { ...systemClock(), now: () => 12_000 };
  const tell = (columns: number | null): string => {
    const { terminal, written } = screenOf(columns);
    const progress = new Progress(terminal, { clock, say: () => '10:00:00' });
    progress.line({ at: at(1), kind: 'step', text: 'fetch' });
    progress.line({ at: at(1.5), kind: 'step', text: 'install: all that the lockfile names' });
    progress.line({ at: at(2), kind: 'output', text: 'added 3 packages' });
    progress.line({ at: at(9), kind: 'step', text: 'activate' });
    progress.end();
    return written();
  };
  const piped = [
    '10:00:00  fetch',
    '10:00:00  install: all that the lockfile names',
    '10:00:00    added 3 packages',
    '          took 7 s',
    '10:00:00  activate',
    '          took 3 s',
  ];
  assert.equal(tell(null), `${piped.join('\n')}\n`);
  const shown = tell(30);
  assert.ok(shown.includes(`${WIPE}    10 s  install: all that …${WIPE}10:00:00`), shown);
  // What is left on the screen once each line that moves was wiped.
  const left = shown
    .split(WIPE)
    .reduce((before, after) => before.slice(0, before.lastIndexOf('\n') + 1) + after);
  assert.equal(left, tell(null));
});
