import { resolve } from 'node:path';
import { openRoot, rootsOfModule } from '../../agent/compose.js';
import { runPollers } from '../../module/run-pollers.js';
import { EXIT } from '../exit.js';
import { namedFolder, type Session } from '../session.js';
import { Verb } from '../verb.js';

interface RunOptions {
  readonly root: readonly string[];
  readonly module?: boolean;
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
    .option('--module', 'the roots that pm2 set pm2-gitops:root names (what pm2 install runs)')
    .example('run', 'polls until it is interrupted')
    .example('run --root /srv/shop --root /srv/api', 'for two roots at once')
    .action(async (options: RunOptions) => {
      await runPollers(await foldersOf(options), {
        print: (line) => {
          terminal.data(line);
        },
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
