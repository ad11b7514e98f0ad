import type { Argument, Command } from 'commander';
import { ownVersion } from '../agent/compose.js';
import { columnsOf } from './columns.js';
import type { Session } from './session.js';
import { alignRows, type Screen } from './terminal.js';
import { Verb, withAllBelow } from './verb.js';

/** Says with which exit code the verb ended. */
type End = (code: number) => void;
type MakeVerb = (session: Session, end: End) => Command;

// Each is loaded when it is asked for: `status` need not wait for what `init` imports.
const LOOK: Verbs = {
  status: async () => (await import('./commands/status.js')).statusVerb,
  plan: async () => (await import('./commands/apply.js')).planVerb,
  history: async () => (await import('./commands/records.js')).historyVerb,
  logs: async () => (await import('./commands/records.js')).logsVerb,
  page: async () => (await import('./commands/page.js')).pageVerb,
  notify: async () => (await import('./commands/notify.js')).notifyVerb,
  doctor: async () => (await import('./commands/doctor.js')).doctorVerb,
};
const CHANGE: Verbs = {
  apply: async () => (await import('./commands/apply.js')).applyVerb,
  rollback: async () => (await import('./commands/orders.js')).rollbackVerb,
  retry: async () => (await import('./commands/orders.js')).retryVerb,
  run: async () => (await import('./commands/run.js')).runVerb,
};
const ORDER: Verbs = {
  channel: async () => (await import('./commands/orders.js')).channelVerb,
  pin: async () => (await import('./commands/orders.js')).pinVerb,
  unpin: async () => (await import('./commands/orders.js')).unpinVerb,
  hold: async () => (await import('./commands/orders.js')).holdVerb,
  resume: async () => (await import('./commands/orders.js')).resumeVerb,
  approve: async () => (await import('./commands/approve.js')).approveVerb,
};
const FLEET: Verbs = {
  policy: async () => (await import('./commands/policy.js')).policyVerb,
  rollout: async () => (await import('./commands/rollout.js')).rolloutVerb,
};
const SET_UP: Verbs = {
  init: async () => (await import('./commands/init.js')).initVerb,
  completion: async () => (await import('./commands/completion.js')).completionVerb,
  help: async () => (await import('./commands/help.js')).helpVerb,
};
// Shells ask it at every press of a key: nothing else is loaded for it, and nobody types it.
const HIDDEN: Verbs = { complete: async () => (await import('./commands/complete.js')).completeVerb };

type Verbs = Readonly<Record<string, () => Promise<MakeVerb>>>;

const GROUPS: Readonly<Record<string, Verbs>> = {
  ...{ 'Begin here': SET_UP, 'See what is': LOOK, 'Change it now': CHANGE },
  ...{ 'Say what shall be': ORDER, 'The fleet': FLEET },
};
// They tell of all others.
const WHOLE = ['help', 'completion'];

/** The command line as a tree: the verb that is named, all of them for help, completion and a name that is none. */
export async function growTree(named: string | undefined, session: Session, end: End): Promise<Verb> {
  const program = new Verb('pm2-gitops')
    .description('Tag a release, and every process of this machine runs it.')
    .version(await ownVersion())
    .helpCommand(false)
    .example('init https://github.com/acme/shop.git', 'makes this empty folder a root')
    .example('status', 'what runs here, and what does not yet');
  for (const [title, verbs] of Object.entries({ ...GROUPS, '': HIDDEN }))
    for (const [name, load] of Object.entries(verbs))
      if (isAsked(name, named))
        program.addCommand((await load())(session, end).helpGroup(`${title}:`), { hidden: title === '' });
  for (const command of withAllBelow(program)) dress(command, session);
  return program;
}

function isAsked(name: string, named: string | undefined): boolean {
  const isVerb = [...Object.values(GROUPS), HIDDEN].some((verbs) => Object.hasOwn(verbs, named ?? ''));
  return !isVerb || name === named || WHOLE.includes(named ?? '');
}

/** What commander prints looks as all else does. */
function dress(command: Command, { terminal }: Session): void {
  const { colors, quiet } = terminal;
  command
    .exitOverride()
    .configureOutput({
      getOutHasColors: () => colors.isColorSupported,
      getErrHasColors: () => quiet.isColorSupported,
    })
    .configureHelp({
      styleTitle: colors.bold,
      styleSubcommandTerm: (term) => term.replace(/^\S+/, (name) => colors.cyan(name)),
      styleOptionTerm: colors.cyan,
      styleArgumentTerm: colors.cyan,
      subcommandTerm: (verb) => [verb.name(), ...verb.registeredArguments.map(termOf)].join(' '),
      displayWidth: columnsOf,
    });
  if (command instanceof Verb && command.examples.length > 0)
    command.addHelpText('after', () => `\n${examplesOf(command, terminal)}`);
  if (command.parent === null)
    command.addHelpText(
      'after',
      '\npm2-gitops help VERB, or help exit-codes, environment, channels, files, when',
    );
}

function termOf(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}

function examplesOf({ examples }: Verb, { colors, columns }: Screen): string {
  const rows = examples.map(({ args, does }) => [`  pm2-gitops ${args}`, colors.dim(does)]);
  return `${colors.bold('Examples:')}\n${alignRows(rows, { columns })}`;
}
