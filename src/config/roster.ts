import * as v from 'valibot';
import { GitOpsError } from '../domain/errors.js';
import type { MachineIdentity } from '../domain/policy.js';
import { explainIssues } from './issues.js';
import { readLocated } from './located.js';
import { machine } from './policy-file.js';

const machines = v.array(machine, 'must be a list of machines, each with id, name and labels');

/** The text of a list of machines, JSON with comments → the roster. Throws `CONFIG_INVALID` that names what is wrong. */
export function parseRoster(text: string, origin: string): MachineIdentity[] {
  const { value, mistakes } = readLocated(text);
  const [mistake] = mistakes;
  if (mistake !== undefined)
    throw new GitOpsError('CONFIG_INVALID', `${origin}:${mistake.line}:${mistake.column}: ${mistake.text}`, {
      hint: `correct ${origin}`,
    });
  const result = v.safeParse(machines, value);
  if (!result.success) throw explainIssues(result.issues, origin);
  return result.output.map(({ id, name, labels }) => ({ id, name: name ?? id, labels }));
}
