import { createHmac } from 'node:crypto';
import * as v from 'valibot';
import { asText, parseJson } from './json.js';
import type { Answer, Ask } from './loopback.js';

/** What the services of the test know of who may send. */
export const KEYS = {
  slack: 'T0SLACK-B0SLACK-slackSecret24',
  discord: 'discordSecretToken-68characters',
  telegram: '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw',
  teams: 'teamsSignature-secret43',
  dingtalk: 'dingtalkAccessToken64characters',
  dingtalkSecret: 'SECdingtalkSigningSecret',
  wecom: '693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa',
  feishu: 'feishuHookToken-0aa0',
  feishuSecret: 'feishuSigningSecret',
  webhook: 'webhookPathSecret1',
  webhookSecret: `whsec_${Buffer.from('a key of twenty-four byte').toString('base64')}`,
  kuma: 'kumaPushToken32',
} as const;

const DINGTALK_AGE_MS = 3_600_000;

/** A service as it is documented: where it is asked, what it takes, and what it answers. */
export interface ServiceDescription {
  readonly name: string;
  readonly path: RegExp;
  /** Gives back what a person reads; throws where the documentation is not kept. */
  read(ask: Ask): string;
  readonly good: Answer;
  readonly bad: Answer;
}

/** All services that take notices. */
export const SERVICES: readonly ServiceDescription[] = [
  {
    // https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, https://docs.slack.dev/reference/block-kit/blocks
    ...{ name: 'slack', path: new RegExp(`^/services/${KEYS.slack}$`), good: plain(200, 'ok') },
    ...{ bad: plain(400, 'invalid_payload'), read: readSlack },
  },
  {
    // https://discord.com/developers/docs/resources/webhook#execute-webhook
    ...{ name: 'discord', path: new RegExp(`^/api/webhooks/4711/${KEYS.discord}$`), good: plain(204, '') },
    ...{ bad: json(400, { message: 'Invalid Form Body', code: 50035 }), read: readDiscord },
  },
  {
    // https://core.telegram.org/bots/api#sendmessage
    ...{ name: 'telegram', path: new RegExp(`^/bot${KEYS.telegram}/sendMessage$`), read: readTelegram },
    good: json(200, { ok: true, result: { message_id: 1 } }),
    bad: json(400, { ok: false, error_code: 400, description: "Bad Request: can't parse entities" }),
  },
  {
    // https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
    ...{ name: 'teams', path: /^\/workflows\/0123\/triggers\/manual\/paths\/invoke$/, good: plain(202, '') },
    ...{ bad: json(400, { error: { code: 'InvalidRequest' } }), read: readTeams },
  },
  {
    // https://open.dingtalk.com/document/robots/custom-robot-access
    ...{ name: 'dingtalk', path: /^\/robot\/send$/, good: json(200, { errcode: 0, errmsg: 'ok' }) },
    ...{ bad: json(200, { errcode: 310000, errmsg: 'sign not match' }), read: readDingtalk },
  },
  {
    // https://developer.work.weixin.qq.com/document/path/91770
    ...{ name: 'wecom', path: /^\/cgi-bin\/webhook\/send$/, good: json(200, { errcode: 0, errmsg: 'ok' }) },
    ...{ bad: json(200, { errcode: 45002, errmsg: 'content size out of limit' }), read: readWecom },
  },
  {
    // https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
    ...{ name: 'feishu', path: new RegExp(`^/open-apis/bot/v2/hook/${KEYS.feishu}$`), read: readFeishu },
    good: json(200, { code: 0, data: {}, msg: 'success' }),
    bad: json(200, { code: 19021, data: {}, msg: 'sign match fail' }),
  },
  {
    // https://www.standardwebhooks.com
    ...{ name: 'webhook', path: new RegExp(`^/hooks/${KEYS.webhook}$`), good: plain(204, '') },
    ...{ bad: plain(400, 'bad signature'), read: readWebhook },
  },
  {
    // https://github.com/louislam/uptime-kuma/blob/master/server/routers/api-router.js
    ...{ name: 'kuma', path: new RegExp(`^/api/push/${KEYS.kuma}$`), good: json(200, { ok: true }) },
    ...{ bad: json(404, { ok: false, msg: 'Monitor not found or not active.' }), read: readKuma },
  },
];

