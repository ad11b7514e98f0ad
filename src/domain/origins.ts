import { everywhere, layersOf, nearest, policyOf, type Layer, type Said } from './policy-layers.js';
import { sayMoment, saySpan } from './moment.js';
import type { Pin } from './orders.js';
import type { FleetHold, GroupRules } from './policy.js';
import { describeRelease, type Instant } from './release.js';
import type { RuleSources } from './rules.js';
import { sayWave, sayWindows } from './tell-rules.js';
import type { Freeze } from './window.js';

/** Something that is said of this machine, in words, and where: `gitops.json`, `a person here`, `policy`, `policy, channel beta`, `policy, group canaries`. */
export interface RuleOrigin {
  readonly rule: string;
  readonly value: string;
  readonly from: string;
  /** False: another one decides in its place. */
  readonly counts: boolean;
}

/** What the origins of rules are told from. */
export interface OriginSources extends RuleSources {
  /** The pin that somebody ordered here, or null. */
  readonly pin: Pin | null;
}

const FILE = 'gitops.json';
const PERSON = 'a person here';

/** Who says what of this machine. Of what is chosen the first counts; whatever stops or delays stands by itself, and all of it counts. */
export function originsOf(sources: OriginSources): RuleOrigin[] {
  const { own, machine, pin, policy } = sources;
  const { layers, chosen } = layersOf(policyOf(policy), machine, own.channelText);
  const near = <T>(pick: (rules: GroupRules) => T | null): Said<T> | null => nearest(layers, pick);
  const pins = [pin === null ? null : said(describeRelease(pin.release), PERSON), near((rules) => rules.pin)];
  return [
    ...choice('pin', pins),
    ...choice('channel', [chosen, said(own.channelText, FILE)]),
    ...holds(sources, layers),
    ...freezes(sources, layers),
    ...sum('window', [of(own.windows), near(({ windows }) => windows)], sayWindows),
    ...sum('soak', [of(own.soakMs === 0 ? null : own.soakMs), near(({ soakMs }) => soakMs)], saySpan),
    ...sum('wave', [of(own.wave), near(({ wave }) => wave)], sayWave),
    ...choice('canary', [near(({ canary }) => yesNo(canary)), of(own.canary ? 'yes' : null)]),
    ...sum('major', [of(strict('manual', own.major)), near(({ major }) => major)], String),
    ...sum('approval', [of(strict('required', own.approval)), near(({ approval }) => approval)], String),
  ];
}

function said<T>(value: T, from: string): Said<T> {
  return { value, from };
}

function of<T>(value: T | null): Said<T> | null {
  return value === null ? null : said(value, FILE);
}

function yesNo(value: boolean | null): string | null {
  return value === null ? null : value ? 'yes' : 'no';
}

function strict<T>(wanted: T, own: T): T | null {
  return own === wanted ? own : null;
}

function choice(rule: string, all: readonly (Said<string> | null)[]): RuleOrigin[] {
  return all.flatMap((one) => one ?? []).map((one, index) => ({ rule, ...one, counts: index === 0 }));
}

function sum<T>(rule: string, all: readonly (Said<T> | null)[], say: (value: T) => string): RuleOrigin[] {
  return all.flatMap((one) =>
    one === null ? [] : [{ rule, value: say(one.value), from: one.from, counts: true }],
  );
}

function holds({ hold, zone, now }: OriginSources, layers: readonly Layer[]): RuleOrigin[] {
  const fleets = everywhere(layers, (rules) => rules.hold);
  const all: Said<FleetHold>[] = [...(hold === null ? [] : [said<FleetHold>(hold, PERSON)]), ...fleets];
  const standing = all.filter(({ value: { until } }) => until === null || until > now);
  return sum(
    'hold',
    standing,
    ({ reason, until }) =>
      `${reason ?? 'without a reason'}${until === null ? '' : `, until ${sayMoment(until, now, zone)}`}`,
  );
}

function freezes({ own, zone, now }: OriginSources, layers: readonly Layer[]): RuleOrigin[] {
  const all: Said<Freeze>[] = [
    ...own.freezes.map((freeze) => said(freeze, FILE)),
    ...layers.flatMap(({ from, rules }) => rules.freezes.map((freeze) => said(freeze, from))),
  ];
  const coming = all.filter(({ value: { to } }) => to > now);
  const say = (at: Instant): string => sayMoment(at, now, zone);
  return sum('freeze', coming, ({ from, to, reason }) => `${say(from)} to ${say(to)}${because(reason)}`);
}

function because(reason: string | null): string {
  return reason === null ? '' : `: ${reason}`;
}
