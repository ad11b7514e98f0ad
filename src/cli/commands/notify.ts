import { readSinks, testSinks, type SinkReport, type SinkTest } from '../../agent/notices.js';
import { iso } from '../../domain/json.js';
import { plainLine } from '../../domain/plain.js';
import { EXIT } from '../exit.js';
import { momentsOf, type Say } from '../moment.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';
import { alignRows, type Screen } from '../terminal.js';
import { Verb } from '../verb.js';

type End = (code: number) => void;

/** `notify list`, `notify test`: who is told what becomes of this machine. */
export function notifyVerb(session: Session, end: End): Verb {
  return new Verb('notify')
    .description('who is told what becomes of this machine: list them, send them a test')
    .helpCommand(false)
    .example('notify list', 'who is told, and what could not be sent')
    .example('notify test', 'does it reach them?')
    .addCommand(listVerb(session, end))
    .addCommand(testVerb(session, end));
}

function listVerb({ terminal }: Session, end: End): Verb {
  return verb('list', 'who is told, what they hear, what is still to be sent, and what failed')
    .option('--json', 'for programs')
    .example('notify list', 'all sinks of gitops.json')
    .action(async (options: CommonOptions) => {
      const root = await openNamedRoot(options);
      const sinks = await readSinks(root);
      terminal.tell({ schema: 1, sinks: sinks.map(sinkJson) }, renderSinks(sinks, momentsOf(root), terminal));
      end(EXIT.done);
    });
}

function testVerb({ terminal, signal }: Session, end: End): Verb {
  return verb('test', 'sends a test to one of them, or to all')
    .argument('[sink]', 'its name in notify')
    .option('--json', 'for programs')
    .example('notify test', 'to all of them')
    .example('notify test ops', 'to one')
    .action(async (name: string | undefined, options: CommonOptions) => {
      const sinks = await testSinks(await openNamedRoot(options), name ?? null, signal);
      terminal.tell({ schema: 1, sinks }, renderTests(sinks, terminal));
      end(sinks.every(({ error }) => error === null) ? EXIT.done : EXIT.usage);
    });
}

function sinkJson({ at, until, ...sink }: SinkReport): object {
  return { ...sink, at: iso(at), until: iso(until) };
}

function renderSinks(sinks: readonly SinkReport[], say: Say, { colors, columns }: Screen): string {
  if (sinks.length === 0) return 'nobody is told anything of this machine; see notify in docs/notices.md';
  return alignRows(
    sinks.map(({ name, type, level, events, waiting, error, until }) => [
      name,
      type,
      type === 'uptimeKuma' ? 'with each turn' : tasteOf(level, events),
      waiting === 0 ? '' : `${waiting} waiting`,
      error === null ? '' : colors.red(plainLine(`${error}${until === null ? '' : `; again ${say(until)}`}`)),
    ]),
    { columns },
  );
}

function tasteOf(level: string, events: readonly string[] | null): string {
  const from = level === 'info' ? 'all' : `from ${level}`;
  return events === null ? from : `${from} of ${events.join(', ')}`;
}

function renderTests(tests: readonly SinkTest[], { colors, columns }: Screen): string {
  return alignRows(
    tests.map(({ name, type, error }) =>
      error === null
        ? [colors.green('ok'), name, type, '']
        : [colors.red('failed'), name, type, plainLine(error)],
    ),
    { columns },
  );
}
