import assert from 'node:assert/strict';
import test from 'node:test';
import { parseMachineConfig, type MachineConfig } from '../../src/config/machine.js';
import { isGitOpsError } from '../../src/domain/errors.js';

const ORIGIN = { origin: 'gitops.json', strategy: 'releases' } as const;
const REPOSITORY = 'https://github.com/a/b.git';
const NO_RULES: MachineConfig['rules'] = {
  ...{ windows: null, freezes: [], soakMs: 0, wave: null, canary: false },
  ...{ major: 'auto', approval: 'none' },
};
const DEFAULTS: MachineConfig = {
  repository: REPOSITORY,
  channel: { kind: 'stable' },
  channelText: 'stable',
  strategy: 'releases',
  poll: { kind: 'interval', everyMs: 300_000 },
  timezone: null,
  rules: NO_RULES,
  tagPrefix: '',
  credentials: null,
  policy: null,
  verify: { mode: 'off', signers: 'gitops.signers', revoked: null, keyring: null, repository: null },
  github: null,
  apps: null,
  keep: 3,
  dirty: 'refuse',
  drift: 'repair',
  metrics: { listen: null, file: null },
  log: { format: 'pretty', level: 'info', file: null, maxBytes: 10_000_000, keep: 5 },
  name: null,
  labels: {},
  notify: [],
};

test('a repository is enough: everything else has a default', () => {
  assert.deepEqual(parseMachineConfig({ repository: REPOSITORY }, ORIGIN), DEFAULTS);
  assert.deepEqual(parseMachineConfig({ $schema: 'x', repository: REPOSITORY }, ORIGIN), DEFAULTS);
});

test('what a machine says is kept', () => {
  const table: [object, Partial<MachineConfig>][] = [
    [{ repository: 'git@github.com:a/b.git' }, { repository: 'git@github.com:a/b.git' }],
    [{ repository: 'ssh://git@host/a' }, { repository: 'ssh://git@host/a' }],
    [{ repository: '/srv/git/a.git' }, { repository: '/srv/git/a.git' }],
    [{ channel: '^2.3' }, { channel: { kind: 'range', range: '^2.3' }, channelText: '^2.3' }],
    [{ strategy: 'checkout' }, { strategy: 'checkout' }],
    [{ poll: '10s' }, { poll: { kind: 'interval', everyMs: 10_000 } }],
    [{ poll: '1h 30m' }, { poll: { kind: 'interval', everyMs: 5_400_000 } }],
    [{ poll: ' 0 3 * * * ' }, { poll: { kind: 'cron', expression: '0 3 * * *', timezone: null } }],
    [
      { poll: '0 3 * * *', timezone: 'Europe/Berlin' },
      {
        poll: { kind: 'cron', expression: '0 3 * * *', timezone: 'Europe/Berlin' },
        timezone: 'Europe/Berlin',
      },
    ],
    [{ tagPrefix: 'api@' }, { tagPrefix: 'api@' }],
    [
      { credentials: { env: 'TOKEN' } },
      { credentials: { username: 'x-access-token', from: { env: 'TOKEN' } } },
    ],
    [
      { credentials: { username: 'me', file: '/etc/token' } },
      { credentials: { username: 'me', from: { file: '/etc/token' } } },
    ],
    [{ apps: ['web', 'api'] }, { apps: ['web', 'api'] }],
    [{ keep: 2 }, { keep: 2 }],
    [{ dirty: 'stash' }, { dirty: 'stash' }],
    [
      { name: 'vps-07', labels: { region: 'eu' } },
      { name: 'vps-07', labels: { region: 'eu' } },
    ],
  ];
  for (const [written, expected] of table)
    assert.deepEqual(parseMachineConfig({ repository: REPOSITORY, ...written }, ORIGIN), {
      ...DEFAULTS,
      ...expected,
    });
});

