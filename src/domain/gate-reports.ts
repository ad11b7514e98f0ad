import { wishFacts } from './decide.js';
import { desire } from './desire.js';
import type { Facts } from './facts.js';
import {
  askGates,
  FIRST_GATES,
  OPENING_GATES,
  STANDING_GATES,
  TURN_GATES,
  type GateReport,
} from './gates.js';
import { sameRelease } from './release.js';

/** What each gate says of the release that the rules ask for; empty where there is nothing to change. Those that do not count for it are left out. */
export function gateReports(facts: Facts): GateReport[] {
  const scope = wishFacts(facts);
  const { desired, named } = desire(scope);
  const active = facts.upgrade.active?.release ?? null;
  if (desired === null || sameRelease(active, desired)) return [];
  const isFirst = active === null && !scope.rules.canary;
  const turn = named ? [] : isFirst ? FIRST_GATES : TURN_GATES;
  return askGates(desired, scope.gates, [...STANDING_GATES, ...turn, ...OPENING_GATES]);
}
