import { birthOf, type AgeFacts } from './age.js';
import type { Observed } from './observed.js';
import type { Family, Sample } from './openmetrics.js';
import type { Instant } from './release.js';
import { OUTCOMES } from './run.js';
import type { Status } from './status.js';
import type { Phase } from './upgrade.js';
import { REASONS } from './verdict.js';

/** What the measures are taken from. */
export interface MetricsFacts {
  readonly status: Status;
  readonly observed: Observed | null;
  /** Since when the machine has been behind; null: it is not, or nobody can tell. */
  readonly behindSince: Instant | null;
  /** This package's own. */
  readonly version: string;
  /** The process that answers; null where that says nothing of the poller, as in a file. */
  readonly poller: Poller | null;
  readonly now: Instant;
}

/** What the process that polls costs: an app's own costs are in it, where it polls within one. */
export interface Poller {
  readonly residentBytes: number;
  readonly cpuSeconds: number;
  readonly startedAt: Instant;
}

/** The measures of one root, each with the root as a label: several may be read from one place. */
export function metricsOf(facts: MetricsFacts): Family[] {
  const { root } = facts.status;
  return MEASURES.map(({ take, ...family }) => ({
    ...family,
    samples: take(facts).map(({ labels, value }) => ({ labels: { root, ...labels }, value })),
  }));
}

/**
 * Since when a machine that is behind could have been ahead: the desired release is known here, and the active one serves. Null where the
 * release was there before the first look and nobody has read when it was made.
 */
export function behindSince({ desired, active, behind }: Status, facts: AgeFacts): Instant | null {
  if (!behind || desired === null) return null;
  const birth = birthOf(desired, facts);
  if (birth === null) return active?.since ?? null;
  return Math.max(birth.at, active?.since ?? birth.at);
}

interface Measure extends Omit<Family, 'samples'> {
  readonly take: (facts: MetricsFacts) => readonly Sample[];
}

const PHASES: Readonly<Record<Phase['at'], true>> = {
  ...{ idle: true, staging: true, staged: true, activating: true, proving: true },
  ...{ rollingBack: true, repairing: true, stuck: true },
};

