import { findRun, followLog, readLog, readRuns } from '../../agent/records.js';
import type { LogLine } from '../../agent/log-tail.js';
import { zoneOf } from '../../agent/root.js';
import { GitOpsError } from '../../domain/errors.js';
import { EXIT, exitCodeOfEnd } from '../exit.js';
import { jsonLine, runJson } from '../json.js';
import { timesOfDay } from '../moment.js';
import { renderLogLine, renderRuns } from '../render.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';
import type { Verb } from '../verb.js';

type End = (code: number) => void;

interface HistoryOptions extends CommonOptions {
  readonly limit: string;
}

interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
}

/** `history`: the runs. */
export function historyVerb({ terminal }: Session, end: End): Verb {
  return verb('history', 'the runs: when, from, to, outcome, duration, cause')
    .option('--limit <count>', 'how many, newest first', '20')
    .option('--json', 'for programs')
    .example('history', 'the last runs')
    .example('history --limit 1 --json', 'how the last one ended, for a script')
    .action(async (options: HistoryOptions) => {
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1)
        throw new GitOpsError('USAGE', `--limit "${options.limit}" is no count`, {
          hint: 'write a whole number, such as 20',
        });
      const root = await openNamedRoot(options);
      const runs = await readRuns(root, limit);
      terminal.tell(
        { schema: 1, runs: runs.map(runJson) },
        runs.length === 0 ? 'no run yet' : renderRuns(runs, zoneOf(root), terminal),
      );
      end(EXIT.done);
    });
}

/** `logs [RUN]`: what a run did and said. */
export function logsVerb({ terminal, signal }: Session, end: End): Verb {
  return verb('logs', "a run's log: the one under way, else the newest")
    .argument('[run]', 'the id of a run, or its beginning')
    .option('--follow', 'go on until the run ends; the exit code tells how it did')
    .option('--json', 'for programs; with --follow one object a line')
    .example('logs', 'what the last run did, and why it failed')
    .example('logs --follow', 'watches the run under way')
    .example('logs 20261124-18', 'the newest run whose id begins so')
    .action(async (run: string | undefined, options: LogsOptions) => {
      const root = await openNamedRoot(options);
      const id = await findRun(root, run ?? null);
      const time = timesOfDay(zoneOf(root));
      const say = (line: LogLine): string => renderLogLine(line, time, terminal.colors);
      if (options.follow === true) {
        const onLine = (line: LogLine): void => {
          terminal.data(terminal.json ? jsonLine(line) : say(line));
        };
        end(exitCodeOfEnd(await followLog(root, id, { onLine, signal })));
      } else {
        const lines = await readLog(root, id);
        terminal.tell({ schema: 1, run: id, lines }, lines.map(say).join('\n'));
        end(EXIT.done);
      }
    });
}
