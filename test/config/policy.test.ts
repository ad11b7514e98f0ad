import assert from 'node:assert/strict';
import test from 'node:test';
import { checkPolicy, parsePolicy } from '../../src/config/policy.js';
import { isGitOpsError } from '../../src/domain/errors.js';

const NOW = Date.UTC(2026, 10, 24, 12);
const HERE = { zone: 'UTC', now: NOW };

/** What is told of a policy with these keys, each line of it a key. */
async function told(...lines: readonly string[]): Promise<string[]> {
  const { mistakes } = await checkPolicy(['{ "version": 1,', ...lines, '}'].join('\n'), HERE);
  return mistakes.map(({ line, column, level, message }) => `${line}:${column} ${level} ${message}`);
}

// What stands in the file, and what is told about it: by line, column, key, value and mend.
const MISTAKES: [string, string[], string[]][] = [
  [
    'a mistyped key, at the key',
    ['  "chanel": "beta"'],
    ['2:3 error chanel: unknown key; did you mean channel?'],
  ],
  [
    'values of other kinds, all at once',
    ['  "soak": "two days", "major": "ask",', '  "groups": [{ "name": "", "match": { "ids": [1] } }]'],
    [
      '2:11 error soak: "two days" is no span; write "90s", "5m", "48h" or "2d"',
      '2:32 error major: must be "auto" or "manual"',
      '3:24 error groups[0].name: must not be empty',
      '3:47 error groups[0].match.ids[0]: 1 is not allowed; expected string',
    ],
  ],
  [
    'a key of a form among several, at the key',
    ['  "hold": { "resaon": "an audit" }'],
    ['2:13 error hold.resaon: unknown key; did you mean reason?'],
  ],
  [
    'what is none of several forms',
    ['  "hold": "yes", "tombstones": [{ "tag": "latest" }, 7]'],
    [
      '2:11 error hold: must be true, false, or an object with reason and until',
      '2:42 error tombstones[0].tag: "latest" is no version tag; write it whole, such as v1.5.0',
      '2:54 error tombstones[1]: must be a tag, or an object with tag and reason',
    ],
  ],
  [
    'channels that there are not',
    [
      '  "channels": { "nightly": { "follow": "branch:main" }, "stable": { "follow": "stable" } },',
      '  "channel": "nightyl", "groups": [{ "name": "a", "match": { "ids": ["x"] }, "channel": "no such" }]',
    ],
    [
      '3:14 warning channel: no channel of this policy is called nightyl: it takes prereleases such as 1.0.0-nightyl.1; did you mean nightly?',
      '3:89 error groups[0].channel: "no such" is neither a channel of this policy (nightly, stable) nor one by its form',
    ],
  ],
  [
    'a channel that follows another by a name that means something else there',
    ['  "channels": { "canary": { "follow": "beta" }, "wide": { "follow": "canary" } }'],
    [
      '2:69 warning channels.wide.follow: this means "canary" as a channel\'s form, not the channel of this policy, which follows "beta"',
    ],
  ],
  [
    'feeders that there are not, or in a circle, beside a mistake of another kind',
    [
      '  "channels": {',
      '    "a": { "follow": "stable", "after": { "channel": "b" } },',
      '    "b": { "follow": "beta", "after": { "channel": "c", "for": "2 days" } },',
      '    "c": { "follow": "rc", "after": { "channel": "a" } },',
      '    "d": { "follow": "stable", "after": { "channel": "betta" } },',
      '    "beta": { "follow": "beta" }, "e": { "follow": "stable", "after": { "channel": "main" } },',
      '    "main": { "follow": "branch:main" } }',
    ],
    [
      '3:54 error channels.a.after.channel: a after b after c after a: in this circle no release ever comes to any of them',
      '4:64 error channels.b.after.for: "2 days" is no span; write "90s", "5m", "48h" or "2d"',
      '6:54 error channels.d.after.channel: "betta" is no channel of this policy; did you mean beta?',
      '7:84 warning channels.e.after.channel: "branch:main" and "stable" have no release in common: nothing ever passes from one to the other',
    ],
  ],
  [
    'groups of one name, groups that nobody is in, globs that are none, a hold that lifts nothing',
    [
      '  "hold": true, "groups": [',
      '  { "name": "a", "match": {} },',
      '  { "name": "a", "match": { "names": ["vps-[12]"] }, "hold": false } ]',
    ],
    [
      '3:27 warning groups[0].match: it names no machine: nobody is in this group',
      '4:13 error groups[1].name: groups[0] is called "a" already',
      '4:39 warning groups[1].match.names[0]: "vps-[12]": only * and ? stand for something here',
      '4:62 warning groups[1].hold: a group does not lift the hold of all machines',
    ],
  ],
  [
    'tags that are no versions, stand twice, or are withdrawn',
    [
      '  "barriers": ["v1.5.0", "main", "api@2.0.0"], "approved": ["v2.0.0", "v2.0.0"],',
      '  "tombstones": ["v1.5.0", { "tag": "v1.6.0", "reason": "leaks" }], "pin": "v1.6.0"',
    ],
    [
      '2:16 error barriers[0]: "v1.5.0" is withdrawn by a tombstone: no machine ever gets past it',
      '2:26 error barriers[1]: "main" is no version tag; write it whole, such as v1.5.0',
      '2:71 warning approved[1]: "v2.0.0" stands here twice',
      '3:76 error pin: "v1.6.0" is withdrawn by a tombstone: no machine goes there',
    ],
  ],
  [
    'a pin that is written as a channel',
    ['  "pin": "1.x", "groups": [{ "name": "a", "match": { "names": ["*"] }, "pin": "nightly" }]'],
    ['2:10 warning pin: "1.x" is the form of a channel: a pin names one tag, such as v1.4.2'],
  ],
  [
    'machines that stand twice, or are not there',
    [
      '  "machines": [{ "id": "m-1" }, { "id": "m-1", "name": "x" }],',
      '  "groups": [{ "name": "a", "match": { "ids": ["m-2", "m-1"] } }]',
    ],
    [
      '2:41 error machines[1].id: "m-1" stands here twice',
      '3:48 warning groups[0].match.ids[0]: "m-2" is no machine of machines',
    ],
  ],
  [
    'moments that are none or have passed',
    ['  "expires": "2026-11-23", "hold": { "until": "2026-02-30" }, "timezone": "Berlin"'],
    [
      '2:14 error expires: "2026-11-23" has passed: every machine that reads this holds; name a moment to come',
      '2:47 error hold.until: "2026-02-30" is no moment; write 2026-12-24, 2026-12-24T18:00, or with an offset 2026-12-24T18:00+01:00 or …Z',
      '2:75 error timezone: "Berlin" is no IANA time zone, such as Europe/Berlin',
    ],
  ],
  [
    'moments that come soon, or ended a hold',
    ['  "expires": "2026-11-30T12:00", "hold": { "until": "2026-11-24T12:00Z" }'],
    [
      '2:14 warning expires: within a week every machine holds, unless a newer version comes before',
      '2:53 warning hold.until: "2026-11-24T12:00Z" has passed: nothing is held',
    ],
  ],
  [
    'windows and waves that are wrong, in whichever part they stand',
    [
      '  "window": [{ "cron": "0 25 * * *", "for": "1h" }, { "days": "frday", "from": "22:00", "to": "4" }],',
      '  "channels": { "a": { "follow": "rc", "wave": { "steps": { "0h": 20, "2h": 10 } } } },',
      '  "groups": [{ "name": "b", "match": { "ids": ["x"] }, "wave": { "lead": "1h", "steps": { "0h": 10 } },',
      '    "freeze": { "from": "2026-12-24", "to": "2026-12-23" } }]',
    ],
    [
      '2:13 warning window: no timezone is named: each machine reads this in its own',
      '2:24 error window[0].cron: "0 25 * * *" is no cron expression: 25 is a invalid expression for hour; for example "0 2 * * 1-5"',
      '2:63 error window[1].days: "frday" is no day; write "mon", "mon-fri" or "sat,sun"',
      '2:95 error window[1].to: "4" is no time; write "22:00"',
      '3:48 error channels.a.wave: steps: must grow, the times and the shares; write them in order, as { "0h": 10, "6h": 100 }',
      '4:89 warning groups[0].wave.steps: the last step is less than 100: some machines never have their turn',
      '5:15 error groups[0].freeze: ends before it begins: to has to lie after from',
      '5:15 warning groups[0].freeze: no timezone is named: each machine reads this in its own',
    ],
  ],
  [
    'a key that stands twice, which would hide the first',
    ['  "hold": true,', '  "hold": false'],
    ['3:3 error the key "hold" stands twice; write it once'],
  ],
  [
    'a label that would be left out without a word, so that the group takes in more machines',
    [
      '  "groups": [{ "name": "a", "match":',
      '    { "labels": { "region": "eu", "constructor": "x", "__proto__": "y" } } }]',
    ],
    [
      '3:35 error the name "constructor" is reserved; choose another',
      '3:55 error the name "__proto__" is reserved; choose another',
    ],
  ],
];

