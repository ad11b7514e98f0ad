import type { Group, MachineIdentity, Match, Policy } from './policy.js';

/** The group that a machine belongs to: the first that names it; null: none does. */
export function groupOf({ groups }: Pick<Policy, 'groups'>, machine: MachineIdentity): Group | null {
  return groups.find(({ match }) => fits(match, machine)) ?? null;
}

/** Whether `*`, for any characters, and `?`, for one, make a name of a glob; capitals do not matter, as in host names. */
export function fitsGlob(glob: string, name: string): boolean {
  const [pattern, text] = [glob.toLowerCase(), name.toLowerCase()];
  let [at, star, tried] = [0, -1, 0];
  // No regular expression: a glob of many stars would take one for ever.
  for (let index = 0; index < text.length;) {
    if (pattern[at] === '*') [star, tried, at] = [at, index, at + 1];
    else if (pattern[at] === '?' || pattern[at] === text[index]) [at, index] = [at + 1, index + 1];
    else if (star < 0) return false;
    else [tried, index, at] = [tried + 1, tried + 1, star + 1];
  }
  return /^\**$/.test(pattern.slice(at));
}

function fits({ ids, names, labels }: Match, machine: MachineIdentity): boolean {
  const wanted = Object.entries(labels);
  return (
    ids.includes(machine.id) ||
    names.some((glob) => fitsGlob(glob, machine.name)) ||
    (wanted.length > 0 && wanted.every(([label, value]) => machine.labels[label] === value))
  );
}
