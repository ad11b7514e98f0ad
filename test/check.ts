import { execa } from 'execa';

// Lint, format and unused code, side by side: lint takes a core for as long as all others together. The build has looked at the types.

const CHECKS: readonly (readonly [string, ...string[]])[] = [
  ['eslint', '.', '--max-warnings', '0'],
  ['prettier', '--check', '.'],
  ['knip'],
];

await Promise.all(CHECKS.map(check));

/** Runs a check, shows what it said once it has ended, and turns a failure into one of the whole. */
async function check([program, ...args]: readonly [string, ...string[]]): Promise<void> {
  const { all, exitCode, failed } = await execa(program, args, {
    preferLocal: true,
    stdin: 'ignore',
    all: true,
    reject: false,
  });
  console.log(`${program}: ${failed ? `ended with ${exitCode ?? 'a kill'}` : 'fine'}\n${all}`.trimEnd());
  if (failed) process.exitCode = 1;
}
