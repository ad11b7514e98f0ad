import type { Plan } from '../agent/plan.js';
import { plainLine } from '../domain/plain.js';
import { describeRelease } from '../domain/release.js';
import { describeMoment } from './moment.js';
import type { Colors } from './terminal.js';

/** `plan` for people. */
export function renderPlan({ active, desired, behind, why, notes, steps }: Plan, colors: Colors): string {
  const from = active === null ? 'nothing' : describeRelease(active);
  const head =
    behind && desired !== null
      ? `${plainLine(from)} → ${colors.bold(plainLine(describeRelease(desired)))}`
      : `${steps.length > 0 ? 'drifted' : 'up to date'}: ${plainLine(from)}`;
  const until = why?.until == null ? '' : ` until ${describeMoment(why.until)}`;
  return [
    head,
    ...steps.map((step, index) => `  ${colors.dim(`${index + 1}.`)} ${plainLine(step)}`),
    ...(why === null ? [] : [`${colors.yellow(`${why.reason}${until}`)}  ${plainLine(why.detail)}`]),
    ...notes.map((note) => `${colors.yellow('!')} ${plainLine(note)}`),
  ].join('\n');
}
