import { isDeepStrictEqual } from 'node:util';
import { next } from '../../src/domain/next.js';
import type { Event, Fault, Upgrade } from '../../src/domain/upgrade.js';

const FAULTS: readonly Fault[] = ['release', 'surroundings', 'blocked'];

/** The steps of a journal that no event of the table leads to, as `staging → idle`. Each line follows from the one before it. */
export function impossibleSteps(lines: readonly Upgrade[]): string[] {
  return lines.flatMap((after, index) => {
    const before = lines[index - 1];
    if (before === undefined) return [];
    const possible = eventsBetween(before, after).some((event) =>
      isDeepStrictEqual(next(before, event), after),
    );
    return possible ? [] : [`${before.phase.at} → ${after.phase.at}`];
  });
}

/** Every event that might have led from one upgrade to the other; what it carried is read from what it left. */
function eventsBetween({ phase: from, trail }: Upgrade, { phase: to, ...after }: Upgrade): Event[] {
  const blamed = after.quarantine.at(-1);
  const named = after.trail.at(-1)?.at ?? 0;
  const at = blamed?.since ?? 0;
  const cause = causeOf(to) ?? blamed?.cause ?? '';
  const events: Event[] = [
    ...([{ type: 'staged' }, { type: 'superseded' }, { type: 'rolledBack' }] as const),
    ...[at, named].map((moment) => ({ type: 'resumed' as const, at: moment })),
    { type: 'retried', commit: null },
    { type: 'unhealthy', cause, at },
    { type: 'kept', cause, at },
    ...FAULTS.flatMap((fault) => failures(fault, { from, to, ...after })),
  ];
  if (to.at === 'staging') events.push({ type: 'desired', release: to.release, run: to.run });
  if (to.at === 'activating') events.push({ type: 'opened', old: to.old });
  if (to.at === 'proving') events.push({ type: 'activated', old: to.old, at: named });
  if (to.at === 'rollingBack' && to.bad !== null)
    events.push({ type: 'switchedBack', bad: to.bad, at: named });
  if (to.at === 'repairing') {
    const { run, kinds, old } = to;
    const begun = after.repairs.at(-1)?.at ?? 0;
    events.push({ type: 'drifted', run, kinds, cause: to.cause, at: begun });
    const steps = after.trail.filter((step) => step.at > (trail.at(-1)?.at ?? 0));
    if (old !== null) events.push({ type: 'mended', old, steps });
  }
  if (after.active !== null) {
    const { release, since, apps } = after.active;
    events.push({ type: 'adopted', release, apps, trail: after.trail, at: since });
    for (const ranks of [true, false]) events.push({ type: 'healthy', apps, ranks, at: since });
  }
  return events;
}

type Ends = Omit<Upgrade, 'phase'> & { readonly from: Upgrade['phase']; readonly to: Upgrade['phase'] };

function failures(fault: Fault, { from, to, quarantine, backoff }: Ends): Event[] {
  const blamed = quarantine.at(-1);
  const releases = ['release' in from ? from.release : null, blamed?.release ?? null].filter(
    (each) => each !== null,
  );
  return releases.map((release) => ({
    type: 'failed',
    release,
    fault,
    reason: backoff?.reason ?? 'backoff',
    cause: (fault === 'release' ? blamed?.cause : backoff?.cause) ?? causeOf(to) ?? '',
    at: blamed?.since ?? 0,
    until: backoff?.until ?? 0,
  }));
}

function causeOf(phase: Upgrade['phase']): string | null {
  if (phase.at === 'stuck') return phase.cause.split('; then the way back failed: ').at(-1) ?? null;
  return phase.at === 'rollingBack' ? phase.cause : null;
}
