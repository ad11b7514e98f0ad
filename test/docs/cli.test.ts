import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { Command } from 'commander';
import { EXIT } from '../../src/cli/exit.js';
import { ownFolder } from '../folder.js';
import { bareRoot, runCli, taggedRepository } from '../cli/program.js';
import { wholeTree } from '../cli/tree.js';
import { sourceOf } from '../sources.js';

// docs/cli.md tells what the command line is: its tables are compared with the tree of verbs, and with what they print.

const PAGE = sourceOf('docs/cli.md');
// What the page says once, of all verbs.
const COMMON = ['--root', '--json'];

/** The rows of the table below a heading (null: the first of the page), each with its cells. */
function tableBelow(heading: string | null): string[][] {
  const below = heading === null ? PAGE : PAGE.slice(PAGE.indexOf(`\n## ${heading}\n`));
  const rows = /(?:^\|.*\n)+/m.exec(below)?.[0].trimEnd().split('\n') ?? [];
  // A bar that belongs to a cell is escaped.
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
}

/** Every word that stands between backticks. */
function codesOf(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

function wayTo(verb: Command): string {
  return verb.parent?.parent == null ? verb.name() : `${wayTo(verb.parent)} ${verb.name()}`;
}

test('the page names every verb with its argument and its options, and no others', async () => {
  const program = await wholeTree();
  const leaves = (command: Command): Command[] => {
    const below = command.createHelp().visibleCommands(command);
    return below.length === 0 ? [command] : below.flatMap(leaves);
  };
  const real = leaves(program).map((verb) => [
    wayTo(verb),
    verb.registeredArguments.length,
    verb.options.flatMap(({ long }) => (long == null || COMMON.includes(long) ? [] : [long])).sort(),
  ]);
  const told = tableBelow(null).map(([verb, , options]) => {
    const [typed = ''] = codesOf(verb);
    const words = typed.split(' ');
    const way = words.filter((word) => /^[a-z]/.test(word));
    const flags = new Set((options ?? '').match(/--[a-z][a-z0-9-]*/g) ?? []);
    return [
      way.join(' '),
      words.length - way.length,
      [...flags].filter((flag) => !COMMON.includes(flag)).sort(),
    ];
  });
  const byWay = (a: unknown[], b: unknown[]): number => (String(a[0]) < String(b[0]) ? -1 : 1);
  assert.deepEqual(told.sort(byWay), real.sort(byWay));
});

test('the page names every exit code', () => {
  assert.deepEqual(
    tableBelow('Exit codes').map(([code]) => Number(code)),
    Object.values(EXIT),
  );
});

test('what --json prints has the fields that the page tells', async (context) => {
  const repository = await taggedRepository(context);
  const root = await bareRoot(context, repository);
  const elsewhere = await ownFolder(context);
  const notify = { log: { type: 'command', command: 'exit 0' } };
  await writeFile(join(root, 'gitops.json'), JSON.stringify({ repository, notify }));
  const run = join(root, '.pm2-gitops', 'runs', '20260101-000000-000-0000');
  await mkdir(run, { recursive: true });
  await writeFile(join(run, 'log.txt'), '2026-01-01T00:00:00.000Z * fetch\n');
  await writeFile(
    join(root, 'fleet.json'),
    JSON.stringify({ version: 1, machines: [{ id: 'a', name: 'a' }] }),
  );
  const asked: Readonly<Record<string, readonly string[]>> = {
    ...{ plan: [], init: [repository, '--root', elsewhere], channel: [], history: [], logs: [], doctor: [] },
    ...{ hold: [], apply: [], resume: [], pin: ['v1.0.0'], unpin: [], approve: [], retry: [], status: [] },
    ...{ 'policy show': [], 'policy check': ['fleet.json'], 'notify list': [], 'notify test': ['log'] },
    rollout: ['v1.0.0', '--policy', 'fleet.json', '--from', 'v0.9.0'],
  };
  const told = new Map(
    tableBelow('What `--json` prints').flatMap(([verbs, fields]) =>
      codesOf(verbs).map((verb) => [verb, codesOf(fields)] as const),
    ),
  );
  told.set(
    'status',
    tableBelow('`status --json`').flatMap(([field]) => codesOf(field)),
  );
  for (const [verb, more] of Object.entries(asked)) {
    const { stdout, stderr } = await runCli(root, [...verb.split(' '), ...more, '--json']);
    assert.equal(stderr, '', verb);
    const printed: unknown = JSON.parse(stdout);
    assert.ok(typeof printed === 'object' && printed !== null);
    assert.deepEqual(Object.keys(printed).sort(), [...(told.get(verb) ?? [])].sort(), verb);
  }
  // `rollback` prints what `apply` does.
  assert.deepEqual([...told.keys()].sort(), [...Object.keys(asked), 'rollback'].sort());
});
