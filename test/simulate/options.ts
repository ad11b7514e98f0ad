import { parseArgs } from 'node:util';
import { parseDuration } from '../../src/config/duration.js';

/** What the simulator was asked for. */
export interface Options {
  /** Null: as many as the policy names, else a thousand. */
  readonly machines: number | null;
  /** A `fleet.json`; null: a wave over a day. */
  readonly policy: string | null;
  readonly tag: string;
  /** When the release comes out, as it is written; null: now. */
  readonly out: string | null;
  readonly spanMs: number;
  readonly pollEveryMs: number;
  /** Only the release that crashes. */
  readonly bad: boolean;
  /** So long after the first failure the operator pushes a hold. */
  readonly holdAfterMs: number;
  /** What the machines' ids are made of: another seed is another fleet. */
  readonly seed: string;
  /** Every look is thought about, also where nothing can have changed. */
  readonly thorough: boolean;
}

const USAGE = `npm run simulate -- [--machines N] [--policy FILE] [--tag TAG] [--out MOMENT] [--hours N] [--poll SPAN]
  [--bad] [--hold-after SPAN] [--seed TEXT] [--thorough]`;
const HOUR_MS = 3_600_000;

/** Reads the arguments. Throws an `Error` with the usage where they make no sense. */
export function parseOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ machines: text, policy: text, tag: text, out: text, hours: text, poll: text, seed: text },
      ...{ bad: flag, 'hold-after': text, thorough: flag },
    },
  });
  const { policy = null, out = null, tag = 'v1.1.0', seed = '1' } = values;
  return {
    ...{ policy, out, tag, seed, bad: values.bad ?? false, thorough: values.thorough ?? false },
    machines: values.machines === undefined ? null : count(values.machines),
    spanMs: count(values.hours ?? '24') * HOUR_MS,
    pollEveryMs: span(values.poll ?? '5m'),
    holdAfterMs: span(values['hold-after'] ?? '30m'),
  };
}

function count(written: string): number {
  const value = Number(written);
  if (!Number.isInteger(value) || value < 1) throw new Error(`"${written}" is no count\n${USAGE}`);
  return value;
}

function span(written: string): number {
  const spanMs = parseDuration(written);
  if (spanMs === null || spanMs < 1_000)
    throw new Error(`"${written}" is no span of a second or more\n${USAGE}`);
  return spanMs;
}
