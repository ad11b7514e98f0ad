import fc from 'fast-check';
import { compareVersions } from '../../src/domain/channel.js';
import { next } from '../../src/domain/next.js';
import type { DriftKind } from '../../src/domain/drift.js';
import { FRESH, type Event, type Fault, type Upgrade } from '../../src/domain/upgrade.js';
import { release } from './releases.js';

const RELEASES = [
  release('v1.0.0', 1),
  release('v1.1.0', 2),
  release('v2.0.0-rc.1', 3),
  release('v2.0.0', 4),
];

const anyRelease = fc.constantFrom(...RELEASES);
const at = fc.integer({ min: 0, max: 1_000_000 });
const cause = fc.constantFrom('it crashed', 'no network');
const life = fc.record({ pmId: fc.nat(9), pid: fc.nat(9_999), startedAt: at }, { noNullPrototype: true });
const lives = fc.array(life, { maxLength: 3 });
const fault = fc.constantFrom<Fault>('release', 'surroundings', 'blocked');

/** Any event, about one of a few releases. */
export const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    type: fc.constant('adopted'),
    release: anyRelease,
    apps: fc.constant(null),
    trail: fc.constant([]),
    at,
  }),
  fc.record({ type: fc.constant('desired'), release: anyRelease, run: fc.constantFrom('r1', 'r2') }),
  fc.record({ type: fc.constant('staged') }),
  fc.record({ type: fc.constant('superseded') }),
  fc.record({ type: fc.constant('opened'), old: lives }),
  fc.record({ type: fc.constant('activated'), old: lives, at }),
  fc.record({ type: fc.constant('healthy'), apps: fc.constant(null), ranks: fc.boolean(), at }),
  fc.record({ type: fc.constant('kept'), cause, at }),
  fc.record({ type: fc.constant('unhealthy'), cause, at }),
  fc.record({
    ...{ type: fc.constant('failed'), release: anyRelease, fault, cause, at, until: at },
    reason: fc.constantFrom('offline', 'backoff', 'dirty'),
  }),
  fc.record({ type: fc.constant('switchedBack'), bad: lives, at }),
  fc.record({ type: fc.constant('rolledBack') }),
  fc.record({
    ...{ type: fc.constant('drifted'), run: fc.constantFrom('r1', 'r2'), cause, at },
    kinds: fc.subarray<DriftKind>(['pointer', 'process', 'files'], { minLength: 1 }),
  }),
  fc.record({ type: fc.constant('mended'), old: lives, steps: fc.constant([]) }),
  fc.record({ type: fc.constant('resumed'), at }),
  fc.record({ type: fc.constant('retried'), commit: fc.option(anyRelease.map((known) => known.commit)) }),
);

/** A long story of events. Most of them do not fit the phase, so it takes many to get anywhere. */
export const anyStory: fc.Arbitrary<Event[]> = fc.array(anyEvent, { maxLength: 150, size: 'max' });

/** The upgrade after each event of a story, as the agent would tell it: `ranks` by version, `adopted` only into an empty root. */
export function* walk(story: readonly Event[], start: Upgrade = FRESH): Generator<Walked> {
  let before = start;
  for (const told of story) {
    const event = asAgentTells(before, told);
    if (event === null) continue;
    const after = next(before, event);
    yield { before, event, after };
    before = after;
  }
}

/** Where a story ends. */
export function endOf(story: readonly Event[]): Upgrade {
  let upgrade = FRESH;
  for (const { after } of walk(story)) upgrade = after;
  return upgrade;
}

/** One step of a story. */
export interface Walked {
  readonly before: Upgrade;
  readonly event: Event;
  readonly after: Upgrade;
}

function asAgentTells({ phase, active, highest }: Upgrade, event: Event): Event | null {
  if (event.type === 'adopted') return active === null ? event : null;
  if (event.type !== 'healthy' || phase.at === 'idle') return event;
  const order = highest === null ? null : compareVersions(phase.release, highest, '');
  return { ...event, ranks: order === null || order >= 0 };
}