const most = (chars: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(chars));
const slackText = (chars: number) =>
  v.strictObject({ type: v.literal('plain_text'), text: most(chars), emoji: v.literal(false) });

function readSlack(ask: Ask): string {
  const block = v.variant('type', [
    v.strictObject({ type: v.literal('header'), text: slackText(150) }),
    v.strictObject({ type: v.literal('section'), text: slackText(3_000) }),
  ]);
  const shape = v.strictObject({ text: most(40_000), blocks: v.pipe(v.array(block), v.maxLength(50)) });
  const { text, blocks } = posted(ask, shape);
  // Outside of blocks these begin links and mentions.
  if (/[<>]|&(?!amp;|lt;|gt;)/.test(text)) throw new Error('the text is not escaped');
  return blocks.map((each) => each.text.text).join('\n');
}

function readDiscord(ask: Ask): string {
  const embed = v.strictObject({
    ...{ title: most(256), description: most(4_096), timestamp: v.pipe(v.string(), v.isoTimestamp()) },
    color: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffff)),
  });
  const shape = v.strictObject({
    embeds: v.pipe(v.array(embed), v.length(1)),
    allowed_mentions: v.strictObject({ parse: v.pipe(v.array(v.string()), v.length(0)) }),
  });
  const { embeds } = posted(ask, shape);
  const text = embeds.map(({ title, description }) => `${title}\n${description}`).join('\n');
  if (text.length > 6_000) throw new Error('embeds are too long');
  if (/(?<!\\)(?:\\\\)*[*_`~|[\]<]/.test(text)) throw new Error('markup is not escaped');
  return text.replace(/\\([^A-Za-z0-9\s])/g, '$1');
}

function readTelegram(ask: Ask): string {
  const shape = v.strictObject({
    ...{ chat_id: v.string(), text: v.string(), parse_mode: v.literal('HTML') },
    link_preview_options: v.strictObject({ is_disabled: v.literal(true) }),
    message_thread_id: v.optional(v.pipe(v.number(), v.integer())),
  });
  const { text } = posted(ask, shape);
  const seen = text.replace(/^<b>([^<>]*)<\/b>/, '$1');
  if (/[<>]|&(?!amp;|lt;|gt;|quot;)/.test(seen)) throw new Error("can't parse entities");
  const read = seen.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  if (read.length === 0 || read.length > 4_096) throw new Error('message is too long');
  if (/@\w/.test(read)) throw new Error('somebody is mentioned');
  return read;
}

function readTeams(ask: Ask): string {
  const run = v.strictObject({
    ...{
      type: v.literal('TextRun'),
      text: v.string(),
      weight: v.optional(v.picklist(['Bolder', 'Lighter'])),
    },
    size: v.optional(v.picklist(['Small', 'Medium', 'Large'])),
    color: v.optional(v.picklist(['Default', 'Good', 'Warning', 'Attention'])),
  });
  const card = v.strictObject({
    ...{
      $schema: v.string(),
      type: v.literal('AdaptiveCard'),
      version: v.picklist(['1.2', '1.3', '1.4', '1.5']),
    },
    msteams: v.strictObject({ width: v.literal('Full') }),
    body: v.array(v.strictObject({ type: v.literal('RichTextBlock'), inlines: v.array(run) })),
  });
  const attachment = v.strictObject({
    contentType: v.literal('application/vnd.microsoft.card.adaptive'),
    ...{ contentUrl: v.null(), content: card },
  });
  const shape = v.strictObject({ type: v.literal('message'), attachments: v.tuple([attachment]) });
  const { attachments } = posted(ask, shape);
  if (new URLSearchParams(ask.query).get('sig') !== KEYS.teams) throw new Error('no signature');
  if (ask.body.length > 28 * 1024) throw new Error('the message is too large');
  return attachments[0].content.body
    .map(({ inlines }) => inlines.map(({ text }) => text).join(''))
    .join('\n');
}

function readDingtalk(ask: Ask): string {
  const query = new URLSearchParams(ask.query);
  const timestamp = query.get('timestamp') ?? '';
  const wanted = createHmac('sha256', KEYS.dingtalkSecret)
    .update(`${timestamp}\n${KEYS.dingtalkSecret}`)
    .digest('base64');
  if (query.get('access_token') !== KEYS.dingtalk) throw new Error('token is not exist');
  if (query.get('sign') !== wanted) throw new Error('sign not match');
  if (Math.abs(Date.now() - Number(timestamp)) > DINGTALK_AGE_MS) throw new Error('invalid timestamp');
  const shape = v.strictObject({
    ...{ msgtype: v.literal('text'), text: v.strictObject({ content: most(20_000) }) },
    at: v.strictObject({ isAtAll: v.literal(false) }),
  });
  return posted(ask, shape).text.content;
}

function readWecom(ask: Ask): string {
  if (new URLSearchParams(ask.query).get('key') !== KEYS.wecom) throw new Error('invalid webhook url');
  const shape = v.strictObject({
    msgtype: v.literal('text'),
    text: v.strictObject({ content: v.pipe(v.string(), v.minLength(1), v.maxBytes(2_048)) }),
  });
  const { content } = posted(ask, shape).text;
  if (/<@\w/.test(content)) throw new Error('somebody is mentioned');
  return content;
}

function readFeishu(ask: Ask): string {
  const element = v.strictObject({ tag: v.literal('text'), text: v.string() });
  const post = v.strictObject({ title: v.string(), content: v.array(v.array(element)) });
  const shape = v.strictObject({
    ...{ timestamp: v.pipe(v.string(), v.regex(/^\d{10}$/)), sign: v.string(), msg_type: v.literal('post') },
    content: v.strictObject({ post: v.strictObject({ en_us: post }) }),
  });
  const { timestamp, sign, content } = posted(ask, shape);
  const wanted = createHmac('sha256', `${timestamp}\n${KEYS.feishuSecret}`).update('').digest('base64');
  if (sign !== wanted) throw new Error('sign match fail');
  if (ask.body.length > 20 * 1024) throw new Error('the body is too large');
  const { title, content: lines } = content.post.en_us;
  return [title, ...lines.map((line) => line.map(({ text }) => text).join(''))].join('\n');
}

function readWebhook(ask: Ask): string {
  const headers = v.parse(
    v.object({ 'webhook-id': v.string(), 'webhook-timestamp': v.string(), 'webhook-signature': v.string() }),
    ask.headers,
  );
  const key = Buffer.from(KEYS.webhookSecret.slice('whsec_'.length), 'base64');
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${ask.body.toString()}`;
  const wanted = `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  if (headers['webhook-signature'] !== wanted) throw new Error('bad signature');
  const shape = v.object({ type: v.string(), timestamp: v.string(), data: v.object({ text: v.string() }) });
  return posted(ask, shape).data.text;
}

function readKuma(ask: Ask): string {
  const query = new URLSearchParams(ask.query);
  if (query.get('ping') !== null) throw new Error('a ping that nobody measured');
  const words = query.get('msg') ?? '';
  if (words.length === 0 || words.length > 250) throw new Error('msg is too long');
  return `${query.get('status') ?? ''}: ${words}`;
}

function posted<Schema extends v.GenericSchema>(ask: Ask, schema: Schema): v.InferOutput<Schema> {
  if (ask.method !== 'POST') throw new Error(`${ask.method} instead of POST`);
  if (!asText(ask.headers['content-type']).startsWith('application/json')) throw new Error('no JSON');
  return v.parse(schema, parseJson(ask.body.toString()));
}

function plain(status: number, text: string): Answer {
  return { status, headers: { 'content-type': 'text/plain' }, body: Buffer.from(text) };
}

/** An answer of JSON. */
export function json(status: number, value: object): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}
