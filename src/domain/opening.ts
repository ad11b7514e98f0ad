import type { Instant } from './release.js';
import type { Freeze, Spell, Windows } from './window.js';

/**
 * The spell, open now or the next to open, in which every one of the windows is open and nothing is frozen; null: there is none within `HORIZON_MS`.
 * One that is open now begins now.
 */
export function nextSpell(
  windows: readonly Windows[],
  freezes: readonly Freeze[],
  now: Instant,
): Spell | null {
  if (windows.length > 0) throw new Error('not yet');
  const frozen = freezes.find(({ from, to }) => from <= now && now < to);
  return { from: frozen?.to ?? now, to: Infinity };
}

/** The freeze that lies over a moment, or null. */
export function freezeAt(freezes: readonly Freeze[], now: Instant): Freeze | null {
  return freezes.find(({ from, to }) => from <= now && now < to) ?? null;
}
