import { parseChannel } from '../domain/channel.js';
import type { Crons } from './cron.js';
import { finding, nearestName, shown, type Finding } from './issues.js';
import type { Path } from './located.js';
import type { LoosePolicy } from './policy-loose.js';
import { paceFindings } from './policy-times.js';

const MOST_TOLD = 12;

/** What is wrong or odd about how the parts of a policy go together, whoever reads it and whenever. */
export function findingsOf(policy: LoosePolicy, crons: Crons): Finding[] {
  return [
    ...paceFindings(policy, crons),
    ...channelFindings(policy),
    ...feederFindings(policy),
    ...groupFindings(policy),
    ...tagFindings(policy),
    ...rosterFindings(policy),
  ];
}

function channelFindings(policy: LoosePolicy): Finding[] {
  const { channels, groups, channel } = policy;
  const known = Object.keys(channels);
  const chosen: [Path, string | null][] = [
    [['channel'], channel],
    ...groups.map((group, index): [Path, string | null] => [['groups', index, 'channel'], group.channel]),
  ];
  return [
    ...chosen.flatMap(([path, name]) => (name === null ? [] : channelFinding(path, name, known))),
    ...known.flatMap((name) => followFinding(name, policy)),
  ];
}

function channelFinding(path: Path, name: string, known: readonly string[]): Finding[] {
  if (known.includes(name)) return [];
  const written = parseChannel(name);
  if (written === null)
    return [
      finding(
        'error',
        path,
        `${shown(name)} is neither a channel of this policy (${listed(known)}) nor one by its form`,
      ),
    ];
  if (written.kind !== 'prerelease' || isUsual(name)) return [];
  const meant = nearestName(name, known);
  const hint = meant === null ? '' : `; did you mean ${meant}?`;
  return [
    finding(
      'warning',
      path,
      `no channel of this policy is called ${name}: it takes prereleases such as 1.0.0-${name}.1${hint}`,
    ),
  ];
}

function followFinding(name: string, { channels }: LoosePolicy): Finding[] {
  const follow = channels[name]?.follow ?? '';
  const other = Object.hasOwn(channels, follow) ? channels[follow]?.follow : undefined;
  if (name === follow || other === undefined || other === follow) return [];
  const text = `this means ${shown(follow)} as a channel's form, not the channel of this policy, which follows ${shown(other)}`;
  return [finding('warning', ['channels', name, 'follow'], text)];
}

function isUsual(id: string): boolean {
  return ['alpha', 'beta', 'rc'].includes(id);
}

function feederFindings({ channels }: LoosePolicy): Finding[] {
  const known = Object.keys(channels);
  const circles = circlesOf(channels);
  const inCircle = new Set(circles.flat());
  const ordinary = Object.entries(channels).flatMap(([name, { after, follow }]) => {
    if (after === null || inCircle.has(name)) return [];
    const path = ['channels', name, 'after', 'channel'];
    if (Object.hasOwn(channels, after.channel))
      return moverFindings(path, follow, channels[after.channel]?.follow ?? null);
    const meant = nearestName(after.channel, known);
    const hint = meant === null ? `; known are ${listed(known)}` : `; did you mean ${meant}?`;
    return [finding('error', path, `${shown(after.channel)} is no channel of this policy${hint}`)];
  });
  return [...circles.map(circleFinding), ...ordinary];
}

/** Told once, at the channel whose name comes first. */
function circleFinding(circle: readonly string[]): Finding {
  const first = circle.toSorted()[0] ?? '';
  const at = circle.indexOf(first);
  const around = [...circle.slice(at), ...circle.slice(0, at)];
  const way = [...(around.length > MOST_TOLD ? [...around.slice(0, MOST_TOLD), '…'] : around), first];
  return finding(
    'error',
    ['channels', first, 'after', 'channel'],
    `${way.join(' after ')}: in this circle no release ever comes to any of them`,
  );
}

/** The channels that feed each other in circles. Each channel is walked once, however many there are. */
function circlesOf(channels: LoosePolicy['channels']): string[][] {
  const walked = new Set<string>();
  return Object.keys(channels).flatMap((start) => {
    const way: string[] = [];
    let name: string | undefined = start;
    while (name !== undefined && !walked.has(name)) {
      walked.add(name);
      way.push(name);
      name = Object.hasOwn(channels, name) ? channels[name]?.after?.channel : undefined;
    }
    const at = name === undefined ? -1 : way.indexOf(name);
    return at < 0 ? [] : [way.slice(at)];
  });
}

