import { Option } from 'commander';
import { resolve } from 'node:path';
import { openRoot, rootsOfModule } from '../../agent/compose.js';
import { LOG_FORMATS, type LogFormat } from '../../config/log.js';
import { runPollers } from '../../module/run-pollers.js';
import { EXIT } from '../exit.js';
import { namedFolder, type Session } from '../session.js';
import { Verb } from '../verb.js';

interface RunOptions {
  readonly root: readonly string[];
  readonly module?: boolean;
  readonly logFormat?: LogFormat;
}

/** `run`: the poller in the foreground, as pm2 runs it. Its output is a line for each thing that happens. */
export function runVerb({ terminal, signal }: Session, end: (code: number) => void): Verb {
  return new Verb('run')
    .description('the poller in the foreground (what pm2 runs)')
    .option(
      '--root <dir>',
      'the root (default: the nearest folder upwards with a gitops.json); several times for several roots',
      (root: string, before: readonly string[]) => [...before, root],
      [],
    )
    .addOption(
      new Option(
        '--log-format <format>',
        'how lines are written (default: as log.format of gitops.json says)',
      ).choices(LOG_FORMATS),
    )
    .option('--module', 'the roots that pm2 set pm2-gitops:root names (what pm2 install runs)')
    .example('run', 'polls until it is interrupted')
    .example('run --root /srv/shop --root /srv/api', 'for two roots at once')
    .action(async (options: RunOptions) => {
      await runPollers(await foldersOf(options), {
        print: (line) => {
          terminal.data(line);
        },
        format: options.logFormat ?? null,
        signal,
      });
      end(EXIT.done);
    });
}

/** A single root has to be there; of several, one that cannot be read must not stop the others. */
async function foldersOf({ root, module }: RunOptions): Promise<readonly string[]> {
  if (module === true) return rootsOfModule();
  if (root.length > 1) return root.map((folder) => resolve(folder));
  const { layout } = await openRoot(root[0] ?? (await namedFolder({})));
  return [layout.root];
}
