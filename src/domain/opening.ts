import type { Instant } from './release.js';
import { common, merged, outside } from './spells.js';
import { HORIZON_MS, windowSpells } from './window-spells.js';
import type { Freeze, Spell, Windows } from './window.js';
import { DAY_MS } from './zone.js';

/**
 * The spell, open now or the next to open, in which every one of the windows is open and nothing is frozen; null: there is none within `HORIZON_MS`.
 * One that is open now begins now; one that has no end before the horizon ends at `Infinity`.
 */
export function nextSpell(
  windows: readonly Windows[],
  freezes: readonly Freeze[],
  now: Instant,
): Spell | null {
  for (const spell of openings(windows, freezes, now)) return spell;
  return null;
}

/** The same, in order of time, from the one that is open now or comes next; one that is open now has its own beginning, if it began within a day. */
export function* openingsAround(
  windows: readonly Windows[],
  freezes: readonly Freeze[],
  now: Instant,
): Generator<Spell, void> {
  for (const spell of openings(windows, freezes, now - DAY_MS)) if (spell.to > now) yield spell;
}

/**
 * When a machine looks in an opening of which its schedule's next turn would see the end at most: in its first half, each machine by its share.
 * Null: the next turn comes early enough.
 */
export function openingTurn(
  { from, to }: Spell,
  { next, share }: { next: Instant; share: number },
): Instant | null {
  const middle = from + (to - from) / 2;
  return next <= middle ? null : from + Math.floor(share * (middle - from));
}

/** The freeze that lies over a moment, or null. */
export function freezeAt(freezes: readonly Freeze[], now: Instant): Freeze | null {
  return freezes.find(({ from, to }) => from <= now && now < to) ?? null;
}

function* openings(
  windows: readonly Windows[],
  freezes: readonly Freeze[],
  since: Instant,
): Generator<Spell, void> {
  const horizon = windows.length === 0 ? Infinity : since + HORIZON_MS;
  const frozen = merged(freezes.toSorted((a, b) => a.from - b.from));
  const conditions = [...windows.flatMap((each) => conditionsOf(each, since)), outside(frozen)];
  const always: Iterable<Spell> = [{ from: since, to: Infinity }];
  for (const { from, to } of conditions.reduce(common, always)) {
    if (from >= horizon) return;
    yield { from, to: to >= horizon ? Infinity : to };
  }
}

function conditionsOf({ zone, allow, deny }: Windows, since: Instant): Iterable<Spell>[] {
  return [
    ...(allow.length === 0 ? [] : [windowSpells(allow, { zone, since })]),
    ...(deny.length === 0 ? [] : [outside(windowSpells(deny, { zone, since }))]),
  ];
}