test('each bad value is told with its key, the value and the mend', () => {
  const table: [object, RegExp][] = [
    [{ repository: '' }, /repository: must not be empty/],
    [{ repository: 3 }, /repository: 3 is not allowed; expected string/],
    [{ repository: '--upload-pack=x' }, /repository: must not begin with "-"/],
    [{ repository: 'https://u:p@h/a' }, /repository: must not hold a password or a token: name it under/],
    [{ repository: `https://ghp_${'a'.repeat(36)}@h/a` }, /repository: must not hold a password or a token/],
    [{ chanel: 'beta' }, /chanel: unknown key; did you mean channel\?/],
    [{ zzzzzz: 1 }, /zzzzzz: unknown key; known are \$schema, repository, channel/],
    [{ channel: 'not a channel' }, /channel: "not a channel" is no channel; write stable, beta/],
    [{ strategy: 'copy' }, /strategy: must be "releases" or "checkout"/],
    [{ poll: '5' }, /poll: "5" is neither a cron expression nor a duration; write "500ms"/],
    [{ poll: '9s' }, /poll: "9s" is too often; at least 10s/],
    [{ poll: '9999999999h' }, /poll: "9999999999h" is too seldom; at most 366d/],
    [{ poll: 300 }, /poll: 300 is not allowed; expected string/],
    [{ timezone: 'Mars/Olympus' }, /timezone: "Mars\/Olympus" is no IANA time zone/],
    [{ credentials: {} }, /credentials: must name exactly one of env \(a variable\) and file \(a path\)/],
    [{ credentials: { env: 'A', file: 'b' } }, /credentials: must name exactly one of env/],
    [{ credentials: { token: 's3cret' } }, /credentials\.token: unknown key; known are username, env, file/],
    [{ credentials: 'TOKEN' }, /credentials: "TOKEN" is not an object with keys username, env, file/],
    [{ apps: [] }, /apps: must name an app, or be left out/],
    [{ apps: 'web' }, /apps: "web" is not allowed; expected Array/],
    [{ apps: [''] }, /apps\[0\]: must not be empty/],
    [{ keep: 1 }, /keep: must be at least 2/],
    [{ keep: 2.5 }, /keep: must be a whole number/],
    [{ dirty: 'overwrite' }, /dirty: must be "refuse" or "stash"/],
    [{ labels: { a: 1 } }, /labels\.a: 1 is not allowed; expected string/],
  ];
  for (const [written, message] of table)
    assert.match(mistakeOf({ repository: REPOSITORY, ...written }), message);
});

test('a configuration without a repository is none', () => {
  assert.equal(mistakeOf({}), 'gitops.json: repository: this key is missing');
});

test('all mistakes are told at once, and no secret of a value', () => {
  const message = mistakeOf({ repository: REPOSITORY, keep: 0, dirty: 'no', poll: 3 });
  for (const key of ['keep', 'dirty', 'poll']) assert.match(message, new RegExp(`^ {2}${key}: `, 'm'));
  assert.doesNotMatch(mistakeOf({ repository: ['https://u:hunter2@h/a'] }), /hunter2/);
});

function mistakeOf(value: unknown): string {
  try {
    parseMachineConfig(value, ORIGIN);
  } catch (error) {
    assert.ok(isGitOpsError(error, 'CONFIG_INVALID'));
    return error.message;
  }
  assert.fail(`it was accepted: ${JSON.stringify(value)}`);
}

test('a policy lies in the application’s own repository, and its secret goes to the repository it was named for', () => {
  const secret = { username: 'x-access-token', from: { env: 'TOKEN' } };
  const own = { repository: 'https://h/a.git', credentials: { env: 'TOKEN' } };
  const policyOf = (policy: object) => parseMachineConfig({ ...own, policy }, ORIGIN).policy;
  const here = { repository: 'https://h/a.git', ref: 'refs/heads/main', path: 'fleet.json', verify: 'off' };
  assert.deepEqual(policyOf({}), { ...here, credentials: secret });
  assert.deepEqual(policyOf({ ref: 'refs/tags/fleet', path: 'ops/fleet.json' }), {
    ...{ ...here, ref: 'refs/tags/fleet', path: 'ops/fleet.json', credentials: secret },
  });
  assert.deepEqual(policyOf({ repository: 'https://other/fleet.git' }), {
    ...{ ...here, repository: 'https://other/fleet.git', credentials: null },
  });
  assert.deepEqual(policyOf({ credentials: { file: '/t', username: 'u' } })?.credentials, {
    ...{ username: 'u', from: { file: '/t' } },
  });
  for (const [policy, complaint] of [
    [{ repository: 'https://u:p@h/f' }, /policy\.repository: must not hold a password/],
    [{ ref: 'a b' }, /policy\.ref: "a b" is no ref/],
    [{ ref: '-x' }, /policy\.ref: "-x" is no ref/],
    [{ path: '../fleet.json' }, /policy\.path: "\.\.\/fleet\.json" is no path within a repository/],
    [{ path: '/etc/fleet.json' }, /policy\.path/],
    [{ credentials: { env: 'A', file: 'b' } }, /policy: credentials must name exactly one/],
    [{ pth: 'a' }, /policy/],
  ] as const)
    assert.throws(() => policyOf(policy), { code: 'CONFIG_INVALID', message: complaint });
});
