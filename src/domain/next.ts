import { repairedAgain } from './drift.js';
import { sameRelease, type Commit, type Instant, type Release } from './release.js';
import {
  MAX_STARTS,
  type Backoff,
  type Candidate,
  type Event,
  type Phase,
  type Step,
  type Upgrade,
} from './upgrade.js';

const TRAIL_LENGTH = 40;

/** What an event makes of an upgrade. An event that does not belong to the phase changes nothing: the same object comes back. */
export function next(upgrade: Upgrade, event: Event): Upgrade {
  if (event.type === 'retried') return retry(upgrade, event.commit);
  const { phase } = upgrade;
  switch (phase.at) {
    case 'idle':
      return fromIdle(upgrade, event);
    case 'staging':
      return fromStaging(upgrade, phase, event);
    case 'staged':
      return fromStaged(upgrade, phase, event);
    case 'activating':
      return fromActivating(upgrade, phase, event);
    case 'proving':
      return fromProving(upgrade, phase, event);
    case 'rollingBack':
      return fromRollingBack(upgrade, phase, event);
    case 'repairing':
      return fromRepairing(upgrade, phase, event);
    case 'stuck':
      return fromStuck(upgrade, event);
  }
}

type In<At extends Phase['at']> = Extract<Phase, { at: At }>;
/** Why a release is given up, and when. */
type Blame = Pick<Failure, 'cause' | 'at'>;
type Failure = Extract<Event, { type: 'failed' }>;

function fromIdle(upgrade: Upgrade, event: Event): Upgrade {
  switch (event.type) {
    case 'adopted': {
      const active = { release: event.release, since: event.at, apps: event.apps };
      return { ...upgrade, active, highest: event.release, trail: event.trail };
    }
    case 'desired':
      return {
        ...upgrade,
        phase: { at: 'staging', release: event.release, run: event.run, starts: 1 },
        begun: event.run,
      };
    case 'failed':
      return blamed(upgrade, event);
    case 'drifted':
      return upgrade.active === null ? upgrade : drifted(upgrade, upgrade.active.release, event);
    default:
      return upgrade;
  }
}

function fromStaging(upgrade: Upgrade, phase: In<'staging'>, event: Event): Upgrade {
  switch (event.type) {
    case 'staged':
      return { ...upgrade, phase: { ...phase, at: 'staged', starts: 1 }, backoff: null };
    case 'failed':
      return giveUp(upgrade, event);
    case 'resumed':
      return phase.starts < MAX_STARTS
        ? { ...upgrade, phase: startedAgain(phase) }
        : {
            ...giveUpOn(upgrade, phase.release, {
              cause: `staging was cut off ${phase.starts} times`,
              at: event.at,
            }),
            phase: { at: 'idle' },
          };
    default:
      return upgrade;
  }
}

function fromStaged(upgrade: Upgrade, phase: In<'staged'>, event: Event): Upgrade {
  switch (event.type) {
    case 'opened':
      return { ...upgrade, phase: { ...phase, at: 'activating', old: event.old, starts: 1 } };
    case 'superseded':
      return { ...upgrade, phase: { at: 'idle' } };
    case 'failed':
      return { ...upgrade, backoff: waited(upgrade, event) };
    default:
      return upgrade;
  }
}

function fromActivating(upgrade: Upgrade, phase: In<'activating'>, event: Event): Upgrade {
  switch (event.type) {
    case 'activated':
      return {
        ...upgrade,
        phase: { ...phase, at: 'proving', old: event.old, starts: 1 },
        trail: walked(upgrade, { commit: phase.release.commit, at: event.at }),
      };
    case 'failed':
      // A no before anything was touched leaves the release staged; anything else may have touched the pointer.
      return event.fault === 'blocked'
        ? { ...upgrade, phase: stagedAgain(phase), backoff: waited(upgrade, event) }
        : rollBack(blamed(upgrade, event), phase, event.cause);
    case 'resumed':
      return startAgainOrGoBack(upgrade, phase, { what: 'activation', at: event.at });
    default:
      return upgrade;
  }
}

function fromProving(upgrade: Upgrade, phase: In<'proving'>, event: Event): Upgrade {
  switch (event.type) {
    case 'healthy':
      return { ...settled(upgrade, phase.release, event), phase: { at: 'idle' }, backoff: null };
    case 'kept':
      return { ...giveUpOn(upgrade, phase.release, event), phase: { at: 'idle' } };
    case 'unhealthy':
      return rollBack(giveUpOn(upgrade, phase.release, event), phase, event.cause);
    case 'failed':
      return rollBack(blamed(upgrade, event), phase, event.cause);
    case 'resumed':
      return startAgainOrGoBack(upgrade, phase, { what: 'proving', at: event.at });
    default:
      return upgrade;
  }
}

/** A candidate that takes its worker down with it, or the machine, is given up in the end. */
function startAgainOrGoBack(
  upgrade: Upgrade,
  phase: In<'activating' | 'proving'>,
  { what, at }: { what: string; at: Instant },
): Upgrade {
  if (phase.starts < MAX_STARTS) return { ...upgrade, phase: startedAgain(phase) };
  const cause = `${what} was cut off ${phase.starts} times`;
  return rollBack(giveUpOn(upgrade, phase.release, { cause, at }), phase, cause);
}

