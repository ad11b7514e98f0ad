import type { Command } from 'commander';
import { examine } from '../../agent/doctor.js';
import type { Check } from '../../domain/check.js';
import { plainLine } from '../../domain/plain.js';
import { EXIT } from '../exit.js';
import { jsonText } from '../json.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';
import { alignRows, type Colors } from '../terminal.js';

/** `doctor`: checks of the whole machine, each with its mend. */
export function doctorVerb({ terminal, signal }: Session, end: (code: number) => void): Command {
  return verb('doctor', 'checks of the whole machine, each with its mend')
    .option('--json', 'for programs')
    .action(async (options: CommonOptions) => {
      const checks = await examine(await openNamedRoot(options), signal);
      terminal.data(
        options.json === true ? jsonText({ schema: 1, checks }) : render(checks, terminal.colors),
      );
      end(checks.some(({ level }) => level === 'problem') ? EXIT.usage : EXIT.done);
    });
}

function render(checks: readonly Check[], colors: Colors): string {
  const marks = { ok: colors.green('ok'), warning: colors.yellow('warning'), problem: colors.red('problem') };
  const rows = checks.flatMap(({ name, level, detail, mend }) => [
    [marks[level], name, plainLine(detail)],
    ...(mend === null ? [] : [['', '', `${colors.dim('→')} ${plainLine(mend)}`]]),
  ]);
  return alignRows(rows);
}
