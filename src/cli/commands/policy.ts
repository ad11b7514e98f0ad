import { checkPolicyFile, type CheckedPolicy } from '../../agent/check-policy.js';
import { showPolicy } from '../../agent/show-policy.js';
import { EXIT } from '../exit.js';
import { momentsOf } from '../moment.js';
import {
  policyCheckJson,
  policyShowJson,
  renderMistakes,
  renderPlaced,
  renderPolicy,
} from '../render-policy.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';
import { Verb } from '../verb.js';

type End = (code: number) => void;

interface CheckOptions {
  readonly against?: string;
  readonly strict?: boolean;
}

/** `policy check`, `policy show`: the fleet's policy, before it is published and as it holds here. */
export function policyVerb(session: Session, end: End): Verb {
  return new Verb('policy')
    .description("the fleet's policy: check it before it is published, show it")
    .helpCommand(false)
    .example('policy check fleet.json', 'is it right?')
    .example('policy show', 'what holds on this machine, and who says so')
    .addCommand(checkVerb(session, end))
    .addCommand(showVerb(session, end));
}

/** `policy check FILE`: for whoever merges it, and for CI; needs no root. */
function checkVerb({ terminal }: Session, end: End): Verb {
  return new Verb('check')
    .description('checks the file of a policy: every mistake with its line and column; needs no root')
    .argument('<file>', 'fleet.json, before it is merged')
    .option('--against <file>', 'what is published: the version has to exceed its')
    .option('--strict', 'warnings are mistakes too')
    .option('--json', 'for programs')
    .example('policy check fleet.json', 'mistakes, and who is in which group')
    .example('policy check fleet.json --against published.json --strict', 'for CI, before it is merged')
    .action(async (file: string, { against, strict }: CheckOptions) => {
      const checked = await checkPolicyFile(file, against ?? null);
      const code = isGood(checked, strict === true) ? EXIT.done : EXIT.usage;
      const parts = [
        ...(checked.mistakes.length > 0 ? [renderMistakes(file, checked.mistakes)] : []),
        ...(checked.policy === null ? [] : [renderPlaced(file, checked, terminal.colors)]),
      ];
      terminal.tell(policyCheckJson(file, checked), parts.join('\n'));
      end(code);
    });
}

/** `policy show`: what holds here, and who says so. */
function showVerb({ terminal }: Session, end: End): Verb {
  return verb('show', 'the policy that this machine follows, its group, and where each rule comes from')
    .option('--json', 'for programs')
    .example('policy show', 'each rule in force, and where it comes from')
    .action(async (options: CommonOptions) => {
      const root = await openNamedRoot(options);
      const shown = await showPolicy(root);
      terminal.tell(policyShowJson(shown), renderPolicy(shown, momentsOf(root), terminal.colors));
      end(EXIT.done);
    });
}

function isGood({ policy, mistakes }: CheckedPolicy, strict: boolean): boolean {
  return policy !== null && (!strict || mistakes.length === 0);
}
