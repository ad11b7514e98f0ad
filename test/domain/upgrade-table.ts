import { MAX_STARTS, type Event, type Fault, type Phase, type Upgrade } from '../../src/domain/upgrade.js';
import { release } from './releases.js';

/** The release that serves. */
export const OLD = release('v1.0.0', 1);
/** The release on its way. */
export const NEW = release('v1.1.0', 2);
/** A release that failed before. */
export const BAD = release('v1.0.1', 3);
const LIVES = [{ pmId: 0, pid: 4711, startedAt: 5 }];
const candidate = { release: NEW, run: 'r', starts: 1 };
const inRollBack = { old: LIVES, cause: 'it crashed', bad: null };

/** A phase of each kind, also one that was begun as often as it may be. */
export const PHASES = {
  idle: { at: 'idle' },
  staging: { at: 'staging', ...candidate },
  'staging for the last time': { at: 'staging', ...candidate, starts: MAX_STARTS },
  staged: { at: 'staged', ...candidate },
  activating: { at: 'activating', ...candidate, old: LIVES },
  'activating for the last time': { at: 'activating', ...candidate, old: LIVES, starts: MAX_STARTS },
  proving: { at: 'proving', ...candidate, old: LIVES },
  'proving for the last time': { at: 'proving', ...candidate, old: LIVES, starts: MAX_STARTS },
  rollingBack: { at: 'rollingBack', ...candidate, ...inRollBack },
  'rollingBack for the last time': {
    ...{ at: 'rollingBack', ...candidate, ...inRollBack },
    starts: 2 * MAX_STARTS,
  },
  repairing: { at: 'repairing', ...candidate, release: OLD, kinds: ['pointer'], cause: 'moved', old: null },
  'repairing for the last time': {
    ...{ at: 'repairing', ...candidate, release: OLD, starts: MAX_STARTS },
    ...{ kinds: ['pointer'], cause: 'moved', old: LIVES },
  },
  stuck: { at: 'stuck', release: NEW, run: 'r', cause: 'it crashed' },
} satisfies Record<string, Phase>;

/** An event of each kind. */
export const EVENTS = {
  adopted: { type: 'adopted', release: NEW, apps: null, trail: [{ commit: NEW.commit, at: 1 }], at: 9 },
  desired: { type: 'desired', release: NEW, run: 'r' },
  staged: { type: 'staged' },
  superseded: { type: 'superseded' },
  opened: { type: 'opened', old: LIVES },
  activated: { type: 'activated', old: LIVES, at: 9 },
  healthy: { type: 'healthy', apps: null, ranks: true, at: 9 },
  kept: { type: 'kept', cause: 'it crashed', at: 9 },
  unhealthy: { type: 'unhealthy', cause: 'it crashed', at: 9 },
  'failed, the release': failed('release'),
  'failed, the surroundings': failed('surroundings'),
  'failed, blocked': failed('blocked'),
  switchedBack: { type: 'switchedBack', bad: LIVES, at: 9 },
  rolledBack: { type: 'rolledBack' },
  drifted: { type: 'drifted', run: 'r', kinds: ['pointer'], cause: 'moved', at: 9 },
  mended: { type: 'mended', old: LIVES, steps: [{ commit: OLD.commit, at: 9 }] },
  resumed: { type: 'resumed', at: 9 },
  retried: { type: 'retried', commit: null },
} satisfies Record<string, Event>;

export type PhaseName = keyof typeof PHASES;
export type EventName = keyof typeof EVENTS;

/** Phase × event → the phase that follows. What is not written here changes nothing. */
export const TABLE: Record<PhaseName, Partial<Record<EventName, Phase['at']>>> = {
  idle: {
    adopted: 'idle',
    desired: 'staging',
    'failed, the release': 'idle',
    'failed, the surroundings': 'idle',
    'failed, blocked': 'idle',
    retried: 'idle',
    drifted: 'repairing',
  },
  staging: { ...ofStaging(), resumed: 'staging' },
  'staging for the last time': { ...ofStaging(), resumed: 'idle' },
  staged: {
    ...{ opened: 'activating', superseded: 'idle', retried: 'staged' },
    ...{ 'failed, the release': 'staged', 'failed, the surroundings': 'staged', 'failed, blocked': 'staged' },
  },
  activating: { ...ofActivating(), resumed: 'activating' },
  'activating for the last time': { ...ofActivating(), resumed: 'rollingBack' },
  proving: { ...ofProving(), resumed: 'proving' },
  'proving for the last time': { ...ofProving(), resumed: 'rollingBack' },
  rollingBack: { ...ofRollingBack(), resumed: 'rollingBack' },
  'rollingBack for the last time': { ...ofRollingBack(), resumed: 'stuck' },
  repairing: { ...ofRepairing(), resumed: 'repairing' },
  'repairing for the last time': { ...ofRepairing(), resumed: 'idle' },
  stuck: {
    ...{ desired: 'staging', retried: 'rollingBack' },
    ...{ 'failed, the release': 'stuck', 'failed, the surroundings': 'stuck', 'failed, blocked': 'stuck' },
  },
};

function ofStaging() {
  return {
    staged: 'staged',
    'failed, the release': 'idle',
    'failed, the surroundings': 'idle',
    'failed, blocked': 'idle',
    retried: 'staging',
  } as const;
}

function ofActivating() {
  return {
    activated: 'proving',
    'failed, the release': 'rollingBack',
    'failed, the surroundings': 'rollingBack',
    'failed, blocked': 'staged',
    retried: 'activating',
  } as const;
}

function ofProving() {
  return {
    healthy: 'idle',
    kept: 'idle',
    unhealthy: 'rollingBack',
    'failed, the release': 'rollingBack',
    'failed, the surroundings': 'rollingBack',
    'failed, blocked': 'rollingBack',
    retried: 'proving',
  } as const;
}

function ofRollingBack() {
  return {
    switchedBack: 'rollingBack',
    rolledBack: 'idle',
    unhealthy: 'stuck',
    'failed, the release': 'stuck',
    'failed, the surroundings': 'stuck',
    'failed, blocked': 'stuck',
    retried: 'rollingBack',
  } as const;
}

function ofRepairing() {
  return {
    mended: 'repairing',
    healthy: 'idle',
    unhealthy: 'idle',
    retried: 'repairing',
    'failed, the release': 'idle',
    'failed, the surroundings': 'idle',
    'failed, blocked': 'idle',
  } as const;
}

/** A failure by somebody's fault. */
export function failed(fault: Fault): Event {
  return { type: 'failed', release: NEW, fault, reason: 'offline', cause: 'no network', at: 9, until: 99 };
}

/** An upgrade in which something may be forgiven, so that `retried` always has something to do. */
export function upgradeIn(phase: Phase): Upgrade {
  return {
    phase,
    active: { release: OLD, since: 1, apps: null },
    previous: null,
    highest: OLD,
    quarantine: [{ release: BAD, cause: 'it crashed', since: 2 }],
    backoff: { commit: BAD.commit, failures: 2, until: 3, reason: 'offline', cause: 'no network' },
    trail: [{ commit: OLD.commit, at: 1 }],
    repairs: [],
    begun: 'r0',
  };
}
