import { wishFacts } from '../domain/decide.js';
import { isGitOpsError } from '../domain/errors.js';
import { openingsAround, openingTurn } from '../domain/opening.js';
import type { Instant } from '../domain/release.js';
import type { Rules } from '../domain/rules.js';
import { spread } from '../domain/turn.js';
import { gatherFacts } from './facts.js';
import type { Root } from './root.js';
import { scheduleOf, type Schedule } from './schedule.js';

/** The turns of a machine: those of its schedule, and one in each opening that would be over before the next of them. */
export async function turnsOf(root: Root): Promise<Schedule> {
  const schedule = await scheduleOf(root);
  const { windows, freezes } = await openingRules(root);
  if (windows.length === 0) return schedule;
  const share = spread(root.machine.id);
  const turnsIn = (from: Instant, next: Instant): Instant[] => {
    const turns: Instant[] = [];
    for (const spell of openingsAround(windows, freezes, from)) {
      if (spell.from >= next) break;
      turns.push(openingTurn(spell, { next, share }) ?? next);
    }
    return turns;
  };
  const now = root.host.clock.now();
  const due = turnsIn(now, schedule.following(now)).filter((turn) => turn <= now);
  return {
    first: latest(schedule.first, due.at(-1)),
    following: (from) => {
      const next = schedule.following(from);
      return turnsIn(from, next).find((turn) => turn > from) ?? next;
    },
  };
}

/** When the machine may change. What cannot be read is told by the turn itself; its own file is enough to take one. */
async function openingRules(root: Root): Promise<Pick<Rules, 'windows' | 'freezes'>> {
  const { windows, freezes } = root.config.rules;
  const own = { windows: windows === null ? [] : [windows], freezes };
  // Nobody else has a say: nothing needs to be read.
  if (root.config.policy === null) return own;
  try {
    return wishFacts(await gatherFacts(root)).rules;
  } catch (error) {
    if (!isGitOpsError(error)) throw error;
    return own;
  }
}

function latest(some: Instant | null, other: Instant | undefined): Instant | null {
  return other === undefined ? some : Math.max(some ?? other, other);
}