for (const [what, lines, expected] of MISTAKES)
  test(`a policy's mistakes are told: ${what}`, async () => {
    assert.deepEqual(await told(...lines), expected);
  });

test('what is no JSON is told with its place, and nothing else', async () => {
  const of = async (text: string): Promise<string[]> =>
    (await checkPolicy(text, HERE)).mistakes.map(
      ({ line, column, message }) => `${line}:${column} ${message}`,
    );
  assert.deepEqual(await of(''), ['1:1 the file is empty']);
  assert.deepEqual(await of('[]'), ['1:1 must be an object in braces']);
  assert.deepEqual(await of('{}'), ['1:1 version: this key is missing']);
  assert.deepEqual(await of('{ "version": 1.5 }'), [
    '1:14 version: must be a whole number that grows with every change',
  ]);
  assert.deepEqual(await of('{ "version": 1e308 }'), [
    '1:14 version: must be at most 9007199254740991: none could follow it',
  ]);
  assert.deepEqual(await of('{ "version": 1,\r\n  "hold" true }'), ['2:10 colon expected']);
  assert.deepEqual(await of('{ "version": 1'), ['1:15 close brace expected']);
  assert.deepEqual(await of('[['.repeat(100_000)), ['1:51 more than 50 levels of brackets']);
});

