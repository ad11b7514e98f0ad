import * as v from 'valibot';
import { LEVELS, NOTICE_EVENTS, type NoticeEvent, type Taste } from '../domain/notice.js';
import { section, text } from './forms.js';
import { nearestName, shown } from './issues.js';
import type { Credentials } from './remote.js';

// What of `gitops.json` says who is told what becomes of this machine.

/** Where a secret is: the name of an environment variable, or a file. */
export type SecretPlace = Credentials['from'];

/** A place that is told, by its name: what it is, where its secrets are, and what it wants to hear. */
export type SinkConfig = Readonly<{ name: string; taste: Taste }> & SinkPlace;

type SinkPlace =
  | Hook<'slack' | 'discord' | 'teams' | 'wecom' | 'uptimeKuma'>
  | SignedHook<'dingtalk' | 'feishu' | 'webhook'>
  | Readonly<{ type: 'telegram'; token: SecretPlace; chat: string; topic: number | null; api: string }>
  | Readonly<{ type: 'command'; command: string }>;

// One member of the union for each type, so that it can be narrowed by it.
type Hook<Types extends string> = Types extends string ? Readonly<{ type: Types; url: SecretPlace }> : never;
type SignedHook<Types extends string> = Hook<Types> & Readonly<{ secret: SecretPlace | null }>;

const EVENTS = Object.keys(NOTICE_EVENTS).filter((event): event is NoticeEvent => event !== 'test');

// None of these messages tells the value: where people do not name a place, they have written the secret itself.
const PLACE =
  'must say where the secret is, never the secret itself: { "env": "NAME" } or { "file": "/a/path" }';

const secret = v.pipe(
  v.strictObject(
    { env: v.optional(v.pipe(text, v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, PLACE))), file: v.optional(text) },
    PLACE,
  ),
  v.check(({ env, file }) => (env === undefined) !== (file === undefined), PLACE),
);

const wanted = {
  level: v.optional(v.picklist(LEVELS, `must be one of ${LEVELS.join(', ')}`), 'info'),
  events: v.optional(
    v.pipe(
      v.array(v.picklist(EVENTS, ({ input }) => `${shown(input)} is no event; ${meant(input, EVENTS)}`)),
      v.minLength(1, 'is an empty list; leave the key out'),
    ),
  ),
};

const hook = <const Type extends string>(type: Type) =>
  section({ type: v.literal(type), url: secret, ...wanted });
const signedHook = <const Type extends string>(type: Type) =>
  section({ type: v.literal(type), url: secret, secret: v.optional(secret), ...wanted });

const KINDS = [
  hook('slack'),
  hook('discord'),
  hook('teams'),
  hook('wecom'),
  signedHook('dingtalk'),
  signedHook('feishu'),
  signedHook('webhook'),
  section({ type: v.literal('uptimeKuma'), url: secret }),
  section({
    type: v.literal('telegram'),
    token: secret,
    chat: v.pipe(
      v.union([text, v.pipe(v.number(), v.integer())], 'must be the id of a chat, or @ and its name'),
      v.transform(String),
    ),
    topic: v.optional(v.pipe(v.number(), v.integer('must be a whole number'))),
    api: v.optional(v.pipe(text, v.check(isWebAddress, 'is no http(s) address')), 'https://api.telegram.org'),
    ...wanted,
  }),
  section({ type: v.literal('command'), command: text, ...wanted }),
] as const;

const TYPES = KINDS.map(({ entries }) => entries.type.literal);

const sink = v.variant('type', KINDS, ({ input, expected }) =>
  expected === 'Object'
    ? 'must be an object such as { "type": "slack", "url": { "env": "SLACK_URL" } }'
    : `${shown(input)} is no type; ${meant(input, TYPES)}`,
);

/** `notify` as people write it: sinks by their names. */
export const notifyForm = v.record(
  v.pipe(
    v.string(),
    v.regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/,
      'is no name for a sink; write letters, digits, ".", "_", "-"',
    ),
  ),
  sink,
  'must be an object of sinks by their names',
);

/** The sinks, with every default filled in. */
export function sinksFrom(written: v.InferOutput<typeof notifyForm> = {}): SinkConfig[] {
  return Object.entries(written).map(([name, said]) => {
    if (said.type === 'uptimeKuma') return { name, taste: ALL, type: said.type, url: placeOf(said.url) };
    const taste = { level: said.level, events: said.events ?? null };
    return { name, taste, ...placeFrom(said) };
  });
}

/** Every place of a secret that a sink names. */
export function secretsOf(config: SinkConfig): SecretPlace[] {
  if (config.type === 'command') return [];
  if (config.type === 'telegram') return [config.token];
  return 'secret' in config && config.secret !== null ? [config.url, config.secret] : [config.url];
}

const ALL: Taste = { level: 'info', events: null };

type Written = Exclude<v.InferOutput<typeof sink>, { type: 'uptimeKuma' }>;

function placeFrom(said: Written): SinkPlace {
  switch (said.type) {
    case 'command':
      return { type: said.type, command: said.command };
    case 'telegram': {
      const { type, token, chat, topic = null, api } = said;
      return { type, token: placeOf(token), chat, topic, api: api.replace(/\/+$/, '') };
    }
    case 'dingtalk':
    case 'feishu':
    case 'webhook': {
      const { type, url, secret: key } = said;
      return { type, url: placeOf(url), secret: key === undefined ? null : placeOf(key) };
    }
    default:
      return { type: said.type, url: placeOf(said.url) };
  }
}

function placeOf({ env, file }: v.InferOutput<typeof secret>): SecretPlace {
  return env === undefined ? { file: file ?? '' } : { env };
}

function meant(written: unknown, known: readonly string[]): string {
  const nearest = typeof written === 'string' ? nearestName(written, known) : null;
  return nearest === null ? `known are ${known.join(', ')}` : `did you mean ${nearest}?`;
}

function isWebAddress(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}
