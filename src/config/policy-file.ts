import * as v from 'valibot';
import { parseChannel } from '../domain/channel.js';
import { freezeList } from './freeze.js';
import { approval, channelForm, major, section, soak, text, timezone } from './forms.js';
import { moment } from './moment.js';
import { wave } from './wave.js';
import { windowList } from './window.js';

const texts = v.array(text, 'must be a list of texts');
const tag = v.pipe(
  text,
  v.check(
    isVersion,
    ({ input }) => `${JSON.stringify(input)} is no version tag; write it whole, such as v1.5.0`,
  ),
);

/** A tombstone: a tag, or a tag with its reason. */
const tombstone = v.union(
  [tag, section({ tag, reason: v.optional(text) })],
  'must be a tag, or an object with tag and reason',
);

const hold = v.union(
  [v.boolean(), section({ reason: v.optional(text), until: v.optional(moment) })],
  'must be true, false, or an object with reason and until',
);

/** What may be said of all machines and of a group. */
const rules = {
  channel: v.optional(text),
  pin: v.optional(text),
  hold: v.optional(hold),
  timezone: v.optional(timezone),
  window: v.optional(windowList),
  freeze: v.optional(freezeList),
  soak: v.optional(soak),
  wave: v.optional(wave),
  major: v.optional(major),
  approval: v.optional(approval),
};

const channel = section({
  follow: channelForm,
  soak: v.optional(soak),
  wave: v.optional(wave),
  after: v.optional(section({ channel: text, for: v.optional(soak, '0s') })),
});

const group = section({
  name: text,
  match: section({
    ids: v.optional(texts, []),
    names: v.optional(texts, []),
    labels: v.optional(v.record(v.string(), v.string()), {}),
  }),
  ...rules,
  canary: v.optional(v.boolean('must be true or false')),
});

/** A machine of a roster. */
export const machine = section({
  id: text,
  name: v.optional(text),
  labels: v.optional(v.record(v.string(), v.string()), {}),
});

/** `fleet.json` as people write it, before what only code can check. */
export const fleetFile = section({
  $schema: v.optional(v.string()),
  version: v.pipe(
    v.number('must be a whole number that grows with every change'),
    v.integer('must be a whole number that grows with every change'),
    v.minValue(1, 'must be at least 1'),
    // Beyond it one more is the same number, and no version could ever follow.
    v.maxValue(Number.MAX_SAFE_INTEGER, `must be at most ${Number.MAX_SAFE_INTEGER}: none could follow it`),
  ),
  expires: v.optional(moment),
  ...rules,
  channels: v.optional(
    // Who feeds whom is followed from one to the next, in every look of every machine.
    v.pipe(v.record(v.string(), channel), v.maxEntries(1_000, 'are more than 1000; name fewer')),
    {},
  ),
  groups: v.optional(v.array(group, 'must be a list of groups'), []),
  tombstones: v.optional(v.array(tombstone, 'must be a list of tags'), []),
  barriers: v.optional(v.array(tag, 'must be a list of tags'), []),
  approved: v.optional(v.array(tag, 'must be a list of tags'), []),
  machines: v.optional(v.array(machine, 'must be a list of machines'), []),
});

export type FleetFile = v.InferOutput<typeof fleetFile>;

/** Whether a tag ends with a version, whatever stands before it: the machines know the prefix. */
function isVersion(written: string): boolean {
  return parseChannel(written.replace(/^.*?(?=v?\d+\.\d+\.\d+)/, ''))?.kind === 'tag';
}
