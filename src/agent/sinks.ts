import type { SecretPlace, SinkConfig } from '../config/notify.js';
import type { Heartbeat } from '../domain/heartbeat.js';
import type { Notice } from '../domain/notice.js';
import type { Reception } from '../domain/outbox.js';
import { tellCommand } from '../observe/sinks/command.js';
import { dingtalk } from '../observe/sinks/dingtalk.js';
import { discord } from '../observe/sinks/discord.js';
import { feishu } from '../observe/sinks/feishu.js';
import { receptionOf } from '../observe/sinks/reception.js';
import type { Service } from '../observe/sinks/request.js';
import { addressIn, formsOf, receive, send } from '../observe/sinks/send.js';
import { slack } from '../observe/sinks/slack.js';
import { teams } from '../observe/sinks/teams.js';
import { telegram } from '../observe/sinks/telegram.js';
import { pushTo } from '../observe/sinks/uptime-kuma.js';
import { webhook } from '../observe/sinks/webhook.js';
import { wecom } from '../observe/sinks/wecom.js';
import { readSecret } from '../source/credentials.js';
import type { Root } from './root.js';

type Of<Type extends SinkConfig['type']> = Extract<SinkConfig, { type: Type }>;
/** A dead man's switch. */
export type SwitchConfig = Of<'uptimeKuma'>;

/** A sink that hears notices. */
export type ListenerConfig = Exclude<SinkConfig, SwitchConfig>;

/** What came of telling a sink, and how long to wait before it is told the next. */
export interface Telling {
  readonly reception: Reception;
  readonly gapMs: number;
}

/** Whether a sink is a dead man's switch: it hears how it is with each turn, and no notices. */
export function isSwitch(config: SinkConfig): config is SwitchConfig {
  return config.type === 'uptimeKuma';
}

/** Tells a sink a notice. Its secrets are read each time: a new one in a file counts at once. Throws `ABORTED`. */
export async function tellSink(
  root: Root,
  { config, notice }: { config: ListenerConfig; notice: Notice },
  signal: AbortSignal,
): Promise<Telling> {
  if (config.type === 'command') {
    const sink = { command: config.command, cwd: root.layout.root, env: root.host.env };
    return { reception: await receive(() => tellCommand(sink, notice, signal), []), gapMs: 0 };
  }
  const keyring = new Keyring(root, config.name);
  let gapMs = 0;
  const reception = await receive(async () => {
    const service = await serviceOf(config, keyring);
    gapMs = service.gapMs;
    return service.reception(await send(service.request(notice, root.host.clock.now()), signal));
  }, keyring.forms);
  return { reception, gapMs };
}

/** Tells a dead man's switch how it is now. Where it cannot be told this is not made up for: it would be true no more. Throws `ABORTED`. */
export async function beat(
  root: Root,
  { config, heartbeat }: { config: SwitchConfig; heartbeat: Heartbeat },
  signal: AbortSignal,
): Promise<Reception> {
  const keyring = new Keyring(root, config.name);
  return receive(async () => {
    const url = await keyring.address(config.url);
    return receptionOf(await send(pushTo(url, heartbeat), signal));
  }, keyring.forms);
}

async function serviceOf(config: Exclude<ListenerConfig, Of<'command'>>, keyring: Keyring): Promise<Service> {
  if (config.type === 'telegram') {
    const { chat, topic, api } = config;
    return telegram({ token: await keyring.secret(config.token, 'token'), chat, topic, api });
  }
  const url = await keyring.address(config.url);
  switch (config.type) {
    case 'slack':
      return slack(url);
    case 'discord':
      return discord(url);
    case 'teams':
      return teams(url);
    case 'wecom':
      return wecom(url);
    case 'dingtalk':
      return dingtalk(url, await keyring.secretIfAny(config.secret));
    case 'feishu':
      return feishu(url, await keyring.secretIfAny(config.secret));
    case 'webhook':
      return webhook(url, await keyring.secretIfAny(config.secret));
  }
}

/** Reads the secrets of a sink, and knows by which forms of them nothing may be told. */
class Keyring {
  readonly forms: string[] = [];
  readonly #root: Root;
  readonly #sink: string;

  constructor(root: Root, sink: string) {
    this.#root = root;
    this.#sink = sink;
  }

  async secret(from: SecretPlace, key: string): Promise<string> {
    const secret = await readSecret({ from }, this.#root.host.secretEnv, this.#where(key));
    this.forms.push(...formsOf(secret));
    return secret;
  }

  async secretIfAny(from: SecretPlace | null): Promise<string | null> {
    return from === null ? null : this.secret(from, 'secret');
  }

  async address(from: SecretPlace): Promise<string> {
    return addressIn((await this.secret(from, 'url')).trim(), this.#where('url'));
  }

  #where(key: string): string {
    return `notify.${this.#sink}.${key}`;
  }
}
