import { readPlan } from '../../agent/plan.js';
import { EXIT } from '../exit.js';
import { gateJson, releaseJson, whyJson } from '../json.js';
import { momentsOf } from '../moment.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';
import type { Verb } from '../verb.js';
import { bringNow } from '../bring.js';
import { renderPlan } from '../render-plan.js';

interface ApplyOptions extends CommonOptions {
  readonly to?: string;
  readonly now?: boolean;
  readonly startPm2?: boolean;
}

/** `apply`: brings the machine to the desired release now and follows the run. */
export function applyVerb(session: Session, end: (code: number) => void): Verb {
  return verb('apply', 'brings this machine to the desired release now, and follows the run')
    .option('--to <tag>', 'one release, once')
    .option('--now', 'without waiting for window, soak and wave')
    .option('--start-pm2', 'start a pm2 daemon if none runs')
    .option('--json', 'for programs: how it ended; what is done meanwhile, a line each, goes to stderr')
    .example('apply', 'brings what is desired, and follows the run')
    .example('apply --now', 'does not wait for window, soak and wave')
    .example('apply --to v1.4.2', 'that release, once')
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
export function planVerb({ terminal, signal }: Session, end: (code: number) => void): Verb {
  return verb('plan', 'what apply would do now, changing nothing')
    .option('--to <tag>', 'for one release')
    .option('--now', 'without waiting for window, soak and wave')
    .option('--json', 'for programs')
    .example('plan', 'what apply would do')
    .example('plan --to v1.4.2', 'and what it would do for that release')
    .action(async (options: ApplyOptions) => {
      const root = await openNamedRoot(options);
      const plan = await readPlan(root, { to: options.to ?? null, hurried: options.now ?? false }, signal);
      const { desired, active, behind, why, notes, steps, gates } = plan;
      const [from, to] = [active, desired].map((release) => (release === null ? null : releaseJson(release)));
      const json = {
        ...{ schema: 1, active: from, desired: to, behind, why: whyJson(why), notes, steps },
        gates: gates.map(gateJson),
      };
      terminal.tell(json, renderPlan(plan, momentsOf(root), terminal));
      end(behind || steps.length > 0 ? EXIT.behind : EXIT.done);
    });
}
