import type { Dates } from '../../src/domain/age.js';
import { NO_REQUEST, type Facts } from '../../src/domain/facts.js';
import { afterLook } from '../../src/domain/observed.js';
import type { Release } from '../../src/domain/release.js';
import type { OwnRules } from '../../src/domain/rules.js';
import { FRESH, type Upgrade } from '../../src/domain/upgrade.js';
import type { Wave } from '../../src/domain/wave.js';
import { factsWith, ownRules } from './facts.js';
import { release } from './releases.js';

/** Milliseconds. */
export const HOUR_MS = 3_600_000;
/** A Tuesday, 13:00 in Berlin. */
export const NOW = Date.UTC(2026, 10, 24, 12, 0);
export const V10 = release('v1.0.0', 1);
export const V11 = release('v1.1.0', 2);
export const V12 = release('v1.2.0', 3);
export const V20 = release('v2.0.0', 4);
export const WAVE: Wave = { canaryMs: 2 * HOUR_MS, curve: { kind: 'linear', overMs: 24 * HOUR_MS } };
export const HURRIED = { ...NO_REQUEST, impatient: true, hurried: true };

/** A source that has had these releases since so many hours; its machine runs v1.0.0 unless it says otherwise. */
export function world(
  hours: readonly (readonly [Release, number | null])[],
  more: Partial<Facts> = {},
): Facts {
  const refs = [[V10, 9_000] as const, ...hours].map(([{ tag, commit }]) => ({
    name: `refs/tags/${tag}`,
    commit,
  }));
  const dates: Dates = Object.fromEntries(
    [[V10, 9_000] as const, ...hours].flatMap(([{ tag, commit }, ago]) =>
      ago === null ? [] : [[`refs/tags/${tag}`, { commit, at: NOW - ago * HOUR_MS }]],
    ),
  );
  const observed = afterLook(null, refs, { turn: NOW, at: NOW, tagPrefix: '' });
  return factsWith({ observed, dates, upgrade: serving(V10), now: NOW, ...more });
}

/** A machine that runs a release, and has never run a higher one. */
export function serving(active: Release): Upgrade {
  return {
    ...{ ...FRESH, active: { release: active, since: 1, apps: null }, highest: active },
    trail: [{ commit: active.commit, at: 1 }],
  };
}

/** A machine's own file that says so. */
export function own(rules: Partial<OwnRules>): Partial<Facts> {
  return { own: ownRules(rules) };
}
