import assert from 'node:assert/strict';
import test from 'node:test';
import type { Command } from 'commander';
import { Verb, withAllBelow } from '../../src/cli/verb.js';
import { wholeTree } from './tree.js';

// Their data is no answer that a program takes apart: a log, a script, a text for people.
const WITHOUT_JSON = ['run', 'page', 'completion', 'complete', 'help'];

test('every verb tells what it does, what its options mean, and has examples that can be typed', async () => {
  const program = await wholeTree();
  const visible = program.createHelp().visibleCommands(program).flatMap(withAllBelow);
  assert.ok(visible.length > 20, `${visible.length} verbs`);
  for (const verb of visible) {
    const name = verb.name();
    assert.ok(verb instanceof Verb && verb.examples.length > 0, `${name} has no example`);
    assert.notEqual(verb.description(), '', name);
    for (const { flags, description } of verb.options) assert.notEqual(description, '', `${name} ${flags}`);
    for (const argument of verb.registeredArguments) assert.notEqual(argument.description, '', name);
    for (const { args } of verb.examples) assertTypeable(verb, args);
  }
});

/** An example begins with the way to its verb, and knows only its options. */
function assertTypeable(verb: Verb, args: string): void {
  const way = verb.line.replace('pm2-gitops ', '');
  assert.ok(args === way || args.startsWith(`${way} `), `${args} is no example of ${way}`);
  const below = withAllBelow(verb).flatMap(({ options }) => options.map(({ long }) => long));
  for (const [flag] of args.matchAll(/--[a-z-]+/g)) assert.ok(below.includes(flag), `${args}: no ${flag}`);
}

test('every verb that prints data takes --json', async () => {
  const program = await wholeTree();
  const leaves = withAllBelow(program).filter(isLeaf);
  const lacking = leaves.filter(({ options }) => !options.some(({ long }) => long === '--json'));
  assert.deepEqual(lacking.map((verb) => verb.name()).sort(), [...WITHOUT_JSON].sort());
});

function isLeaf({ commands }: Command): boolean {
  return commands.length === 0;
}
