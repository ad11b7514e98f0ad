import type { RootReport } from '../agent/known-roots.js';
import { isGitOpsError, messageOf } from '../domain/errors.js';
import { plainLine } from '../domain/plain.js';
import { stateOf, type State } from '../domain/tell-state.js';
import { momentsOf, untilOf } from './moment.js';
import { alignRows, type Colors, type Screen } from './terminal.js';

/** The roots of a machine as a table, and beneath it what cannot be read. */
export function renderRoots(reports: readonly RootReport[], { colors, columns }: Screen): string {
  const head = ['root', 'channel', 'active', 'desired', 'state', 'last run', 'why'].map(colors.dim);
  const rows = reports.flatMap((report) => (report.at === 'read' ? [rowOf(report, colors)] : []));
  const table = rows.length === 0 ? [] : [alignRows([head, ...rows], { columns })];
  const lost = reports.flatMap((report) => (report.at === 'read' ? [] : [lineOf(report, colors)]));
  return [...table, ...lost].join('\n');
}

function rowOf({ root, status }: Extract<RootReport, { at: 'read' }>, colors: Colors): string[] {
  const { active, desired, lastRun, why, channel, pin } = status;
  const state = stateOf(status);
  const outcome = lastRun?.outcome ?? null;
  return [
    plainLine(status.root),
    plainLine(pin === null ? channel : `pin ${pin.tag}`),
    plainLine(active?.tag ?? '–'),
    plainLine(desired?.tag ?? '–'),
    colorOf(state, colors)(plainLine(state.word)),
    outcome === null ? '–' : (outcome === 'activated' ? colors.green : colors.red)(outcome),
    why === null ? '' : colors.dim(plainLine(`${why.detail}${untilOf(why, momentsOf(root))}`)),
  ];
}

function colorOf({ mood }: State, colors: Colors): (text: string) => string {
  return { good: colors.green, waiting: colors.yellow, bad: colors.red }[mood];
}

function lineOf({ at, folder, error }: Exclude<RootReport, { at: 'read' }>, colors: Colors): string {
  const sign = at === 'gone' ? colors.dim('–') : colors.red('✗');
  const message = messageOf(error);
  const what = message.includes(folder) ? message : `${folder}: ${message}`;
  const hint = isGitOpsError(error) ? error.hint : null;
  return `${sign} ${plainLine(what)}${hint === null ? '' : `  ${colors.dim(`→ ${plainLine(hint)}`)}`}`;
}
