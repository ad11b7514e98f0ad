import { foreseeRollout, type Question } from '../../agent/foresee.js';
import { DURATION_FORMS, parseDuration } from '../../config/duration.js';
import { GitOpsError } from '../../domain/errors.js';
import { EXIT } from '../exit.js';
import { rolloutJson } from '../json.js';
import { renderRollout } from '../render-rollout.js';
import { openNamedRoot, verb, type CommonOptions, type Session } from '../session.js';
import type { Verb } from '../verb.js';

interface RolloutOptions extends CommonOptions {
  readonly policy?: string;
  readonly roster?: string;
  readonly from?: string;
  readonly out?: string;
  readonly poll: string;
}

/** `rollout TAG`: who gets a release, and when. */
export function rolloutVerb({ terminal }: Session, end: (code: number) => void): Verb {
  return verb('rollout', "who gets a release, and when, as the fleet's policy says")
    .argument('<tag>', 'the release, out already or not')
    .option('--policy <file>', "a fleet.json (default: the policy that this root's machine follows)")
    .option('--roster <file>', "the machines, a JSON list (default: the policy's machines)")
    .option('--from <tag>', 'what the machines serve before (default: the next lower version)')
    .option('--out <when>', 'when the tag is pushed (default: now)')
    .option('--poll <span>', 'how often the machines look', '5m')
    .option('--json', 'for programs')
    .example('rollout v1.5.0', 'as the policy of this root says')
    .example('rollout v1.5.0 --policy fleet.json --out 2026-12-01T10:00', 'before the policy is published')
    .action(async (tag: string, options: RolloutOptions) => {
      const { policy = null, roster = null, from = null, out = null } = options;
      const question: Question = { tag, policy, roster, from, out, pollEveryMs: spanOf(options.poll) };
      const foresight = await foreseeRollout(question, () => openNamedRoot(options));
      terminal.tell(rolloutJson(foresight), renderRollout(foresight, terminal.colors));
      end(EXIT.done);
    });
}

function spanOf(written: string): number {
  const spanMs = parseDuration(written);
  if (spanMs !== null && spanMs >= 10_000) return spanMs;
  throw new GitOpsError('USAGE', `--poll "${written}" is no span of at least 10s`, {
    hint: `write ${DURATION_FORMS}`,
  });
}
