import { examine } from '../../agent/doctor.js';
import type { Check } from '../../domain/check.js';
import { plainLine } from '../../domain/plain.js';
import { EXIT } from '../exit.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';
import type { Verb } from '../verb.js';
import { alignRows, type Screen } from '../terminal.js';

/** `doctor`: checks of the whole machine, each with its mend. */
export function doctorVerb({ terminal, signal }: Session, end: (code: number) => void): Verb {
  return verb('doctor', 'checks of the whole machine, each with its mend')
    .option('--json', 'for programs')
    .example('doctor', 'what would keep a release from coming')
    .action(async (options: CommonOptions) => {
      const checks = await examine(await openNamedRoot(options), signal);
      terminal.tell({ schema: 1, checks }, render(checks, terminal));
      end(checks.some(({ level }) => level === 'problem') ? EXIT.usage : EXIT.done);
    });
}

function render(checks: readonly Check[], { colors, columns }: Screen): string {
  const marks = { ok: colors.green('ok'), warning: colors.yellow('warning'), problem: colors.red('problem') };
  const rows = checks.flatMap(({ name, level, detail, mend }) => [
    [marks[level], name, plainLine(detail)],
    ...(mend === null ? [] : [['', '', `${colors.dim('→')} ${plainLine(mend)}`]]),
  ]);
  return alignRows(rows, { columns });
}
