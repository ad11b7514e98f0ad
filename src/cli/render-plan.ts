import type { Plan } from '../agent/plan.js';
import type { GateReport } from '../domain/gates.js';
import { plainLine } from '../domain/plain.js';
import { describeRelease } from '../domain/release.js';
import { untilOf, type Say } from './moment.js';
import { alignRows, type Colors, type Screen } from './terminal.js';

/** `plan` for people. */
export function renderPlan(plan: Plan, say: Say, { colors, columns }: Screen): string {
  const { active, desired, behind, why, notes, steps, gates } = plan;
  const from = active === null ? 'nothing' : describeRelease(active);
  const head =
    behind && desired !== null
      ? `${plainLine(from)} → ${colors.bold(plainLine(describeRelease(desired)))}`
      : `${steps.length > 0 ? 'drifted' : 'up to date'}: ${plainLine(from)}`;
  return [
    head,
    ...steps.map((step, index) => `  ${colors.dim(`${index + 1}.`)} ${plainLine(step)}`),
    ...(why === null
      ? []
      : [`${colors.yellow(`${why.reason}${untilOf(why, say)}`)}  ${plainLine(why.detail)}`]),
    ...notes.map((note) => `${colors.yellow('!')} ${plainLine(note)}`),
    ...(gates.length === 0
      ? []
      : [
          alignRows(
            gates.map((report) => gateRow(report, say, colors)),
            { columns },
          ),
        ]),
  ].join('\n');
}

function gateRow({ gate, verdict }: GateReport, say: Say, colors: Colors): string[] {
  const name = `  ${colors.dim('gate')} ${gate}`;
  if (verdict.open) return [name, colors.green('open'), ''];
  return [name, colors.yellow(`closed${untilOf(verdict, say)}`), plainLine(verdict.detail)];
}
