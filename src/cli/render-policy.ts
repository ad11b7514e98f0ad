import type { CheckedPolicy, PlacedMachine } from '../agent/check-policy.js';
import type { ShownPolicy } from '../agent/show-policy.js';
import type { PolicyMistake } from '../config/policy.js';
import { plainLine } from '../domain/plain.js';
import type { PolicyStatus } from '../domain/policy-status.js';
import { sha7 } from '../domain/release.js';
import { policyJson } from './json.js';
import type { Say } from './moment.js';
import { alignRows, type Colors } from './terminal.js';

/** A line for each mistake, as compilers write it: editors and CI annotate by it. */
export function renderMistakes(file: string, mistakes: readonly PolicyMistake[]): string {
  return mistakes
    .map(({ line, column, level, message }) => plainLine(`${file}:${line}:${column}: ${level}: ${message}`))
    .join('\n');
}

/** What a good policy is, and where it puts each machine of its roster. */
export function renderPlaced(file: string, { policy, machines }: CheckedPolicy, colors: Colors): string {
  const head = `${colors.green('ok')}  ${plainLine(file)}: version ${policy?.version ?? 0}, ${count(policy?.groups.length ?? 0, 'group')}`;
  const names = [...(policy?.groups.map(({ name }) => name) ?? []), null];
  const rows = names.map((name) => placeRow(name, machines, colors));
  return machines.length === 0 ? head : `${head}\n${alignRows(rows)}`;
}

/** `policy check --json`. */
export function policyCheckJson(file: string, { policy, mistakes, machines }: CheckedPolicy): object {
  return { schema: 1, file, ok: policy !== null, version: policy?.version ?? null, mistakes, machines };
}

/** The policy that a machine follows, in a line. */
export function renderPolicyLine(
  { version, commit, group, expires, problem }: PolicyStatus,
  say: Say,
  colors: Colors,
): string {
  if (version === null || commit === null) return colors.red(plainLine(problem ?? 'could not be read yet'));
  const place = group === null ? 'in no group' : `group ${plainLine(group)}`;
  const end = expires === null ? '' : `, expires ${say(expires)}`;
  const news = problem === null ? '' : `  ${colors.yellow('a newer one is not followed')}`;
  return `version ${version} (${sha7(commit)}), ${place}${end}${news}`;
}

/** `policy show`: the policy in force here, and who says what. */
export function renderPolicy({ policy, origins }: ShownPolicy, say: Say, colors: Colors): string {
  const head = policy === null ? 'no policy: gitops.json names none' : renderPolicyLine(policy, say, colors);
  const rows = origins.map(({ rule, value, from, counts }) => [
    colors.dim(rule),
    counts ? plainLine(value) : colors.dim(plainLine(value)),
    colors.dim(plainLine(counts ? from : `${from}: overruled`)),
  ]);
  const problem =
    policy?.version == null || policy.problem === null
      ? []
      : [`${colors.yellow('!')} ${plainLine(policy.problem)}`];
  return [head, alignRows(rows), ...problem].filter((part) => part !== '').join('\n');
}

/** `policy show --json`. */
export function policyShowJson({ policy, origins }: ShownPolicy): object {
  return { schema: 1, policy: policy === null ? null : policyJson(policy), rules: origins };
}

function placeRow(group: string | null, machines: readonly PlacedMachine[], colors: Colors): string[] {
  const there = machines.filter((machine) => machine.group === group);
  const names = there.map(({ name }) => plainLine(name)).join(', ');
  return [
    group === null ? colors.dim('no group') : plainLine(group),
    count(there.length, 'machine'),
    names === '' ? colors.dim('nobody') : names,
  ];
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`;
}
