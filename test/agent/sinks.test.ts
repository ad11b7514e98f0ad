import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { beat, isSwitch, tellSink, type ListenerConfig } from '../../src/agent/sinks.js';
import type { Root } from '../../src/agent/root.js';
import type { Notice } from '../../src/domain/notice.js';
import type { Reception } from '../../src/domain/outbox.js';
import { KEYS } from '../bed/services.js';
import type { Answer } from '../bed/loopback.js';
import { release } from '../domain/releases.js';
import { openReceivers, someNotice, tellingRoot } from './told-root.js';

const LIMIT = { timeout: 60_000 };
const SIGNAL = new AbortController().signal;
const SERVICES = ['slack', 'discord', 'teams', 'wecom', 'dingtalk', 'feishu', 'webhook', 'telegram'];

// What means something to one service or another.
const HOSTILE = [
  '<!channel> <@all> <at user_id="all">all</at> @everyone @john <b>x</b> &amp; & [free](https://evil.example)',
  '*bold* _it_ ~s~ `code` ```block``` ||spoiler|| # head\n> quote\n- item\n\\* \\',
  '</b><script>alert(1)</script> \u001b[31mred \u202e evil 😀 👩‍👩‍👧 中文字符 \ud800',
].join('\n');

function listeners(root: Root): ListenerConfig[] {
  return root.config.notify.filter((sink): sink is ListenerConfig => !isSwitch(sink));
}

async function tellAll(root: Root, notice: Notice): Promise<Reception[]> {
  const sent = listeners(root).map((config) => tellSink(root, { config, notice }, SIGNAL));
  return (await Promise.all(sent)).map(({ reception }) => reception);
}

test('every service takes a notice, signed where it asks for that, and shows all of it', LIMIT, async (t) => {
  const receivers = await openReceivers(t);
  const root = await tellingRoot(t, receivers);
  const notes = { title: 'Spring', notes: 'faster\nsmaller' };
  assert.deepEqual(
    new Set((await tellAll(root, someNotice({ release: notes }))).map(({ kind }) => kind)),
    new Set(['taken']),
  );
  for (const service of SERVICES) {
    const [text = ''] = receivers.textsOf(service);
    for (const part of ['✗ vps-07: v1.1.0 (0202020) was rolled back, v1.0.0 (0101010) serves', '/srv/shop'])
      assert.ok(text.includes(part), `${service}: ${text}`);
    for (const part of ['cause: web (id 0) crashed', 'pm2-gitops retry v1.1.0', 'Spring', 'smaller'])
      assert.ok(text.includes(part), `${service}: ${text}`);
  }
});

test(
  'no text of a release or a cause is markup, calls anybody, or is too long, for any service',
  LIMIT,
  async (t) => {
    const receivers = await openReceivers(t);
    const root = await tellingRoot(t, receivers);
    const tag = 'v1.0.0-<@all>*_`[x](y)&';
    const long = someNotice({
      ...{ cause: HOSTILE.repeat(3).replaceAll('\n', ' '), to: release(tag, 3) },
      release: { title: HOSTILE, notes: `${HOSTILE}\n`.repeat(200) },
    });
    assert.ok((await tellAll(root, long)).every(({ kind }) => kind === 'taken'));
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom(...Array.from(HOSTILE)), fc.string({ unit: 'grapheme' })),
      maxLength: 300,
    });
    await fc.assert(
      fc.asyncProperty(text, text, text, async (cause, title, notes) => {
        const notice = someNotice({ cause, release: { title, notes }, to: release(`v${title}`, 2) });
        assert.ok((await tellAll(root, notice)).every(({ kind }) => kind === 'taken'));
      }),
      { numRuns: 25, examples: [['', ' ', '\n']] },
    );
    assert.deepEqual(receivers.misfits, []);
  },
);

test('what a service answers is understood as it is documented', LIMIT, async (t) => {
  const receivers = await openReceivers(t);
  const root = await tellingRoot(t, receivers);
  const cases: [string, Answer, Partial<Reception>][] = [
    ['slack', answer(429, '', { 'retry-after': '30' }), { kind: 'later', retryAfterMs: 30_000 }],
    ['slack', answer(404, 'no_service'), { kind: 'later', why: 'answered 404: no_service' }],
    ['slack', answer(400, 'invalid_payload'), { kind: 'refused' }],
    ['discord', answer(429, '{"retry_after":1.5}', { 'retry-after': '2' }), { retryAfterMs: 2_000 }],
    ['telegram', answer(429, '{"ok":false,"parameters":{"retry_after":35}}'), { retryAfterMs: 35_000 }],
    ['telegram', answer(401, '{"ok":false,"description":"Unauthorized"}'), { kind: 'later' }],
    ['dingtalk', answer(200, '{"errcode":130101,"errmsg":"send too fast"}'), { retryAfterMs: 600_000 }],
    ['dingtalk', answer(200, '{"errcode":310000,"errmsg":"sign not match"}'), { kind: 'later' }],
    ['wecom', answer(200, '{"errcode":45009,"errmsg":"api freq out of limit"}'), { retryAfterMs: 60_000 }],
    ['wecom', answer(200, '{"errcode":45002,"errmsg":"too long"}'), { kind: 'refused' }],
    ['feishu', answer(200, '{"code":11232,"msg":"frequency limited"}'), { retryAfterMs: 60_000 }],
    ['feishu', answer(200, '{"code":19021,"msg":"sign match fail"}'), { kind: 'later' }],
    ['feishu', answer(400, '{"code":9499,"msg":"Bad Request"}'), { kind: 'refused' }],
    ['wecom', answer(200, '<html>please log in</html>'), { kind: 'later', retryAfterMs: null }],
    ['teams', answer(502, 'bad gateway'), { kind: 'later', retryAfterMs: null }],
    ['webhook', answer(302, '', { location: 'https://elsewhere.example/x' }), { kind: 'later' }],
  ];
  for (const [name, given, wanted] of cases) {
    receivers.refusals.push(given);
    const config = listeners(root).find((sink) => sink.name === name);
    assert.ok(config !== undefined);
    const { reception } = await tellSink(root, { config, notice: someNotice() }, SIGNAL);
    assert.deepEqual({ ...reception, ...wanted }, reception, `${name}: ${given.body.toString()}`);
  }
});