test('comments, trailing commas and the mark of Windows are no mistakes, brackets in texts no levels', async () => {
  const text = `\ufeff// ${'['.repeat(99)}\n{ /* the first */ "version": 1, "hold": { "reason": "${'['.repeat(99)}", }, }`;
  assert.deepEqual((await checkPolicy(text, HERE)).mistakes, []);
  const policy = await parsePolicy(text, { origin: 'fleet.json', zone: 'UTC' });
  assert.equal(policy.rules.hold?.reason, '['.repeat(99));
});

test('a policy is read whole, its days in its own zone', async () => {
  const text = `{
    "version": 7, "expires": "2027-01-31", "timezone": "Europe/Berlin", "soak": "2h", "window": { "days": "sat", "from": "22:00", "to": "04:00" }, "major": "manual",
    "hold": { "reason": "an audit", "until": "2026-11-25T18:00" },
    "channels": { "beta": { "follow": "beta" }, "stable": { "follow": "stable", "soak": "1d", "after": { "channel": "beta", "for": "48h" } } },
    "groups": [{ "name": "canaries", "match": { "names": ["vps-0*"] }, "channel": "beta", "canary": true, "timezone": "Asia/Tokyo", "wave": { "lead": "1h", "over": "6h" }, "freeze": { "from": "2026-12-24", "to": "2026-12-24", "reason": "a feast" }, "hold": { "until": "2026-11-25T18:00" } }],
    "tombstones": ["v1.2.3", { "tag": "v1.2.4", "reason": "leaks" }], "barriers": ["v1.5.0"], "approved": ["v2.0.0"],
    "machines": [{ "id": "m-1", "labels": { "region": "eu" } }],
  }`;
  const policy = await parsePolicy(text, { origin: 'fleet.json', zone: 'America/New_York' });
  const nothing = { channel: null, pin: null, hold: null, windows: null, freezes: [], soakMs: null };
  const silent = { ...nothing, wave: null, canary: null, major: null, approval: null };
  assert.deepEqual(policy, {
    version: 7,
    expires: Date.UTC(2027, 0, 31, 23),
    rules: {
      ...{ ...silent, soakMs: 7_200_000, major: 'manual' },
      windows: {
        zone: 'Europe/Berlin',
        allow: [{ kind: 'days', days: [6], from: 1_320, to: 240 }],
        deny: [],
      },
      hold: { reason: 'an audit', until: Date.UTC(2026, 10, 25, 17) },
    },
    groups: [
      {
        name: 'canaries',
        match: { ids: [], names: ['vps-0*'], labels: {} },
        rules: {
          ...{ ...silent, channel: 'beta', canary: true },
          freezes: [{ from: Date.UTC(2026, 11, 23, 15), to: Date.UTC(2026, 11, 24, 15), reason: 'a feast' }],
          wave: { canaryMs: 3_600_000, curve: { kind: 'linear', overMs: 21_600_000 } },
          hold: { reason: null, until: Date.UTC(2026, 10, 25, 9) },
        },
      },
    ],
    channels: {
      beta: {
        channel: { kind: 'prerelease', id: 'beta' },
        text: 'beta',
        soakMs: null,
        wave: null,
        after: null,
      },
      stable: {
        ...{ channel: { kind: 'stable' }, text: 'stable', soakMs: 86_400_000, wave: null },
        after: { channel: 'beta', forMs: 172_800_000 },
      },
    },
    tombstones: [
      { tag: 'v1.2.3', reason: null },
      { tag: 'v1.2.4', reason: 'leaks' },
    ],
    ...{ barriers: ['v1.5.0'], approved: ['v2.0.0'] },
    roster: [{ id: 'm-1', name: 'm-1', labels: { region: 'eu' } }],
  });
});

