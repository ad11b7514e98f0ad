#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { ownVersion, wantsPlainText } from '../agent/compose.js';
import { applyVerb, planVerb } from './commands/apply.js';
import { doctorVerb } from './commands/doctor.js';
import { initVerb } from './commands/init.js';
import {
  channelVerb,
  holdVerb,
  pinVerb,
  resumeVerb,
  retryVerb,
  rollbackVerb,
  unpinVerb,
} from './commands/orders.js';
import { historyVerb, logsVerb } from './commands/records.js';
import { runVerb } from './commands/run.js';
import { statusVerb } from './commands/status.js';
import { EXIT, exitCodeOf } from './exit.js';
import { openTerminal } from './terminal.js';
import type { Session } from './session.js';

const VERBS = [
  ...[
    initVerb,
    statusVerb,
    planVerb,
    applyVerb,
    runVerb,
    pinVerb,
    unpinVerb,
    channelVerb,
    holdVerb,
    resumeVerb,
  ],
  ...[rollbackVerb, retryVerb, historyVerb, logsVerb, doctorVerb],
];

/** The command line. The only place that exits. */
async function main(): Promise<number> {
  const terminal = openTerminal({
    stdout: process.stdout,
    stderr: process.stderr,
    plain: wantsPlainText(),
  });
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      interrupted.abort(new Error('interrupted'));
    });
  const session: Session = { terminal, signal: interrupted.signal };
  let code: number = EXIT.done;
  const program = new Command('pm2-gitops')
    .description('Tag a release, and every process of this machine runs it.')
    .version(await ownVersion())
    .showSuggestionAfterError()
    .exitOverride();
  for (const make of VERBS)
    program.addCommand(
      make(session, (ended) => {
        code = ended;
      })
        .exitOverride()
        .showHelpAfterError('(see --help)'),
    );
  try {
    await program.parseAsync();
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    terminal.problem(error);
    return exitCodeOf(error);
  }
}

process.exitCode = await main();
