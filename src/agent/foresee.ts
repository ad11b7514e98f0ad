import { beginOf, parseWhen, WHEN_FORMS } from '../config/moment.js';
import { parsePolicy } from '../config/policy.js';
import { parseRoster } from '../config/roster.js';
import { isVersionTag } from '../domain/channel.js';
import { GitOpsError } from '../domain/errors.js';
import type { MachineIdentity, Policy } from '../domain/policy.js';
import type { Instant } from '../domain/release.js';
import { foresee, type Arrival, type Rollout } from '../domain/rollout.js';
import type { OwnRules } from '../domain/rules.js';
import { partsOfTag } from '../domain/tag-parts.js';
import { readTextIfAny } from '../os/files.js';
import { composeHost } from './compose.js';
import { gatherFacts } from './facts.js';
import { placeOf } from './identity.js';
import type { Root } from './root.js';

/** What somebody wants to foresee; null: what is usual. */
export interface Question {
  readonly tag: string;
  /** The tag that the machines serve before. */
  readonly from: string | null;
  /** When the tag is pushed; by default now. */
  readonly out: string | null;
  /** A file; by default the policy that the root follows. */
  readonly policy: string | null;
  /** A file; by default the policy's own machines. */
  readonly roster: string | null;
  readonly pollEveryMs: number;
}

/** Who gets a release, and when, as far as that can be foreseen. */
export interface Foresight {
  readonly rollout: Rollout;
  readonly arrivals: readonly Arrival[];
  readonly now: Instant;
}

// The machines' own files are theirs: nobody here knows what else they say.
const SILENT: OwnRules = {
  ...{ channel: { kind: 'stable' }, channelText: 'stable', windows: null, freezes: [], soakMs: 0 },
  ...{ wave: null, canary: false, major: 'auto', approval: 'none' },
};

/** Foresees a rollout; `openRoot` is asked only where no policy is named. Throws `USAGE`, `CONFIG_INVALID`. */
export async function foreseeRollout(question: Question, openRoot: () => Promise<Root>): Promise<Foresight> {
  const { tag, pollEveryMs } = question;
  const host = composeHost();
  const parts = partsOfTag(tag);
  if (parts === null)
    throw new GitOpsError('USAGE', `"${tag}" names no version`, { hint: 'write the tag, such as v1.4.0' });
  const policy =
    question.policy === null
      ? await policyInForce(await openRoot())
      : await parsePolicy(await readNamed(question.policy), { origin: question.policy, zone: host.zone });
  const zone = zoneOfPolicy(policy) ?? host.zone;
  const now = host.clock.now();
  const rollout: Rollout = {
    ...{
      policy,
      tag,
      from: question.from ?? parts.before,
      tagPrefix: parts.prefix,
      zone,
      pollEveryMs,
      placeOf,
    },
    ...{ own: SILENT, out: question.out === null ? now : momentOf(question.out, { zone, now }) },
  };
  if (!isVersionTag(rollout.from, parts.prefix))
    throw new GitOpsError('USAGE', `"${rollout.from}" names no version`, {
      hint: `write a tag like ${parts.before}`,
    });
  const roster = await rosterOf(question.roster, policy);
  return { rollout, now, arrivals: roster.map((machine) => foresee(rollout, machine)) };
}

async function rosterOf(file: string | null, policy: Policy): Promise<readonly MachineIdentity[]> {
  const roster = file === null ? policy.roster : parseRoster(await readNamed(file), file);
  if (roster.length > 0) return roster;
  const where = file === null ? 'the policy names no machines' : `${file} names no machines`;
  throw new GitOpsError('USAGE', where, {
    hint: 'list them: "machines": [{ "id": …, "name": … }] in fleet.json, or --roster FILE; status --json tells the id of a machine',
  });
}

async function policyInForce(root: Root): Promise<Policy> {
  const { policy } = await gatherFacts(root);
  if (policy.at === 'read') return policy.policy;
  const what = policy.at === 'none' ? `${root.layout.config} names no policy` : policy.detail;
  throw new GitOpsError('USAGE', what, { hint: 'name a file: --policy fleet.json' });
}

async function readNamed(path: string): Promise<string> {
  const text = await readTextIfAny(path);
  if (text !== null) return text;
  throw new GitOpsError('USAGE', `there is no file ${path}`, { hint: 'name a file that is there' });
}

/** The zone in which the policy tells its times of day, if it has such. */
function zoneOfPolicy({ rules, groups }: Policy): string | null {
  return (
    [rules, ...groups.map((group) => group.rules)].find(({ windows }) => windows !== null)?.windows?.zone ??
    null
  );
}

function momentOf(written: string, { zone, now }: { zone: string; now: Instant }): Instant {
  const moment = parseWhen(written, now);
  if (moment !== null) return beginOf(moment, zone);
  throw new GitOpsError('USAGE', `--out "${written}" is no moment`, {
    hint: `write ${WHEN_FORMS}`,
  });
}