test('a policy with errors is refused with all of them, and their places', async () => {
  const text = '{\n  "version": 0,\n  "barriers": ["main"],\n  "groups": [{ "name": "a", "match": {} }]\n}';
  await assert.rejects(
    () => parsePolicy(text, { origin: 'fleet.json', zone: 'UTC' }),
    (error) =>
      isGitOpsError(error, 'CONFIG_INVALID') &&
      error.message ===
        'fleet.json:2:14: version: must be at least 1\nfleet.json:3:16: barriers[0]: "main" is no version tag; write it whole, such as v1.5.0',
  );
});

test('more channels than anybody can follow from one to the next are refused', async () => {
  const names = Array.from({ length: 1_001 }, (_, index) => `"c${index}": { "follow": "stable" }`);
  assert.deepEqual(await told(`  "channels": { ${names.join(', ')} }`), [
    '2:15 error channels: are more than 1000; name fewer',
  ]);
});

test('thousands of channels in one circle are told at once, and in a line that can be read', async () => {
  const channels = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, index) => [
      `c${index}`,
      { follow: 'stable', after: { channel: `c${(index + 1) % 3_000}` } },
    ]),
  );
  const began = performance.now();
  const lines = await told(`  "channels": ${JSON.stringify(channels)}`);
  const [first = '', ...others] = lines.filter((line) => line.includes(' after '));
  assert.match(first, /error channels\.c0\.after\.channel: c0 after c1 after .* after … after c0: in this/);
  assert.deepEqual([first.length < 250, others], [true, []]);
  // A walk from each channel anew took two minutes.
  assert.ok(performance.now() - began < 20_000);
});
