import type { Spell } from './window.js';

// Sets of moments as spells in order of time, none touching the next. They may be long, so each is read only as far as somebody asks.

/** Spells in order of their beginnings, those that overlap or touch made one. */
export function* merged(spells: Iterable<Spell>): Generator<Spell, void> {
  let open: Spell | null = null;
  for (const spell of spells) {
    if (open === null) open = spell;
    else if (spell.from <= open.to) open = { from: open.from, to: Math.max(open.to, spell.to) };
    else {
      yield open;
      open = spell;
    }
  }
  if (open !== null) yield open;
}

/** All that lies in no spell. */
export function* outside(spells: Iterable<Spell>): Generator<Spell, void> {
  let from = Number.NEGATIVE_INFINITY;
  for (const spell of spells) {
    if (from < spell.from) yield { from, to: spell.from };
    from = spell.to;
  }
  if (from < Infinity) yield { from, to: Infinity };
}

/** All that lies in a spell of both. */
export function* common(some: Iterable<Spell>, others: Iterable<Spell>): Generator<Spell, void> {
  const [lefts, rights] = [each(some), each(others)];
  let [left, right] = [lefts.next().value, rights.next().value];
  while (left !== undefined && right !== undefined) {
    const spell = { from: Math.max(left.from, right.from), to: Math.min(left.to, right.to) };
    if (spell.from < spell.to) yield spell;
    if (left.to <= right.to) left = lefts.next().value;
    else right = rights.next().value;
  }
}

function* each(spells: Iterable<Spell>): Generator<Spell, undefined> {
  yield* spells;
}
