import { examine } from '../../agent/doctor/examine.js';
import { mend, type Fixed } from '../../agent/doctor/fix.js';
import type { Check } from '../../domain/check.js';
import { groupOf, nameOf } from '../../domain/doctor/catalogue.js';
import { plainLine } from '../../domain/plain.js';
import { EXIT } from '../exit.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';
import { alignRows, type Screen } from '../terminal.js';
import type { Verb } from '../verb.js';

/** `doctor`: checks of the whole machine, each with its mend. */
export function doctorVerb({ terminal, signal }: Session, end: (code: number) => void): Verb {
  return verb('doctor', 'checks of the whole machine, each with its mend')
    .option('--json', 'for programs')
    .option('--fix', 'mend what is safe to mend, and check anew; refused while a worker is at work')
    .example('doctor', 'what would keep a release from coming')
    .example('doctor --fix', 'and mend of it what is ours')
    .action(async (options: CommonOptions & { readonly fix?: true }) => {
      const root = await openNamedRoot(options);
      const { fixed, checks } =
        options.fix === true ? await mend(root, signal) : { fixed: [], checks: await examine(root, signal) };
      terminal.tell(
        { schema: 1, checks: checks.map(checkJson), fixed },
        renderFixed(fixed, terminal) + render(checks, terminal),
      );
      end(checks.some(({ level }) => level === 'problem') ? EXIT.usage : EXIT.done);
    });
}

function checkJson({ id, level, detail, mend: how, fix }: Check): object {
  return { id, group: groupOf(id), name: nameOf(id), level, detail, mend: how, fixable: fix !== null };
}

function renderFixed(fixed: readonly Fixed[], { colors, columns }: Screen): string {
  const rows = fixed.map(({ id, did, failed }) =>
    failed === null
      ? [colors.green('fixed'), id, plainLine(did)]
      : [colors.red('not fixed'), id, `${plainLine(did)}: ${plainLine(failed)}`],
  );
  return rows.length === 0 ? '' : `${alignRows(rows, { columns })}\n\n`;
}

function render(checks: readonly Check[], screen: Screen): string {
  const rows = checks.flatMap((check, index) => {
    const group = groupOf(check.id);
    const before = checks[index - 1];
    const isFirst = before === undefined || groupOf(before.id) !== group;
    return rowsOf(check, isFirst ? group : '', screen);
  });
  return `${alignRows(rows, { columns: screen.columns })}\n\n${summary(checks)}`;
}

function rowsOf({ id, level, detail, mend: how, fix }: Check, group: string, { colors }: Screen): string[][] {
  const marks = { ok: colors.green, warning: colors.yellow, problem: colors.red, skipped: colors.dim };
  const text = level === 'skipped' ? colors.dim(plainLine(detail)) : plainLine(detail);
  const row = [colors.bold(group), marks[level](level), nameOf(id), text];
  if (how === null) return [row];
  return [row, ['', '', '', `${colors.dim('→')} ${plainLine(how)}${fix === null ? '' : ' (--fix)'}`]];
}

function summary(checks: readonly Check[]): string {
  const count = (level: Check['level']): number => checks.filter((check) => check.level === level).length;
  const some = (level: 'problem' | 'warning'): string =>
    `${count(level)} ${level}${count(level) === 1 ? '' : 's'}`;
  const fixes = checks.filter(({ fix }) => fix !== null).length;
  const told = [some('problem'), some('warning'), `${count('ok')} ok`, `${count('skipped')} skipped`];
  return `${told.join(', ')}${fixes === 0 ? '' : `; doctor --fix mends ${fixes}`}`;
}
