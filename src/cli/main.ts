#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { ownVersion, wantsPlainText } from '../agent/compose.js';
import { EXIT, exitCodeOf } from './exit.js';
import { openTerminal } from './terminal.js';
import type { Session } from './session.js';

type MakeVerb = (session: Session, end: (code: number) => void) => Command;

// Each is loaded when it is asked for: `status` need not wait for what `init` imports.
const VERBS: Readonly<Record<string, () => Promise<MakeVerb>>> = {
  init: async () => (await import('./commands/init.js')).initVerb,
  status: async () => (await import('./commands/status.js')).statusVerb,
  plan: async () => (await import('./commands/apply.js')).planVerb,
  rollout: async () => (await import('./commands/rollout.js')).rolloutVerb,
  apply: async () => (await import('./commands/apply.js')).applyVerb,
  run: async () => (await import('./commands/run.js')).runVerb,
  pin: async () => (await import('./commands/orders.js')).pinVerb,
  unpin: async () => (await import('./commands/orders.js')).unpinVerb,
  channel: async () => (await import('./commands/orders.js')).channelVerb,
  hold: async () => (await import('./commands/orders.js')).holdVerb,
  resume: async () => (await import('./commands/orders.js')).resumeVerb,
  rollback: async () => (await import('./commands/orders.js')).rollbackVerb,
  approve: async () => (await import('./commands/approve.js')).approveVerb,
  retry: async () => (await import('./commands/orders.js')).retryVerb,
  history: async () => (await import('./commands/records.js')).historyVerb,
  logs: async () => (await import('./commands/records.js')).logsVerb,
  page: async () => (await import('./commands/page.js')).pageVerb,
  policy: async () => (await import('./commands/policy.js')).policyVerb,
  doctor: async () => (await import('./commands/doctor.js')).doctorVerb,
};

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
  const end = (ended: number): void => {
    code = ended;
  };
  for (const load of askedFor(process.argv[2]))
    program.addCommand((await load())(session, end).exitOverride().showHelpAfterError('(see --help)'));
  try {
    await program.parseAsync();
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (interrupted.signal.aborted) {
      terminal.complain('interrupted', null);
      return EXIT.interrupted;
    }
    terminal.problem(error);
    return exitCodeOf(error);
  }
}

/** The verb that is named; all of them for help, and for a name that is none. */
function askedFor(name: string | undefined): readonly (() => Promise<MakeVerb>)[] {
  const load = name !== undefined && Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  return load === undefined ? Object.values(VERBS) : [load];
}

process.exitCode = await main();
