import * as v from 'valibot';
import type { Curve, CurveStep, Wave } from '../domain/wave.js';
import { parseDuration } from './duration.js';
import { LONGEST_WAIT_MS, section, span } from './forms.js';

/** The keys of a rollout bit by bit, alike in both files. */
const curveEntries = {
  lead: v.optional(span({ from: 0, to: LONGEST_WAIT_MS }), '0s'),
  over: v.optional(span({ from: 1, to: LONGEST_WAIT_MS })),
  steps: v.optional(v.record(v.string(), v.number())),
};

/** `wave` of a fleet's policy, which says elsewhere who is a canary. */
export const wave = v.pipe(section(curveEntries), v.rawTransform(toWave));

/** `wave` of a machine, as the schema of its file tells it. */
export const machineWaveEntry = section({ canary: v.optional(v.boolean(), false), ...curveEntries });

/** `wave` of a machine: whether it is a canary, and how the others follow. */
export const machineWave = v.pipe(
  machineWaveEntry,
  v.rawTransform((context): { readonly canary: boolean; readonly wave: Wave } => ({
    canary: context.dataset.value.canary,
    wave: toWave(context),
  })),
);

interface WrittenCurve {
  readonly lead: number;
  readonly over?: number | undefined;
  readonly steps?: Readonly<Record<string, number>> | undefined;
}

/** A curve with a mistake is refused: it must never mean all at once. */
function toWave<Written extends WrittenCurve>({
  dataset: { value },
  addIssue,
  NEVER,
}: v.RawTransformContext<Written>): Wave {
  const curve = curveOf(value);
  if (typeof curve !== 'string') return { canaryMs: value.lead, curve };
  addIssue({ message: curve });
  return NEVER;
}

/** The curve, or what is wrong with it. */
function curveOf({ over, steps }: WrittenCurve): Curve | string {
  if ((over === undefined) === (steps === undefined))
    return 'must have exactly one of over, such as "24h", and steps, such as { "0h": 10, "6h": 100 }';
  if (over !== undefined) return { kind: 'linear', overMs: over };
  const parsed = Object.entries(steps ?? {}).map(stepOf);
  const problem = parsed.find((step) => typeof step === 'string') ?? problemOf(parsed.filter(isStep));
  return problem ?? { kind: 'steps', steps: parsed.filter(isStep) };
}

function stepOf([after, percent]: [string, number]): CurveStep | string {
  const atMs = parseDuration(after);
  if (atMs === null || atMs > LONGEST_WAIT_MS)
    return `steps: "${after}" is no span of at most 366d; write "0h" or "6h"`;
  return percent > 0 && percent <= 100
    ? { atMs, share: percent / 100 }
    : `steps: ${percent} after "${after}" is no share; write percent, more than 0 and at most 100`;
}

function problemOf(steps: readonly CurveStep[]): string | null {
  if (steps.length === 0) return 'steps: names no step; write { "0h": 10, "6h": 100 }';
  const isLess = steps.some(({ atMs, share }, index) => {
    const before = steps[index - 1];
    return before !== undefined && (atMs <= before.atMs || share <= before.share);
  });
  return isLess
    ? 'steps: must grow, the times and the shares; write them in order, as { "0h": 10, "6h": 100 }'
    : null;
}

function isStep(step: CurveStep | string): step is CurveStep {
  return typeof step !== 'string';
}