/** Every measure, in the order in which it is told. */
const MEASURES: readonly Measure[] = [
  {
    ...{ name: 'pm2_gitops', type: 'info', unit: null },
    help: 'The machine, what it follows, what is active and what is desired (tags, empty where there is none).',
    take: ({ status: { machine, channel, strategy, active, desired }, version }) => [
      {
        labels: {
          ...{ machine: machine.name, machine_id: machine.id, channel, strategy, version },
          ...{ active: active?.tag ?? '', commit: active?.commit ?? '', desired: desired?.tag ?? '' },
        },
        value: 1,
      },
    ],
  },
  {
    ...gauge('pm2_gitops_behind', 'Whether a change is pending or held back.'),
    take: ({ status }) => one(status.behind),
  },
  {
    ...gauge(
      'pm2_gitops_behind_seconds',
      'For how long the desired release has been known here while another one serves; 0 while it is active.',
    ),
    take: ({ status, behindSince: since, now }) =>
      !status.behind ? one(0) : since === null ? [] : one(Math.max(0, now - since) / 1000),
  },
  {
    ...gauge('pm2_gitops_held_back', 'Which reason keeps the machine behind, if one does.'),
    take: ({ status: { why } }) => states('reason', REASONS, why?.reason),
  },
  {
    ...gauge('pm2_gitops_phase', 'Which phase the upgrade machine is in.'),
    take: ({ status: { phase } }) => states('phase', Object.keys(PHASES), phase),
  },
  {
    ...gauge('pm2_gitops_active_since_timestamp_seconds', 'When the active release was proven.'),
    take: ({ status: { active } }) => moment(active?.since),
  },
  {
    ...gauge('pm2_gitops_quarantined_releases', 'Releases that failed here and are not tried again.'),
    take: ({ status: { quarantine } }) => one(quarantine.length),
  },
  {
    ...gauge('pm2_gitops_processes', "Processes of the root by pm2's word for their state."),
    take: ({ status: { processes } }) => counts(processes.map(({ status }) => status)),
  },
  {
    ...gauge(
      'pm2_gitops_outdated_processes',
      'Living processes that run another release than the active one.',
    ),
    take: ({ status: { processes, active } }) =>
      one(processes.filter(({ commit }) => commit !== null && commit !== active?.commit).length),
  },
  {
    ...gauge('pm2_gitops_drift', 'Things that are not as the agent left them, as far as a short look tells.'),
    take: ({ status: { drift } }) => one(drift.length),
  },
  {
    ...gauge('pm2_gitops_warnings', 'Warnings of status.'),
    take: ({ status: { warnings } }) => one(warnings.length),
  },
  {
    ...gauge('pm2_gitops_last_look_timestamp_seconds', 'The last look at the source, whatever came of it.'),
    take: ({ status: { lastPoll } }) => moment(lastPoll?.at),
  },
  {
    ...gauge('pm2_gitops_last_look_ok', 'Whether the source answered the last look.'),
    take: ({ status: { lastPoll } }) => (lastPoll === null ? [] : one(lastPoll.ok)),
  },
  {
    ...gauge('pm2_gitops_last_good_look_timestamp_seconds', 'The last look that the source answered.'),
    take: ({ observed }) => moment(observed?.tally.goodAt),
  },
  {
    ...gauge('pm2_gitops_failed_looks_in_a_row', 'Looks that failed since the last good one.'),
    take: ({ status: { lastPoll } }) => one(lastPoll?.outage?.failures ?? 0),
  },
  {
    ...{ name: 'pm2_gitops_looks', type: 'counter', unit: null },
    help: 'Turns by what became of their look: good, failed, or left out because of failures before.',
    take: ({ observed }) => (observed === null ? [] : looksOf(observed)),
  },
  {
    ...gauge('pm2_gitops_next_turn_timestamp_seconds', 'When the source is looked at next.'),
    take: ({ status: { nextPoll } }) => moment(nextPoll),
  },
  {
    ...gauge('pm2_gitops_worker', 'Whether a worker is at work.'),
    take: ({ status: { worker } }) => one(worker !== null),
  },
  {
    ...gauge('pm2_gitops_worker_start_timestamp_seconds', 'When the worker that is at work began.'),
    take: ({ status: { worker } }) => moment(worker?.startedAt),
  },
  {
    ...gauge('pm2_gitops_last_run_outcome', 'How the last run ended.'),
    take: ({ status: { lastRun } }) =>
      lastRun === null ? [] : states('outcome', OUTCOMES, lastRun.outcome ?? undefined),
  },
  {
    ...gauge('pm2_gitops_last_run_end_timestamp_seconds', 'When the last run ended.'),
    take: ({ status: { lastRun } }) => moment(lastRun?.endedAt),
  },
  {
    ...gauge('pm2_gitops_last_run_duration_seconds', 'How long the last run took.'),
    take: ({ status: { lastRun } }) =>
      lastRun?.endedAt == null ? [] : one((lastRun.endedAt - lastRun.startedAt) / 1000),
  },
  {
    ...gauge('pm2_gitops_poller_resident_memory_bytes', 'Memory of the process that answers.'),
    take: ({ poller }) => (poller === null ? [] : one(poller.residentBytes)),
  },
  {
    ...{ name: 'pm2_gitops_poller_cpu_seconds', type: 'counter', unit: 'seconds' },
    help: 'CPU time of the process that answers.',
    take: ({ poller }) => (poller === null ? [] : one(poller.cpuSeconds)),
  },
  {
    ...gauge('pm2_gitops_poller_start_timestamp_seconds', 'When the process that answers began.'),
    take: ({ poller }) => moment(poller?.startedAt),
  },
];

function gauge(name: string, help: string): Omit<Family, 'samples'> {
  const unit = name.endsWith('_seconds') ? 'seconds' : name.endsWith('_bytes') ? 'bytes' : null;
  return { name, type: 'gauge', unit, help };
}

function one(value: number | boolean): Sample[] {
  return [{ labels: {}, value: Number(value) }];
}

function moment(at: Instant | null | undefined): Sample[] {
  return at === null || at === undefined ? [] : one(at / 1000);
}

/** One sample for each state, so that none vanishes when another begins. */
function states(label: string, all: readonly string[], now: string | undefined): Sample[] {
  return all.map((state) => ({ labels: { [label]: state }, value: Number(state === now) }));
}

function counts(states: readonly string[]): Sample[] {
  return [...new Set(states)].sort().map((status) => ({
    labels: { status },
    value: states.filter((other) => other === status).length,
  }));
}

function looksOf({ looks, tally: { failed, leftOut } }: Observed): Sample[] {
  const results = { good: Math.max(0, looks - failed - leftOut), failed, left_out: leftOut };
  return Object.entries(results).map(([result, value]) => ({ labels: { result }, value }));
}