test('no failure tells a secret, however a service quotes it, and an address is one', LIMIT, async (t) => {
  const receivers = await openReceivers(t);
  const root = await tellingRoot(t, receivers);
  const secrets = [...Object.values(KEYS), ...Object.values(receivers.addresses())];
  for (const config of listeners(root)) {
    const quoted = secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]).join(' ');
    receivers.refusals.push(
      answer(500, quoted.slice(0, 60_000)),
      answer(301, '', { location: `/${quoted}` }),
    );
    for (let time = 0; time < 2; time += 1) {
      const { reception } = await tellSink(root, { config, notice: someNotice() }, SIGNAL);
      const own = Object.entries(KEYS).filter(([name]) => name.startsWith(config.type));
      for (const [name, secret] of own)
        assert.ok(!JSON.stringify(reception).includes(secret), `${name}: ${JSON.stringify(reception)}`);
      assert.equal(reception.kind, 'later');
    }
  }
});

test(
  'a sink without its secret, or with one that is no address, fails by name and tries again',
  LIMIT,
  async (t) => {
    const receivers = await openReceivers(t);
    const root = await tellingRoot(t, receivers, {
      ops: { type: 'slack', url: { env: 'URL_none' } },
      odd: { type: 'slack', url: { env: 'SECRET_webhook' } },
      file: { type: 'discord', url: { file: '/nowhere/discord.url' } },
    });
    const whys = (await tellAll(root, someNotice())).map((reception) => JSON.stringify(reception));
    assert.match(whys[0] ?? '', /notify\.ops\.url: the environment variable URL_none is not set/);
    assert.match(whys[1] ?? '', /notify\.odd\.url: what is there is no http\(s\) address/);
    assert.match(whys[2] ?? '', /notify\.file\.url: cannot read \/nowhere\/discord\.url/);
  },
);

test(
  'a command hears a notice on its input and in its environment, and none of it is a command',
  LIMIT,
  async (t) => {
    const receivers = await openReceivers(t);
    const command = 'cat > heard.json; printf %s "$GITOPS_EVENT $GITOPS_TAG" > heard.txt';
    const root = await tellingRoot(t, receivers, {
      good: { type: 'command', command },
      bad: { type: 'command', command: 'echo no mail here >&2; exit 7' },
    });
    const tag = 'v1.0.0-$(touch owned)`touch owned`;touch owned';
    const [good, bad] = await tellAll(root, someNotice({ to: release(tag, 2) }));
    assert.deepEqual(good, { kind: 'taken' });
    assert.deepEqual(bad, { kind: 'later', why: 'ended with 7: no mail here', retryAfterMs: null });
    const heard = await readFile(join(root.layout.root, 'heard.json'), 'utf8');
    assert.match(heard, /^\{"schema":1,"id":"a-machine-1".*"event":"rolledBack".*\}\n$/);
    assert.equal(await readFile(join(root.layout.root, 'heard.txt'), 'utf8'), `rolledBack ${tag}`);
    await assert.rejects(readFile(join(root.layout.root, 'owned')), { code: 'ENOENT' });
  },
);

test("a dead man's switch is told how it is, in the place of what its address says", LIMIT, async (t) => {
  const receivers = await openReceivers(t);
  const root = await tellingRoot(t, receivers);
  const config = root.config.notify.find(isSwitch);
  assert.ok(config !== undefined);
  await beat(root, { config, heartbeat: { up: true, words: 'v1.0.0 runs' } }, SIGNAL);
  const long = { up: false, words: `stuck: ${'x'.repeat(400)}\nand more` };
  assert.deepEqual(await beat(root, { config, heartbeat: long }, SIGNAL), { kind: 'taken' });
  const [first, second = ''] = receivers.textsOf('kuma');
  assert.equal(first, 'up: v1.0.0 runs');
  assert.match(second, /^down: stuck: x{240,}…$/);
  receivers.refusals.push(answer(404, '{"ok":false,"msg":"Monitor not found or not active."}'));
  assert.equal((await beat(root, { config, heartbeat: long }, SIGNAL)).kind, 'later');
});

function answer(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: Buffer.from(body) };
}
