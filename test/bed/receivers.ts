import { LoopbackServer, type Answer, type Ask, type Fault } from './loopback.js';
import { json, KEYS, SERVICES } from './services.js';

/** A message that a service took. */
export interface Taken {
  readonly service: string;
  /** All that a person would read of it. */
  readonly text: string;
  readonly ask: Ask;
}

/** All services that take notices, on one loopback server: each takes what its documentation allows and refuses the rest as it really does. */
export class Receivers {
  readonly taken: Taken[] = [];
  /** What did not fit the documentation; a test ends with none. */
  readonly misfits: string[] = [];
  /** Everything that came, taken or not, also while a fault is on. */
  readonly asked: string[] = [];
  /** Answers to be given instead, one for each request, first come. */
  readonly refusals: Answer[] = [];
  readonly #server: LoopbackServer;

  private constructor(server: LoopbackServer) {
    this.#server = server;
    server.answer = (ask) => this.#answer(ask);
  }

  static async open(): Promise<Receivers> {
    return new Receivers(await LoopbackServer.open());
  }

  get url(): string {
    return this.#server.url;
  }

  set fault(fault: Fault) {
    this.#server.fault = fault;
  }

  /** Breaks off what hangs. */
  hangUp(): void {
    this.#server.hangUp();
  }

  /** The addresses as the services give them out. */
  addresses(): Record<
    'slack' | 'discord' | 'teams' | 'dingtalk' | 'wecom' | 'feishu' | 'webhook' | 'kuma',
    string
  > {
    const { url } = this;
    return {
      slack: `${url}/services/${KEYS.slack}`,
      discord: `${url}/api/webhooks/4711/${KEYS.discord}`,
      teams: `${url}/workflows/0123/triggers/manual/paths/invoke?api-version=1&sig=${KEYS.teams}`,
      dingtalk: `${url}/robot/send?access_token=${KEYS.dingtalk}`,
      wecom: `${url}/cgi-bin/webhook/send?key=${KEYS.wecom}`,
      feishu: `${url}/open-apis/bot/v2/hook/${KEYS.feishu}`,
      webhook: `${url}/hooks/${KEYS.webhook}`,
      kuma: `${url}/api/push/${KEYS.kuma}?status=up&msg=OK&ping=`,
    };
  }

  /** The texts that a service took, in the order in which they came. */
  textsOf(service: string): string[] {
    return this.taken.filter((each) => each.service === service).map(({ text }) => text);
  }

  async close(): Promise<void> {
    await this.#server.close();
    if (this.misfits.length > 0) throw new Error(`not as documented:\n${this.misfits.join('\n')}`);
  }

  #answer(ask: Ask): Answer {
    this.asked.push(ask.path);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return refusal;
    const found = SERVICES.find(({ path }) => path.test(ask.path));
    if (found === undefined) return json(404, { error: 'nothing here' });
    try {
      const text = found.read(ask);
      if (this.#server.fault === 'none') this.taken.push({ service: found.name, text, ask });
      return found.good;
    } catch (error) {
      this.misfits.push(`${found.name}: ${String(error)}: ${ask.body.toString()}`);
      return found.bad;
    }
  }
}
