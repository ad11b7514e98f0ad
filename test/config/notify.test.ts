import assert from 'node:assert/strict';
import test from 'node:test';
import { parseMachineConfig } from '../../src/config/machine.js';
import { secretsOf, type SinkConfig } from '../../src/config/notify.js';
import { messageOf } from '../../src/domain/errors.js';

const SLACK = { type: 'slack', url: { env: 'URL' } };
const SECRET = 'https://hooks.example.com/T0/hunter2';

function parse(notify: unknown): readonly SinkConfig[] {
  const written = { repository: 'https://h/a.git', notify };
  return parseMachineConfig(written, { origin: 'gitops.json', strategy: 'releases' }).notify;
}

function mistakeOf(notify: unknown): string {
  try {
    parse(notify);
    return 'none';
  } catch (error) {
    return messageOf(error);
  }
}

test('a sink needs its type and the place of its secret: everything else has a default', () => {
  const telegram = {
    type: 'telegram',
    token: { file: '/t' },
    chat: -1001,
    level: 'problem',
    events: ['failed'],
  };
  assert.deepEqual(parse({ ops: SLACK, bot: telegram, alive: { type: 'uptimeKuma', url: { file: '/k' } } }), [
    { name: 'ops', type: 'slack', url: { env: 'URL' }, taste: { level: 'info', events: null } },
    {
      ...{ name: 'bot', type: 'telegram', token: { file: '/t' }, chat: '-1001', topic: null },
      ...{ api: 'https://api.telegram.org', taste: { level: 'problem', events: ['failed'] } },
    },
    { name: 'alive', type: 'uptimeKuma', url: { file: '/k' }, taste: { level: 'info', events: null } },
  ]);
  assert.deepEqual(parse({}), []);
});

test('all places of secrets are known, so that no program gets their variables', () => {
  const sinks = parse({
    ops: SLACK,
    hook: { type: 'webhook', url: { env: 'A' }, secret: { env: 'B' } },
    bot: { type: 'telegram', token: { env: 'C' }, chat: '@shop' },
    mail: { type: 'command', command: 'mail ops' },
  });
  assert.deepEqual(
    sinks.flatMap(secretsOf).map((place) => ('env' in place ? place.env : place.file)),
    ['URL', 'A', 'B', 'C'],
  );
});

test('each mistake names the key and the mend', () => {
  const table: [unknown, RegExp][] = [
    [{ ops: { ...SLACK, type: 'slak' } }, /notify\.ops\.type: "slak" is no type; did you mean slack\?$/],
    [{ ops: { url: { env: 'URL' } } }, /notify\.ops\.type: .* known are slack, discord, /],
    [{ ops: { type: 'slack' } }, /notify\.ops\.url: this key is missing/],
    [{ ops: { ...SLACK, evnts: [] } }, /notify\.ops\.evnts: unknown key; did you mean events\?/],
    [{ ops: { ...SLACK, events: ['faild'] } }, /notify\.ops\.events\[0\]: "faild" .* did you mean failed\?/],
    [{ ops: { ...SLACK, events: [] } }, /notify\.ops\.events: is an empty list/],
    [{ ops: { ...SLACK, level: 'high' } }, /notify\.ops\.level: must be one of info, warning, problem/],
    [{ 'a b': SLACK }, /notify\.a b: is no name for a sink/],
    [{ ops: { type: 'command', command: ' ' } }, /notify\.ops\.command: must not be empty/],
    [{ ops: { ...SLACK, url: {} } }, /notify\.ops\.url: must say where the secret is/],
    [{ ops: { ...SLACK, url: { env: 'A', file: 'b' } } }, /notify\.ops\.url: must say where/],
  ];
  for (const [written, message] of table) assert.match(mistakeOf(written), message);
});

test('a secret in the place of its place is refused, and no message tells it', () => {
  const written = [
    SECRET,
    { ops: SECRET },
    { ops: { type: 'slack', url: SECRET } },
    { ops: { type: 'slack', url: { env: SECRET } } },
    { ops: { type: 'slack', url: { env: 'A', token: SECRET } } },
    { ops: { type: 'webhook', url: { env: 'A' }, secret: SECRET } },
    { bot: { type: 'telegram', token: [SECRET], chat: 1 } },
  ];
  for (const each of written) {
    const message = mistakeOf(each);
    assert.match(message, /notify/, JSON.stringify(each));
    assert.doesNotMatch(message, /hunter2/, JSON.stringify(each));
  }
});
