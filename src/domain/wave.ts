/** A phased rollout: canaries first, then the other machines one after the other. */
export interface Wave {
  /** How long canaries run a release before the first other machine gets it. */
  readonly canaryMs: number;
  readonly curve: Curve;
}

/** Which share of the machines has its turn, and when; moments are spans since the canaries' lead is over. */
export type Curve =
  | { readonly kind: 'linear'; readonly overMs: number }
  /** Both grow; the share is in (0, 1]. With a last share below 1 the other machines never have their turn. */
  | { readonly kind: 'steps'; readonly steps: readonly CurveStep[] };

/** From `atMs` on, this share of the machines. */
export interface CurveStep {
  readonly atMs: number;
  readonly share: number;
}

/** What the place of a machine in the wave of a release is drawn from; SHA-256 of it, its first 64 bits over 2^64, is in [0, 1). */
export function drawInput(machineId: string, tag: string): string {
  return `wave/v1\0${machineId}\0${tag}`;
}

/** How long after the beginning of the wave the machine at `place` (in [0, 1)) has its turn; null: never. */
export function turnAfterMs({ canaryMs, curve }: Wave, place: number): number | null {
  if (curve.kind === 'linear') return canaryMs + Math.ceil(place * curve.overMs);
  const step = curve.steps.find(({ share }) => place < share);
  return step === undefined ? null : canaryMs + step.atMs;
}

/** How long after its beginning every machine has had its turn; null: some never have it. */
export function wholeAfterMs({ canaryMs, curve }: Wave): number | null {
  if (curve.kind === 'linear') return canaryMs + curve.overMs;
  const last = curve.steps.at(-1);
  return last === undefined || last.share < 1 ? null : canaryMs + last.atMs;
}

/** The share of the machines that have had their turn so long after the beginning, canaries aside. */
export function shareAfter({ canaryMs, curve }: Wave, ageMs: number): number {
  const sinceMs = ageMs - canaryMs;
  if (curve.kind === 'steps') return curve.steps.findLast(({ atMs }) => atMs <= sinceMs)?.share ?? 0;
  if (sinceMs < 0) return 0;
  return curve.overMs === 0 ? 1 : Math.min(1, sinceMs / curve.overMs);
}
