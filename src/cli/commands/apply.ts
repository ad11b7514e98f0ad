import type { Command } from 'commander';
import { readPlan } from '../../agent/plan.js';
import { EXIT } from '../exit.js';
import { gateJson, jsonText, releaseJson, whyJson } from '../json.js';
import { momentsOf } from '../moment.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';
import { bringNow } from '../bring.js';
import { renderPlan } from '../render-plan.js';

interface ApplyOptions extends CommonOptions {
  readonly to?: string;
  readonly now?: boolean;
  readonly startPm2?: boolean;
}

/** `apply`: brings the machine to the desired release now and follows the run. */
export function applyVerb(session: Session, end: (code: number) => void): Command {
  return verb('apply', 'brings this machine to the desired release now, and follows the run')
    .option('--to <tag>', 'one release, once')
    .option('--now', 'without waiting for window, soak and wave')
    .option('--start-pm2', 'start a pm2 daemon if none runs')
    .action(async (options: ApplyOptions) => {
      const root = await openNamedRoot(options);
      const wanted = {
        ...{ cause: 'apply', to: options.to ?? null },
        ...{ hurried: options.now ?? false, startPm2: options.startPm2 ?? false },
      };
      end(await bringNow(root, wanted, session));
    });
}

/** `plan`: what `apply` would do now, changing nothing. */
export function planVerb({ terminal, signal }: Session, end: (code: number) => void): Command {
  return verb('plan', 'what apply would do now, changing nothing')
    .option('--to <tag>', 'for one release')
    .option('--now', 'without waiting for window, soak and wave')
    .option('--json', 'for programs')
    .action(async (options: ApplyOptions) => {
      const root = await openNamedRoot(options);
      const plan = await readPlan(root, { to: options.to ?? null, hurried: options.now ?? false }, signal);
      const { desired, active, behind, why, notes, steps, gates } = plan;
      const [from, to] = [active, desired].map((release) => (release === null ? null : releaseJson(release)));
      const json = {
        ...{ schema: 1, active: from, desired: to, behind, why: whyJson(why), notes, steps },
        gates: gates.map(gateJson),
      };
      terminal.data(
        options.json === true ? jsonText(json) : renderPlan(plan, momentsOf(root), terminal.colors),
      );
      end(behind || steps.length > 0 ? EXIT.behind : EXIT.done);
    });
}
