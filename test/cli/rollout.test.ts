import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createColors } from 'picocolors';
import * as v from 'valibot';
import { renderChart } from '../../src/cli/chart.js';
import { renderRollout } from '../../src/cli/render-rollout.js';
import { foresee } from '../../src/domain/rollout.js';
import { partsOfTag } from '../../src/domain/tag-parts.js';
import { group, groupRules, HOUR_MS, machines, policyWith, rolloutWith } from '../domain/fleet.js';
import { ownFolder } from '../folder.js';
import { runCli, type Ended } from './program.js';

const FLEET = `{
  // Comments may stand here.
  "version": 3,
  "soak": "6h",
  "groups": [
    { "name": "canaries", "match": { "names": ["vps-00"] }, "soak": "0s", "canary": true },
    { "name": "fair", "match": { "names": ["vps-01"] }, "hold": { "reason": "a fair" } },
  ],
  "machines": [
    { "id": "a", "name": "vps-00" },
    { "id": "b", "name": "vps-01" },
    { "id": "c", "name": "vps-02" },
  ],
}`;
const DAY = { canaryMs: 0, curve: { kind: 'linear', overMs: 24 * HOUR_MS } } as const;

const answer = v.object({
  schema: v.literal(1),
  from: v.string(),
  machines: v.array(
    v.object({
      ...{ name: v.string(), group: v.nullable(v.string()), at: v.nullable(v.string()), canary: v.boolean() },
      why: v.nullable(v.object({ reason: v.string(), detail: v.string() })),
    }),
  ),
});

async function ask(context: TestContext, ...args: readonly string[]): Promise<Ended> {
  const folder = await ownFolder(context);
  await writeFile(join(folder, 'fleet.json'), FLEET);
  await writeFile(join(folder, 'none.json'), '[]');
  await writeFile(join(folder, 'wrong.json'), '[{ "id": "a", "nam": "vps-00" }]');
  await writeFile(join(folder, 'more.json'), '[{ "id": "d" }, { "id": "e", "name": "vps-00" }]');
  return runCli(folder, ['rollout', ...args]);
}

