import { below } from './dice.js';
import { VICTIMS, type Kill, type Plan, type Point } from './plan.js';

/** A way to kill a run: its workers one after the other, and the step that the first one is in. */
export interface Attack {
  readonly step: string;
  readonly kills: Plan['kills'];
}

const RANDOM_EVERY = 5;
const DOUBLE_EVERY = 3;
const LONGEST_MS = 80;
const RECOVERY_POINTS = 60;

/**
 * Spreads kills over the points of a run that was not killed, every step of it covered. Every fifth comes at a random moment after
 * its point; every third is followed by one of the worker that recovers.
 */
export function chooseAttacks(points: readonly Point[], count: number, chance: () => number): Attack[] {
  const numbered = points.filter(({ point, visit }) => point > 0 && visit === 0);
  return spread(numbered, count, chance).map(({ point, step }, index) => {
    const victims = VICTIMS[index % VICTIMS.length] ?? 'worker';
    const afterMs = index % RANDOM_EVERY === RANDOM_EVERY - 1 ? below(LONGEST_MS, chance) : null;
    const second: Kill[] =
      index % DOUBLE_EVERY === DOUBLE_EVERY - 1
        ? [
            {
              point: 1 + below(RECOVERY_POINTS, chance),
              victims: VICTIMS[below(2, chance)] ?? 'tree',
              afterMs: null,
            },
          ]
        : [];
    return { step, kills: [{ point, victims, afterMs }, ...second] };
  });
}

/** So many of them, in order, at even distances from a random start; then a first one of each step that was left out. */
function spread(points: readonly Point[], count: number, chance: () => number): Point[] {
  if (count >= points.length) return [...points];
  const distance = points.length / count;
  const start = chance() * distance;
  const chosen = new Set(
    Array.from({ length: count }, (_, index) => points[Math.floor(start + index * distance)]),
  );
  for (const step of new Set(points.map((point) => point.step)))
    if (![...chosen].some((point) => point?.step === step))
      chosen.add(points.find((point) => point.step === step));
  return points.filter((point) => chosen.has(point));
}
