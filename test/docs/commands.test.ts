import assert from 'node:assert/strict';
import test from 'node:test';
import type { Command } from 'commander';
import { messageOf } from '../../src/domain/errors.js';
import { wholeTree } from '../cli/tree.js';
import { allPages, blocksOf, proseOf, type Page } from './pages.js';

// Whoever types what the documentation says is not told that there is no such verb or option.

const SHELLS = ['sh', 'bash', 'console', 'powershell', ''];
// What may stand before the command of a line: a prompt, variables, another user, npx.
const BEFORE = /^(?:\$ |sudo (?:-\w \S+ )?|npx |\w+=\S* |exec )+/;
const BARE = 'without its argument';
const EVERYWHERE = ['--help', '--version'];

test('every command of ours in the documentation has a verb, arguments and options that there are', async () => {
  const program = await wholeTree();
  const commands = allPages().flatMap(commandsOf);
  assert.ok(commands.length > 50, `${commands.length} commands`);
  const wrong = commands.flatMap(({ page, line, isTyped }) => {
    const mistake = mistakeIn(program, line);
    // In a sentence a verb alone may be its name.
    return mistake === null || (mistake === BARE && !isTyped) ? [] : [`${page}: ${line}: ${mistake}`];
  });
  assert.deepEqual(wrong, []);
});

test('a verb, an option and an argument that are not there are found', async () => {
  const program = await wholeTree();
  const lines = [
    'statsu',
    'status --jsno',
    'pin',
    'pin v1.0.0 v2.0.0',
    'policy chekc fleet.json',
    'hold --until',
  ];
  for (const line of lines) assert.notEqual(mistakeIn(program, `pm2-gitops ${line}`), null, line);
  for (const line of ['', '--version', 'hold --reason "a sale" --until 2d', 'help exit-codes'])
    assert.equal(mistakeIn(program, `pm2-gitops ${line}`), null, line);
});

test('commands are found behind prompts, variables and other commands, and not in comments', () => {
  const text =
    '```sh\ncd x && PM2_HOME=/a pm2-gitops init # pm2-gitops no\nsudo -u app pm2-gitops logs \\\n  --follow\n```\n';
  const found = commandsOf({ path: 'a.md', text: `${text}Say \`pm2-gitops hold\`.\n` });
  assert.deepEqual(
    found.map(({ line }) => line),
    ['pm2-gitops init', 'pm2-gitops logs   --follow', 'pm2-gitops hold'],
  );
});

interface Found {
  readonly page: string;
  readonly line: string;
  /** Whether it stands where people take what they type from, not in a sentence. */
  readonly isTyped: boolean;
}

/** The commands of ours in a page: in what is for a shell, and between backticks. */
function commandsOf(page: Page): Found[] {
  const shown = blocksOf(page)
    .filter(({ language }) => SHELLS.includes(language))
    // What has no language shows a session: typed is what has a prompt.
    .flatMap(({ language, body }) =>
      linesOf(body).filter((line) => language !== '' || line.startsWith('$ ')),
    );
  const told = [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) =>
    code.replaceAll('\\|', '|'),
  );
  const found = (lines: readonly string[], isTyped: boolean): Found[] =>
    lines
      .flatMap(partsOf)
      .filter((line) => /^pm2-gitops( |$)/.test(line) && !/[<[…]/.test(line))
      .map((line) => ({ page: page.path, line, isTyped }));
  return [...found(shown, true), ...found(told, false)];
}

function linesOf(body: string): string[] {
  return body.replaceAll('\\\n', '').split('\n');
}

/** The single commands of a line. */
function partsOf(line: string): string[] {
  return line
    .replace(/(^|\s)#.*$/, '')
    .split(/&&|\|\|?|;|\$\(|<\(|\)| > /)
    .map((part) => part.trim().replace(BEFORE, ''));
}

/** What is wrong with a command, as the command line itself would tell it; null: nothing. */
function mistakeIn(program: Command, line: string): string | null {
  const words = wordsOf(line).slice(1);
  let verb = program;
  for (let next = below(verb, words); next !== undefined; next = below(verb, words)) {
    verb = next;
    words.shift();
  }
  try {
    const { operands, unknown } = verb.parseOptions(words.filter((word) => !EVERYWHERE.includes(word)));
    return unknown[0] ?? surplusOf(verb, operands);
  } catch (error) {
    return messageOf(error);
  }
}

function below(verb: Command, [name]: readonly string[]): Command | undefined {
  return verb.commands.find((command) => command.name() === name);
}

function surplusOf({ registeredArguments }: Command, operands: readonly string[]): string | null {
  const least = registeredArguments.filter(({ required }) => required).length;
  const most = registeredArguments.at(-1)?.variadic === true ? Infinity : registeredArguments.length;
  if (operands.length < least) return BARE;
  return operands.length > most ? `${operands.at(-1) ?? ''} is one too many` : null;
}

/** The words of a command, without the quotes. */
function wordsOf(line: string): string[] {
  return (line.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll(/^["']|["']$/g, ''));
}
