import type { Command } from 'commander';
import { findRun, followLog, readLog, readRuns } from '../../agent/records.js';
import type { LogLine } from '../../agent/log-tail.js';
import { zoneOf } from '../../agent/root.js';
import { GitOpsError } from '../../domain/errors.js';
import { EXIT } from '../exit.js';
import { jsonLine, jsonText, runJson } from '../json.js';
import { timesOfDay } from '../moment.js';
import { renderLogLine, renderRuns } from '../render.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';

type End = (code: number) => void;

interface HistoryOptions extends CommonOptions {
  readonly limit: string;
}

interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
}

/** `history`: the runs. */
export function historyVerb({ terminal }: Session, end: End): Command {
  return verb('history', 'the runs: when, from, to, outcome, duration, cause')
    .option('--limit <count>', 'how many, newest first', '20')
    .option('--json', 'for programs')
    .action(async (options: HistoryOptions) => {
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1)
        throw new GitOpsError('USAGE', `--limit "${options.limit}" is no count`, {
          hint: 'write a whole number, such as 20',
        });
      const root = await openNamedRoot(options);
      const runs = await readRuns(root, limit);
      if (options.json === true) terminal.data(jsonText({ schema: 1, runs: runs.map(runJson) }));
      else terminal.data(runs.length === 0 ? 'no run yet' : renderRuns(runs, zoneOf(root), terminal.colors));
      end(EXIT.done);
    });
}

/** `logs [RUN]`: what a run did and said. */
export function logsVerb({ terminal, signal }: Session, end: End): Command {
  return verb('logs', "a run's log, the newest by default")
    .argument('[run]', 'the id of a run, or its beginning')
    .option('--follow', 'go on while a run is under way')
    .option('--json', 'for programs; with --follow one object a line')
    .action(async (run: string | undefined, options: LogsOptions) => {
      const root = await openNamedRoot(options);
      const id = await findRun(root, run ?? null);
      const json = options.json === true;
      const time = timesOfDay(zoneOf(root));
      const onLine = (line: LogLine): void => {
        terminal.data(json ? jsonLine(line) : renderLogLine(line, time, terminal.colors));
      };
      if (options.follow === true) await followLog(root, id, { onLine, signal });
      else if (json) terminal.data(jsonText({ schema: 1, run: id, lines: await readLog(root, id) }));
      else (await readLog(root, id)).forEach(onLine);
      end(EXIT.done);
    });
}