function fromRollingBack(upgrade: Upgrade, phase: In<'rollingBack'>, event: Event): Upgrade {
  switch (event.type) {
    case 'switchedBack': {
      const back = upgrade.active?.release.commit;
      const trail = back === undefined ? upgrade.trail : walked(upgrade, { commit: back, at: event.at });
      return { ...upgrade, phase: { ...phase, bad: event.bad }, trail };
    }
    case 'rolledBack':
      return { ...upgrade, phase: { at: 'idle' } };
    case 'unhealthy':
    case 'failed':
      return stuck(upgrade, phase, `${phase.cause}; then the way back failed: ${event.cause}`);
    case 'resumed':
      // More patience than going forward: this is the way to a release that is known to run.
      return phase.starts < 2 * MAX_STARTS
        ? { ...upgrade, phase: startedAgain(phase) }
        : stuck(upgrade, phase, `${phase.cause}; then the way back was cut off ${phase.starts} times`);
    default:
      return upgrade;
  }
}

/** A repair is of a release that was proven: however it ends, nothing is quarantined and nothing rolled back. */
function fromRepairing(upgrade: Upgrade, phase: In<'repairing'>, event: Event): Upgrade {
  switch (event.type) {
    case 'mended':
      return {
        ...upgrade,
        phase: { ...phase, old: event.old, starts: 1 },
        trail: [...upgrade.trail, ...event.steps].slice(-TRAIL_LENGTH),
      };
    case 'healthy':
    case 'unhealthy':
    case 'failed':
      return { ...upgrade, phase: { at: 'idle' } };
    case 'resumed':
      return { ...upgrade, phase: phase.starts < MAX_STARTS ? startedAgain(phase) : { at: 'idle' } };
    default:
      return upgrade;
  }
}

/** The repair counts from its beginning: one that ends its worker counts, too. */
function drifted(
  upgrade: Upgrade,
  release: Release,
  { run, kinds, cause, at }: Extract<Event, { type: 'drifted' }>,
): Upgrade {
  return {
    ...upgrade,
    phase: { at: 'repairing', release, run, starts: 1, kinds, cause, old: null },
    repairs: repairedAgain(upgrade.repairs, kinds, at),
    begun: run,
  };
}

/** Gates let it come to this only where an operator names the release. */
function fromStuck(upgrade: Upgrade, event: Event): Upgrade {
  if (event.type === 'failed') return { ...upgrade, backoff: waited(upgrade, event) };
  return event.type === 'desired' ? fromIdle(upgrade, event) : upgrade;
}

function retry(upgrade: Upgrade, commit: Commit | null): Upgrade {
  if (upgrade.phase.at === 'stuck') return { ...upgrade, phase: backAgain(upgrade.phase), backoff: null };
  const quarantine = upgrade.quarantine.filter((entry) => commit !== null && entry.release.commit !== commit);
  const nothing = quarantine.length === upgrade.quarantine.length && upgrade.backoff === null;
  return nothing && upgrade.repairs.length === 0
    ? upgrade
    : { ...upgrade, quarantine, backoff: null, repairs: [] };
}

/** Nobody knows any more what runs what: all that lives changes over to the active release. */
function backAgain({ release, run, cause }: In<'stuck'>): Phase {
  return { at: 'rollingBack', release, run, starts: 1, cause, old: [], bad: null };
}

function settled(
  upgrade: Upgrade,
  release: Release,
  { at, apps, ranks }: Extract<Event, { type: 'healthy' }>,
): Upgrade {
  const before = upgrade.active?.release ?? null;
  return {
    ...upgrade,
    active: { release, since: at, apps },
    previous: sameRelease(before, release) ? upgrade.previous : before,
    // What starts from now on starts after all of them, though the clock was set back while the release was proven.
    trail: notAfter(upgrade.trail, at),
    highest: ranks ? release : upgrade.highest,
    quarantine: upgrade.quarantine.filter((entry) => !sameRelease(entry.release, release)),
    repairs: [],
  };
}

function giveUp(upgrade: Upgrade, event: Failure): Upgrade {
  return { ...blamed(upgrade, event), phase: { at: 'idle' } };
}

function blamed(upgrade: Upgrade, event: Failure): Upgrade {
  return event.fault === 'release'
    ? giveUpOn(upgrade, event.release, event)
    : { ...upgrade, backoff: waited(upgrade, event) };
}

function giveUpOn(upgrade: Upgrade, release: Release, { cause, at }: Blame): Upgrade {
  const others = upgrade.quarantine.filter((entry) => !sameRelease(entry.release, release));
  return { ...upgrade, quarantine: [...others, { release, cause, since: at }], backoff: null };
}

function waited({ backoff }: Upgrade, { release: { commit }, until, reason, cause }: Failure): Backoff {
  return { commit, failures: backoff?.commit === commit ? backoff.failures + 1 : 1, until, reason, cause };
}

function rollBack(upgrade: Upgrade, phase: In<'activating' | 'proving'>, cause: string): Upgrade {
  const { release, run, old } = phase;
  return { ...upgrade, phase: { at: 'rollingBack', release, run, starts: 1, cause, old, bad: null } };
}

function stuck(upgrade: Upgrade, { release, run }: Candidate, cause: string): Upgrade {
  return { ...upgrade, phase: { at: 'stuck', release, run, cause } };
}

function stagedAgain({ release, run }: Candidate): Phase {
  return { at: 'staged', release, run, starts: 1 };
}

function startedAgain<P extends Candidate>(phase: P): P {
  return { ...phase, starts: phase.starts + 1 };
}

function walked({ trail }: Upgrade, step: Step): readonly Step[] {
  return [...notAfter(trail, step.at), step].slice(-TRAIL_LENGTH);
}

/** Steps lie in their order also where the clock was set back between two of them. */
function notAfter(trail: readonly Step[], latest: Instant): readonly Step[] {
  return trail.map(({ commit, at }) => ({ commit, at: Math.min(at, latest) }));
}
