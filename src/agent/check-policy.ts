import { checkPolicy, versionIn, type PolicyCheck, type PolicyMistake } from '../config/policy.js';
import { GitOpsError } from '../domain/errors.js';
import { groupOf } from '../domain/group.js';
import type { MachineIdentity, Policy } from '../domain/policy.js';
import { systemClock } from '../os/clock.js';
import { hasErrno, readTextIfAny } from '../os/files.js';

/** What is found about a policy's file. */
export interface CheckedPolicy extends PolicyCheck {
  readonly machines: readonly PlacedMachine[];
}

/** A machine of the policy's roster and the group that it is in, or null. */
export interface PlacedMachine extends MachineIdentity {
  readonly group: string | null;
}

/** Checks the policy in a file, and against the one in another file, which its version has to exceed. Throws `USAGE` where one cannot be read. */
export async function checkPolicyFile(file: string, against: string | null): Promise<CheckedPolicy> {
  const text = await readWritten(file);
  const { policy, mistakes } = await checkPolicy(text, { zone: 'UTC', now: systemClock().now() });
  const older = against === null ? null : await readWritten(against);
  const grown = older === null || older === text ? [] : versionMistakes(text, older);
  return {
    policy: grown.length > 0 ? null : policy,
    mistakes: [...mistakes, ...grown].sort((a, b) => a.line - b.line || a.column - b.column),
    machines: policy === null ? [] : placed(policy),
  };
}

/** A version that does not grow is not followed by any machine that has read the older one. */
function versionMistakes(text: string, older: string): PolicyMistake[] {
  const [now, before] = [versionIn(text), versionIn(older)];
  if (now === null || before === null || now.version > before.version) return [];
  const message = `version: ${now.version} does not exceed ${before.version}, which is published: no machine would follow it; write ${before.version + 1}`;
  return [{ ...now.place, level: 'error', message }];
}

function placed(policy: Policy): PlacedMachine[] {
  return policy.roster.map((machine) => ({ ...machine, group: groupOf(policy, machine)?.name ?? null }));
}

async function readWritten(path: string): Promise<string> {
  const text = await readTextIfAny(path).catch((cause: unknown) => {
    if (!hasErrno(cause, 'EISDIR', 'EACCES', 'EPERM')) throw cause;
    throw new GitOpsError('USAGE', `${path} cannot be read`, { cause, hint: 'name a file' });
  });
  if (text !== null) return text;
  throw new GitOpsError('USAGE', `there is no ${path}`, { hint: 'name the file of a policy' });
}
