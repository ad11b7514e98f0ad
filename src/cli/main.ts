#!/usr/bin/env node
import { CommanderError } from 'commander';
import { outputWishes } from '../agent/compose.js';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { EXIT, exitCodeOf } from './exit.js';
import { openTerminal } from './terminal.js';
import { growTree } from './tree.js';

/** The command line. The only place that exits. */
async function main(args: readonly string[]): Promise<number> {
  const terminal = openTerminal({
    ...{ stdout: process.stdout, stderr: process.stderr, wishes: outputWishes() },
    // Asked before anything is parsed: what cannot be parsed is told in JSON, too.
    json: args.includes('--json'),
  });
  const { signal } = interruptions();
  let code: number = EXIT.done;
  const end = (ended: number): void => {
    code = ended;
  };
  try {
    const program = await growTree(args[0], { terminal, signal }, end);
    await program.parseAsync();
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (signal.aborted) {
      terminal.problem(isGitOpsError(error, 'ABORTED') ? error : new GitOpsError('ABORTED', 'interrupted'));
      return EXIT.interrupted;
    }
    terminal.problem(error);
    return exitCodeOf(error);
  }
}

function interruptions(): AbortController {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      interrupted.abort(new Error('interrupted'));
    });
  return interrupted;
}

process.exitCode = await main(process.argv.slice(2));
