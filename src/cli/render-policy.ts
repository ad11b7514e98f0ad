import type { CheckedPolicy, PlacedMachine } from '../agent/check-policy.js';
import type { PolicyMistake } from '../config/policy.js';
import { plainLine } from '../domain/plain.js';
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
