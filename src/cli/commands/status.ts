import type { Command } from 'commander';
import { readStatus } from '../../agent/status.js';
import type { Status } from '../../domain/status.js';
import { EXIT } from '../exit.js';
import { jsonText, statusJson } from '../json.js';
import { momentsOf } from '../moment.js';
import { renderStatus } from '../render.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';

/** `status`: what is desired, staged, active, running, and why the machine is behind. */
export function statusVerb({ terminal, signal }: Session, end: (code: number) => void): Command {
  return verb('status', 'what is desired, active and running, and why it is behind')
    .option('--json', 'for programs')
    .action(async (options: CommonOptions) => {
      const root = await openNamedRoot(options);
      const status = await readStatus(root, signal);
      const json = jsonText(statusJson(status));
      const [now, { colors }] = [root.host.clock.now(), terminal];
      terminal.data(
        options.json === true ? json : renderStatus(status, { now, say: momentsOf(root), colors }),
      );
      end(exitCode(status));
    });
}

function exitCode({ phase, behind }: Status): number {
  if (phase === 'stuck') return EXIT.stuck;
  return behind ? EXIT.behind : EXIT.done;
}
