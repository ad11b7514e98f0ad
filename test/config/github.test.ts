import assert from 'node:assert/strict';
import test from 'node:test';
import { parseMachineConfig, type MachineConfig } from '../../src/config/machine.js';

const ORIGIN = { origin: 'gitops.json', strategy: 'releases' } as const;
const REPOSITORY = 'https://github.com/acme/shop.git';

function parse(github: unknown, more: object = {}): MachineConfig['github'] {
  return parseMachineConfig({ repository: REPOSITORY, ...more, github }, ORIGIN).github;
}

test('without the key, or with false, GitHub is not asked; true asks as the repository’s address says', () => {
  assert.equal(parse(undefined), null);
  assert.equal(parse(false), null);
  const usual = { api: 'https://api.github.com', owner: 'acme', repo: 'shop', rights: { kind: 'none' } };
  assert.deepEqual(parse(true), { ...usual, checks: 'none', deployments: null });
  const table: [string, string][] = [
    [REPOSITORY, 'https://api.github.com acme/shop'],
    ['https://github.com/acme/shop/', 'https://api.github.com acme/shop'],
    ['https://deploy@github.com/acme/shop.js', 'https://api.github.com acme/shop.js'],
    ['git@github.com:acme/shop.git', 'https://api.github.com acme/shop'],
    ['ssh://git@github.com/acme/shop.git', 'https://api.github.com acme/shop'],
    ['ssh://git@ssh.github.com:443/acme/shop.git', 'https://api.github.com acme/shop'],
    ['git@git.acme.example:acme/shop', 'https://git.acme.example/api/v3 acme/shop'],
    ['ssh://git@git.acme.example:2222/acme/shop', 'https://git.acme.example/api/v3 acme/shop'],
    ['https://git.acme.example:8443/acme/shop', 'https://git.acme.example:8443/api/v3 acme/shop'],
  ];
  for (const [repository, expected] of table) {
    const github = parse(true, { repository });
    assert.equal(`${github?.api} ${github?.owner}/${github?.repo}`, expected, repository);
  }
});

test('a secret goes to the API of the host that it was named for, unless github names one', () => {
  const credentials = { env: 'TOKEN' };
  const rightsOf = (github: unknown) => parse(github, { credentials })?.rights;
  assert.deepEqual(rightsOf(true), { kind: 'token', from: { env: 'TOKEN' } });
  assert.deepEqual(rightsOf({ api: 'https://api.github.com/' }), { kind: 'token', from: { env: 'TOKEN' } });
  assert.deepEqual(rightsOf({ api: 'https://elsewhere.example/api/v3' }), { kind: 'none' });
  assert.deepEqual(rightsOf({ token: { file: '/etc/token' } }), {
    kind: 'token',
    from: { file: '/etc/token' },
  });
  const app = { id: 4711, installation: 42, keyFile: '/etc/app.pem' };
  assert.deepEqual(rightsOf({ app }), {
    kind: 'app',
    app: '4711',
    installation: 42,
    keyFile: '/etc/app.pem',
  });
});

test('what is asked for is kept', () => {
  assert.equal(parse({ checks: true })?.checks, 'all');
  assert.deepEqual(parse({ checks: ['build', 'ci/e2e'] })?.checks, ['build', 'ci/e2e']);
  assert.deepEqual(parse({ deployments: true })?.deployments, { environment: null });
  assert.deepEqual(parse({ deployments: { environment: 'eu' } })?.deployments, { environment: 'eu' });
  assert.equal(parse({ repository: 'acme/other' }, { repository: '/srv/git/shop.git' })?.repo, 'other');
  const latest = { repository: REPOSITORY, channel: 'latest' };
  assert.deepEqual(parseMachineConfig({ ...latest, github: true }, ORIGIN).channel, { kind: 'latest' });
  assert.deepEqual(parseMachineConfig({ ...latest, policy: {} }, ORIGIN).channel, { kind: 'latest' });
});

test('what is wrong is told with its key, the value and the mend', () => {
  const app = { id: '1', installation: 2, keyFile: '/k' };
  const table: [object, RegExp][] = [
    [{ github: 'yes' }, /github: "yes" is not allowed/],
    [{ github: { chekcs: true } }, /github\.chekcs: unknown key; did you mean checks\?/],
    [{ github: { checks: 'build' } }, /github\.checks: "build" is not allowed/],
    [{ github: { checks: [] } }, /github\.checks: must name a check, or be true/],
    [
      { github: { deployments: { env: 'x' } } },
      /github\.deployments\.env: unknown key; known are environment/,
    ],
    [{ github: { token: {} } }, /github: token: must name exactly one of env/],
    [{ github: { token: { env: 'A' }, app } }, /github: must name token or app, not both/],
    [{ github: { app: { ...app, installation: 0 } } }, /github\.app\.installation: must be the number/],
    [
      { github: { api: 'http://git.example.com/api/v3' } },
      /github: api: "http:\/\/git.*" is no https address/,
    ],
    [
      { github: { api: 'https://u:hunter2@git.example.com' } },
      /github: api: "https:\/\/git\.example\.com" is no/,
    ],
    [
      { github: { repository: 'shop' } },
      /github: repository: "shop" is no owner and name; write "owner\/name"/,
    ],
    [
      { github: true, repository: '/srv/git/shop.git' },
      /github: cannot tell owner and name from "\/srv\/git/,
    ],
    [{ channel: 'latest' }, /channel: "latest" is the release that GitHub calls.*add "github": true/],
  ];
  for (const [written, message] of table)
    assert.throws(() => parseMachineConfig({ repository: REPOSITORY, ...written }, ORIGIN), {
      code: 'CONFIG_INVALID',
      message,
    });
});