test('rollout tells who gets a release and when, in plain ASCII in a pipe', async (context) => {
  const { code, stdout } = await ask(
    context,
    'v2.0.0',
    '--policy',
    'fleet.json',
    '--out',
    '2026-12-01T09:00Z',
  );
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^v2\.0\.0 over v1\.0\.0, out 1 Dec .*\npolicy version 3; 3 machines, a look every 5 min/,
  );
  const rows = stdout.split('\n').filter((line) => line.startsWith('vps-'));
  assert.match(
    rows.join('\n'),
    /^vps-00 +canaries +stable +1 Dec \d\d:0\d +canary\nvps-02 +\(none\) .*soak\nvps-01 +fair .*never +held$/,
  );
  assert.match(stdout, /^! 1 of 3 never: held by the fleet's policy: a fair$/m);
  assert.match(stdout, /^100 % \|[ #]*\n/m);
  assert.match(stdout, /Nobody reports back/);
  assert.doesNotMatch(stdout, /[^\x20-\x7e\n]/);
});

test('rollout for programs: each machine with its moment, or why not', async (context) => {
  const said = await ask(context, 'v1.4.2', '--policy', 'fleet.json', '--out', '2026-12-01T09:00Z', '--json');
  const { from, machines: told } = v.parse(answer, JSON.parse(said.stdout));
  assert.equal(from, 'v1.4.1');
  assert.deepEqual(
    told.map(({ name, group: of, canary, at, why }) => [
      name,
      of,
      canary,
      at?.slice(0, 13) ?? null,
      why?.reason,
    ]),
    [
      ['vps-00', 'canaries', true, '2026-12-01T09', undefined],
      ['vps-01', 'fair', false, null, 'held'],
      ['vps-02', null, false, '2026-12-01T15', undefined],
    ],
  );
  const other = await ask(context, 'v1.4.2', '--policy', 'fleet.json', '--roster', 'more.json', '--json');
  assert.deepEqual(
    v.parse(answer, JSON.parse(other.stdout)).machines.map(({ name, group: of }) => [name, of]),
    [
      ['d', null],
      ['vps-00', 'canaries'],
    ],
  );
});

const MISTAKES: [string, readonly string[], RegExp][] = [
  ['no version', ['latest', '--policy', 'fleet.json'], /"latest" names no version/],
  ['no root and no policy', ['v1.0.0'], /no gitops\.json/],
  ['no such file', ['v1.0.0', '--policy', 'nix.json'], /there is no file nix\.json/],
  [
    'no machines',
    ['v1.0.0', '--policy', 'fleet.json', '--roster', 'none.json'],
    /none\.json names no machines/,
  ],
  [
    'a wrong key',
    ['v1.0.0', '--policy', 'fleet.json', '--roster', 'wrong.json'],
    /\[0\]\.nam: .*did you mean name/,
  ],
  ['no moment', ['v1.0.0', '--policy', 'fleet.json', '--out', 'soon'], /"soon" is no moment/],
  ['no span', ['v1.0.0', '--policy', 'fleet.json', '--poll', '1s'], /--poll "1s" is no span/],
  ['no version before', ['v1.0.0', '--policy', 'fleet.json', '--from', 'main'], /"main" names no version/],
];

for (const [what, args, expected] of MISTAKES)
  test(`rollout refuses: ${what}`, async (context) => {
    const { code, stderr } = await ask(context, ...args);
    assert.equal(code, 2);
    assert.match(stderr, expected);
  });

test('a large fleet is told by groups, with the first, the one in the middle and the last', () => {
  const rollout = rolloutWith({
    policy: policyWith({
      rules: groupRules({ wave: DAY }),
      groups: [group('canaries', 'vps-000?', { canary: true }), group('old', 'vps-001?', { channel: '0.x' })],
    }),
  });
  const arrivals = machines(200).map((one) => foresee(rollout, one));
  const told = renderRollout({ rollout, arrivals, now: rollout.out }, createColors(false));
  assert.match(told, /^canaries +all 10 +24 Nov 12:0\d +24 Nov 12:0\d +24 Nov 12:0\d$/m);
  assert.match(told, /^old +0 of 10$/m);
  assert.match(told, /^\(none\) +all 180 +24 Nov 12:\d\d +2[45] Nov \d\d:\d\d +25 Nov 1[12]:\d\d +wave$/m);
  assert.match(told, /^! 10 of 200 never: the channel 0\.x does not take v1\.1\.0$/m);
  assert.doesNotMatch(told, /at once/);
  const crowd = machines(50).map((one) => foresee(rolloutWith(), one));
  assert.match(
    renderRollout({ rollout, arrivals: crowd, now: rollout.out }, createColors(false)),
    /^! 50 of 50 at once: within 5 min from 24 Nov 12:00 on they all take it$/m,
  );
  const coloured = renderRollout({ rollout, arrivals, now: rollout.out }, createColors(true));
  assert.match(coloured, /^100 % │ *▁*[▁-█]*/m);
});

test('a chart of shares grows from the left to the right, and its axis fits its width', () => {
  const curve = { shares: [0, 0.25, 0.5, 0.75, 1, 1, 1, 1], from: 0, to: 8, say: String };
  assert.equal(
    renderChart(curve, true),
    `100 % |    ####
      |   #####
      |   #####
 50 % |  ######
      | #######
      | #######
      +--------
       0  4   8`,
  );
  assert.equal(renderChart(curve, false).split('\n')[4], '      │ ▄██████');
  const low = renderChart({ ...curve, shares: [0, 0.01, 0.02, 0.04] }, true);
  assert.match(low, /^ {2}5 % \|\n[^]*^2\.5 % \| {3}#$/m);
});

test('the version before one is the next lower that may have been', () => {
  const before = (tag: string): string | undefined => partsOfTag(tag)?.before;
  assert.deepEqual(
    ['v1.2.3', 'v1.2.0', '2.0.0', 'api@v3.0.0', 'v2.0.0-beta.1', 'v0.0.0', 'main', 'v1.2'].map(before),
    ['v1.2.2', 'v1.1.0', '1.0.0', 'api@v2.0.0', 'v1.0.0', 'v0.0.0-0', undefined, undefined],
  );
});