/** What comes from a branch or a moved ref is no tag, and the other way around. */
function moverFindings(path: Path, follow: string | null, fed: string | null): Finding[] {
  const [moves, before] = [follow, fed].map((text) => isMoved(text));
  if (moves === undefined || before === undefined || moves === before) return [];
  return [
    finding(
      'warning',
      path,
      `${shown(fed)} and ${shown(follow)} have no release in common: nothing ever passes from one to the other`,
    ),
  ];
}

function isMoved(text: string | null): boolean | undefined {
  const kind = text === null ? undefined : parseChannel(text)?.kind;
  return kind === undefined ? undefined : kind === 'branch' || kind === 'ref';
}

function groupFindings({ groups, hold }: LoosePolicy): Finding[] {
  return groups.flatMap(({ name, match, hold: own }, index) => {
    const path = ['groups', index];
    const first = groups.findIndex((other) => other.name === name);
    const never = match.ids.length + match.names.length + Object.keys(match.labels).length === 0;
    return [
      ...(name === null || first === index
        ? []
        : [finding('error', [...path, 'name'], `groups[${first}] is called ${shown(name)} already`)]),
      ...(never
        ? [finding('warning', [...path, 'match'], 'it names no machine: nobody is in this group')]
        : []),
      ...(own === false && hold !== undefined && hold !== false
        ? [finding('warning', [...path, 'hold'], 'a group does not lift the hold of all machines')]
        : []),
      ...match.names.flatMap((glob, at) =>
        /[[\]{}]/.test(glob)
          ? [
              finding(
                'warning',
                [...path, 'match', 'names', at],
                `${shown(glob)}: only * and ? stand for something here`,
              ),
            ]
          : [],
      ),
    ];
  });
}

function tagFindings({ tombstones, barriers, approved, pin, groups }: LoosePolicy): Finding[] {
  const withdrawn = (tag: string | null): boolean => tag !== null && tag !== '' && tombstones.includes(tag);
  const pins: [Path, string | null][] = [
    [['pin'], pin],
    ...groups.map((group, index): [Path, string | null] => [['groups', index, 'pin'], group.pin]),
  ];
  return [
    ...pins.flatMap(([path, tag]) => (tag === null ? [] : pinFindings(path, tag, withdrawn(tag)))),
    ...barriers.flatMap((tag, index) =>
      withdrawn(tag)
        ? [
            finding(
              'error',
              ['barriers', index],
              `${shown(tag)} is withdrawn by a tombstone: no machine ever gets past it`,
            ),
          ]
        : [],
    ),
    ...Object.entries({ tombstones, barriers, approved }).flatMap(([key, tags]) =>
      tags.flatMap((tag, index) =>
        tag === '' || tags.indexOf(tag) === index
          ? []
          : [finding('warning', [key, index], `${shown(tag)} stands here twice`)],
      ),
    ),
  ];
}

/** A tag may have any name; but one that is written as a rule was hardly meant as a name. */
function pinFindings(path: Path, tag: string, isWithdrawn: boolean): Finding[] {
  if (isWithdrawn)
    return [finding('error', path, `${shown(tag)} is withdrawn by a tombstone: no machine goes there`)];
  const kind = parseChannel(tag)?.kind ?? 'tag';
  if (kind === 'tag' || kind === 'prerelease') return [];
  return [
    finding('warning', path, `${shown(tag)} is the form of a channel: a pin names one tag, such as v1.4.2`),
  ];
}

function rosterFindings({ machines, groups }: LoosePolicy): Finding[] {
  const ids = machines.map(({ id }) => id);
  const twice = ids.flatMap((id, index) =>
    id === null || ids.indexOf(id) === index
      ? []
      : [finding('error', ['machines', index, 'id'], `${shown(id)} stands here twice`)],
  );
  if (machines.length === 0) return [];
  const strangers = groups.flatMap(({ match }, index) =>
    match.ids.flatMap((id, at) =>
      id === '' || ids.includes(id)
        ? []
        : [
            finding(
              'warning',
              ['groups', index, 'match', 'ids', at],
              `${shown(id)} is no machine of machines`,
            ),
          ],
    ),
  );
  return [...twice, ...strangers];
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'it has none';
  const rest = names.length - MOST_TOLD;
  return rest > 0 ? `${names.slice(0, MOST_TOLD).join(', ')} and ${rest} more` : names.join(', ');
}
