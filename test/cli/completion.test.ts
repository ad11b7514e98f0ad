import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ownFolder } from '../folder.js';
import { bareRoot, runCli, taggedRepository } from './program.js';

// Each script is tried in the shell it is for, on a root whose records tell tags and a channel.

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const exec = promisify(execFile);
// A name that a shell must never get to see as it is.
const HOSTILE = 'v9.0.0-$(touch${IFS}hacked)';

/** A place where `pm2-gitops` is a command. */
interface Desk {
  readonly repository: string;
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where the script for a shell lies. */
  readonly script: (shell: string) => Promise<string>;
}

async function openDesk(context: TestContext): Promise<Desk> {
  const repository = await taggedRepository(context);
  const git = (...args: readonly string[]) => exec('git', args, { cwd: repository });
  for (const tag of ['v1.1.0', 'v2.0.0-beta.1', HOSTILE]) await git('tag', tag, 'v1.0.0');
  const root = await bareRoot(context, repository);
  assert.equal((await runCli(root, ['plan'])).code, 3);
  const bin = await ownFolder(context);
  await writeFile(join(bin, 'pm2-gitops'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`, {
    mode: 0o755,
  });
  await mkdir(join(root, 'a folder'));
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: bin, TERM: 'xterm', LANG: 'C.UTF-8' };
  const script = async (shell: string): Promise<string> => {
    const { code, stdout } = await runCli(root, ['completion', shell]);
    assert.equal(code, 0);
    const path = join(bin, `completion.${shell === 'powershell' ? 'ps1' : shell}`);
    await writeFile(path, stdout);
    return path;
  };
  return { repository, root, env, script };
}

/** Why tests of a shell are skipped, or false. */
function lacks(shell: string): string | false {
  return spawnSync(shell, ['-c', 'exit 0']).error === undefined
    ? false
    : `NO ${shell} HERE: ITS COMPLETION IS UNTESTED`;
}

/** What is typed, and what is offered for it. */
const CASES: readonly (readonly [typed: string, offered: readonly string[], never: readonly string[]])[] = [
  ['pm2-gitops st', ['status'], ['pin', 'complete']],
  ['pm2-gitops policy ', ['check', 'show'], ['status']],
  ['pm2-gitops pin --un', ['--until'], ['--root']],
  ['pm2-gitops pin ', ['v2.0.0-beta.1', 'v1.1.0', 'v1.0.0'], [HOSTILE, 'status']],
  ['pm2-gitops apply --to v1.1', ['v1.1.0'], ['v1.0.0']],
  ['pm2-gitops channel ', ['stable', 'beta', '1.x'], ['v1.0.0']],
  ['pm2-gitops init --strategy r', ['releases'], ['checkout']],
  ['pm2-gitops help ex', ['exit-codes'], ['status']],
  ['pm2-gitops retry ', [], ['v1.0.0']],
];

test('completion offers what may stand there, in a real shell', async (context) => {
  const desk = await openDesk(context);
  for (const [shell, ask] of Object.entries(SHELLS))
    await context.test(`in ${shell}`, { skip: lacks(shell) }, async () => {
      const answers = await ask(
        desk,
        CASES.map(([typed]) => typed),
      );
      CASES.forEach(([typed, offered, never], index) => {
        assertOffered(typed, answers[index] ?? [], { offered, never });
      });
    });
  await context.test('in bash, for words that readline breaks, and paths with blanks', async () => {
    await exec('git', ['tag', 'api@1.0.0', 'v1.0.0'], { cwd: desk.repository });
    const lines = ['pm2-gitops status --root=a', 'pm2-gitops status --root a', 'pm2-gitops pin --root none '];
    assert.deepEqual(await askBash(desk, lines), [['a folder'], ['a folder'], []]);
  });
});

/** Asks a shell what it offers for each of some lines. */
type Ask = (desk: Desk, typed: readonly string[]) => Promise<string[][]>;

const SHELLS: Readonly<Record<string, Ask>> = {
  bash: askBash,
  zsh: askZsh,
  fish: askFish,
  pwsh: askPowershell,
};

async function askBash({ root, env, script }: Desk, typed: readonly string[]): Promise<string[][]> {
  const lines = [
    `. "${await script('bash')}"`,
    'for COMP_LINE; do',
    '  COMP_POINT=${#COMP_LINE} COMPREPLY=()',
    '  _pm2_gitops pm2-gitops',
    '  printf "%s\\n" "${COMPREPLY[@]}" ==',
    'done',
  ];
  const { stdout, stderr } = await exec('bash', ['--norc', '-c', lines.join('\n'), 'bash', ...typed], {
    cwd: root,
    env,
  });
  assert.equal(stderr, '');
  return stdout
    .split(/^==$/m)
    .slice(0, typed.length)
    .map((part) => part.split('\n').filter((line) => line !== ''));
}

/** A terminal of its own, where the key is really pressed. A mark that comes after it tells that all that was offered is there. */
async function askZsh({ root, env, script }: Desk, typed: readonly string[]): Promise<string[][]> {
  const begin = [
    'PROMPT=',
    'LISTMAX=0',
    'setopt nobeep',
    'autoload -Uz compinit',
    'compinit -u -D',
    `. ${await script('zsh')}`,
    'offer() { zle list-choices; zle -R; zle -I; print DO""NE; zle kill-whole-line }',
    'zle -N offer',
    "bindkey '^I' offer",
    'print BE""GUN',
  ].join('; ');
  const lines = [
    'zmodload zsh/zpty',
    'zpty shell "zsh -f -i"',
    'zpty -w shell $1',
    'zpty -r shell said "*BEGUN*"',
    'for line in "${@:2}"; do',
    `  zpty -n -w shell "$line"$'\\t'`,
    '  zpty -r shell said "*DONE*"',
    '  print -r -- "$said"',
    'done',
    'zpty -d shell',
  ];
  const { stdout } = await exec('zsh', ['-f', '-c', lines.join('\n'), 'zsh', begin, ...typed], {
    cwd: root,
    env,
  });
  return stdout.split('DONE').map((part) => part.replace(/\p{Cc}\[[^A-Za-z]*[A-Za-z]/gu, ' ').split(/\s+/));
}

async function askFish({ root, env, script }: Desk, typed: readonly string[]): Promise<string[][]> {
  const lines = `source ${await script('fish')}; for line in $argv; complete -C $line; echo ==; end`;
  const { stdout } = await exec('fish', ['--no-config', '-c', lines, ...typed], { cwd: root, env });
  return stdout.split(/^==$/m).map((part) => part.split('\n').map((line) => line.split('\t', 1).join('')));
}

async function askPowershell({ root, env, script }: Desk, typed: readonly string[]): Promise<string[][]> {
  const lines = [
    `. '${await script('powershell')}'`,
    `foreach ($line in @(${typed.map((line) => `'${line}'`).join(', ')})) {`,
    '  (TabExpansion2 -inputScript $line -cursorColumn $line.Length).CompletionMatches | ForEach-Object { $_.CompletionText }',
    "  '=='",
    '}',
  ];
  const args = ['-NoProfile', '-NonInteractive', '-Command', lines.join('\n')];
  const { stdout } = await exec('pwsh', args, { cwd: root, env });
  return stdout.split(/^==\r?$/m).map((part) => part.split(/\r?\n/));
}

function assertOffered(
  typed: string,
  words: readonly string[],
  { offered, never }: { offered: readonly string[]; never: readonly string[] },
): void {
  for (const word of offered) assert.ok(words.includes(word), `${typed}: no ${word} in ${words.join(' ')}`);
  for (const word of never) assert.ok(!words.includes(word), `${typed}: ${word} in ${words.join(' ')}`);
}
