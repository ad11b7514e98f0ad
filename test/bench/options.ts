import { parseArgs } from 'node:util';

/** The measures, in the order in which they are taken. */
export const MEASURES = ['release', 'restart', 'import', 'polls', 'crowd'] as const;

/** One measure's name. */
export type Measure = (typeof MEASURES)[number];

/** What the bench was asked for. */
export interface Options {
  readonly json: boolean;
  /** How often each way is gone; the ways take turns. */
  readonly rounds: number;
  readonly measures: readonly Measure[];
}

const USAGE = `npm run bench -- [--rounds N] [--only ${MEASURES.join('|')}] [--json]`;

const ROUNDS = 5;

/** Reads the arguments. Throws an `Error` with the usage where they make no sense. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      rounds: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds ?? ROUNDS);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(USAGE);
  const measures = MEASURES.filter((name) => values.only === undefined || name === values.only);
  if (measures.length === 0) throw new Error(USAGE);
  return { json: values.json ?? false, rounds, measures };
}
