import { Command } from 'commander';
import { checkPolicyFile, type CheckedPolicy } from '../../agent/check-policy.js';
import { showPolicy } from '../../agent/show-policy.js';
import { EXIT } from '../exit.js';
import { jsonText } from '../json.js';
import { momentsOf } from '../moment.js';
import {
  policyCheckJson,
  policyShowJson,
  renderMistakes,
  renderPlaced,
  renderPolicy,
} from '../render-policy.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';

type End = (code: number) => void;

interface CheckOptions {
  readonly against?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** `policy check`, `policy show`: the fleet's policy, before it is published and as it holds here. */
export function policyVerb(session: Session, end: End): Command {
  const policy = new Command('policy').description(
    "the fleet's policy: check it before it is published, show it",
  );
  for (const part of [checkVerb(session, end), showVerb(session, end)])
    policy.addCommand(part.exitOverride().showHelpAfterError('(see --help)'));
  return policy;
}

/** `policy check FILE`: for whoever merges it, and for CI; needs no root. */
function checkVerb({ terminal }: Session, end: End): Command {
  return new Command('check')
    .description('checks the file of a policy: every mistake with its line and column; needs no root')
    .argument('<file>', 'fleet.json, before it is merged')
    .option('--against <file>', 'what is published: the version has to exceed its')
    .option('--strict', 'warnings are mistakes too')
    .option('--json', 'for programs')
    .action(async (file: string, { against, strict, json }: CheckOptions) => {
      const checked = await checkPolicyFile(file, against ?? null);
      const code = isGood(checked, strict === true) ? EXIT.done : EXIT.usage;
      if (json === true) terminal.data(jsonText(policyCheckJson(file, checked)));
      else {
        if (checked.mistakes.length > 0) terminal.data(renderMistakes(file, checked.mistakes));
        if (checked.policy !== null) terminal.data(renderPlaced(file, checked, terminal.colors));
      }
      end(code);
    });
}

/** `policy show`: what holds here, and who says so. */
function showVerb({ terminal }: Session, end: End): Command {
  return verb('show', 'the policy that this machine follows, its group, and where each rule comes from')
    .option('--json', 'for programs')
    .action(async (options: CommonOptions) => {
      const root = await openNamedRoot(options);
      const shown = await showPolicy(root);
      terminal.data(
        options.json === true
          ? jsonText(policyShowJson(shown))
          : renderPolicy(shown, momentsOf(root), terminal.colors),
      );
      end(EXIT.done);
    });
}

function isGood({ policy, mistakes }: CheckedPolicy, strict: boolean): boolean {
  return policy !== null && (!strict || mistakes.length === 0);
}
