import assert from 'node:assert/strict';
import test from 'node:test';
import { readCrons } from '../../src/config/cron.js';
import { parseMachineConfig, type MachineConfig } from '../../src/config/machine.js';
import { isGitOpsError } from '../../src/domain/errors.js';
import type { Window } from '../../src/domain/window.js';

const REPOSITORY = 'https://h/a.git';
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];

async function rulesOf(written: object): Promise<MachineConfig['rules']> {
  const file = { repository: REPOSITORY, timezone: 'Europe/Berlin', ...written };
  const crons = await readCrons(file);
  return parseMachineConfig(file, { origin: 'gitops.json', strategy: 'releases', crons }).rules;
}

async function mistakeOf(written: object): Promise<string> {
  try {
    await rulesOf(written);
  } catch (error) {
    assert.ok(isGitOpsError(error, 'CONFIG_INVALID'));
    return error.message;
  }
  assert.fail(`it was accepted: ${JSON.stringify(written)}`);
}

test('windows are read as people write them', async () => {
  const days = (more: object): Window[] => [{ kind: 'days', days: EVERY_DAY, from: 0, to: 1_440, ...more }];
  const night = { from: '22:00', to: '4:00' };
  const table: [unknown, Window[], Window[]][] = [
    [night, days({ from: 1_320, to: 240 }), []],
    [[night], days({ from: 1_320, to: 240 }), []],
    [{ days: 'sat' }, days({ days: [6] }), []],
    [{ days: 'mon-fri', from: '00:00', to: '24:00' }, days({ days: [1, 2, 3, 4, 5] }), []],
    [{ days: ['Saturday', 'sun, MON'] }, days({ days: [6, 0, 1] }), []],
    [{ days: 'fri-mon' }, days({ days: [5, 6, 0, 1] }), []],
    [{ days: 'mon,mon-tue' }, days({ days: [1, 2] }), []],
    [{ days: 'fri', deny: true }, [], days({ days: [5] })],
    [[night, { days: 'fri', deny: true }], days({ from: 1_320, to: 240 }), days({ days: [5] })],
  ];
  for (const [window, allow, deny] of table)
    assert.deepEqual((await rulesOf({ window })).windows, { zone: 'Europe/Berlin', allow, deny });
  assert.equal((await rulesOf({})).windows, null);
});

test('a cron opens for a while: weekdays by name, the last and the nth of a month too', async () => {
  const { windows } = await rulesOf({
    window: [
      { cron: ' 0 22-2/2 L-3,15W * 5#2 ', for: '3h' },
      { cron: '*/30 1 LW,L 6 mon,7L', for: '90s', deny: true },
    ],
  });
  const months = EVERY_DAY.concat([7, 8, 9, 10, 11]).map((month) => month + 1);
  assert.deepEqual(windows, {
    zone: 'Europe/Berlin',
    allow: [
      {
        ...{ kind: 'cron', forMs: 10_800_000 },
        cron: {
          ...{ minutes: [0], hours: [0, 2, 22], months, weekdays: [{ weekday: 5, nth: 2 }] },
          daysOfMonth: [{ beforeLast: 3 }, { workdayNear: 15 }],
        },
      },
    ],
    deny: [
      {
        ...{ kind: 'cron', forMs: 90_000 },
        cron: {
          ...{ minutes: [0, 30], hours: [1], months: [6], weekdays: [1, { weekday: 0, nth: 'last' }] },
          daysOfMonth: [{ workdayNear: 'last' }, { beforeLast: 0 }],
        },
      },
    ],
  });
});

test('a window that says nothing, or too much, is refused with its mend', async () => {
  const table: [unknown, RegExp][] = [
    [[], /window: is an empty list; leave the key out/],
    [Array.from({ length: 25 }, () => ({ days: ['mon'] })), /window: 25 are too many; at most 24/],
    ['22:00-04:00', /window: "22:00-04:00" is not an object with keys days, from, to, cron, for, deny/],
    [{}, /window: names no time; write days, from and to, or cron and for/],
    [{ deny: true }, /window: names no time/],
    [{ days: 'funday' }, /window\.days: "funday" is no day; write "mon", "mon-fri" or "sat,sun"/],
    [{ days: 'mon-tue-wed' }, /window\.days: "mon-tue-wed" is no day/],
    [{ days: '' }, /window\.days: must not be empty/],
    [{ days: 5 }, /window\.days: must be days as text/],
    [[{ days: 'sat' }, { days: ['sat', 'x'] }], /window\[1\]\.days: "x" is no day/],
    [{ from: '22:00' }, /window: needs both from and to, or neither: the whole day/],
    [{ from: '25:00', to: '04:00' }, /window\.from: "25:00" is no time; write "22:00"/],
    [{ from: '24:00', to: '04:00' }, /window: begins at "24:00"; write "00:00" of the next day/],
    [{ from: 22, to: 4 }, /window\.from: 22 is not allowed; expected string/],
    [{ cron: '0 2 * * *' }, /window: says by cron when it opens, but not for how long; write "for": "3h"/],
    [{ cron: '0 2 * * *', for: '3h', days: 'sat' }, /window: has cron, so days, from and to are too much/],
    [{ from: '22:00', to: '04:00', for: '3h' }, /window: has for, which belongs to cron/],
    [{ cron: '0 25 * * *', for: '3h' }, /window: "0 25 \* \* \*" is no cron expression: .*hour.*"0 2/],
    [{ cron: '0 0 2 * * *', for: '3h' }, /window: "0 0 2 \* \* \*" has seconds; write five fields/],
    [{ cron: '0 2 * * *', for: 3 }, /window\.for: 3 is no span; write it with its unit/],
    [{ cron: '0 2 * * *', for: '9s' }, /window\.for: "9s" is out of bounds; at least 10s, at most 7d/],
    [{ days: 'sat', form: '22:00' }, /window\.form: unknown key; did you mean f(or|rom)\?/],
  ];
  for (const [window, message] of table) assert.match(await mistakeOf({ window }), message);
});

test('a label that is called cron is a label', async () => {
  assert.equal((await rulesOf({ labels: { cron: 'nightly' } })).windows, null);
});

test('freezes are dates and moments in the zone of the file; a date as the end includes that day', async () => {
  const utc = (text: string): number => Date.parse(`${text}Z`);
  const { freezes } = await rulesOf({
    freeze: [
      { from: '2026-12-20', to: '2027-01-05', reason: 'the fair' },
      { from: '2026-06-01T18:00', to: '2026-06-01 20:30' },
      { from: '2026-06-01T18:00Z', to: '2026-06-02T00:00+02:00' },
    ],
  });
  assert.deepEqual(freezes, [
    { from: utc('2026-12-19T23:00'), to: utc('2027-01-05T23:00'), reason: 'the fair' },
    { from: utc('2026-06-01T16:00'), to: utc('2026-06-01T18:30'), reason: null },
    { from: utc('2026-06-01T18:00'), to: utc('2026-06-01T22:00'), reason: null },
  ]);
  const oneDay = await rulesOf({ freeze: { from: '2026-03-29', to: '2026-03-29' }, timezone: 'UTC' });
  assert.deepEqual(oneDay.freezes, [
    { from: utc('2026-03-29T00:00'), to: utc('2026-03-30T00:00'), reason: null },
  ]);
});

test('a freeze without an end, or with one that lies before its beginning, is refused', async () => {
  const table: [unknown, RegExp][] = [
    [{ from: '2026-12-20' }, /freeze\.to: this key is missing/],
    [{ from: '2026-12-20', to: '2026-12-19' }, /freeze: ends before it begins: to has to lie after from/],
    [{ from: '2026-12-20T10:00', to: '2026-12-20T10:00' }, /freeze: ends before it begins/],
    [{ from: '2026-02-30', to: '2026-03-01' }, /freeze\.from: "2026-02-30" is no moment; write 2026-12-24/],
    [{ from: 'Christmas', to: '2027-01-01' }, /freeze\.from: "Christmas" is no moment/],
  ];
  for (const [freeze, message] of table) assert.match(await mistakeOf({ freeze }), message);
});

test('soaks, majors and approvals are read; a number without its unit is no span', async () => {
  const rules = await rulesOf({ soak: '48h', major: 'manual', approval: 'required' });
  assert.deepEqual([rules.soakMs, rules.major, rules.approval], [172_800_000, 'manual', 'required']);
  assert.match(await mistakeOf({ soak: 48 }), /soak: 48 is no span; write it with its unit, as "90s"/);
  assert.match(await mistakeOf({ soak: '48' }), /soak: "48" is no span/);
  assert.match(
    await mistakeOf({ soak: '9999d' }),
    /soak: "9999d" is out of bounds; at least 0s, at most 366d/,
  );
  assert.match(await mistakeOf({ major: 'no' }), /major: must be "auto" or "manual"/);
  assert.match(await mistakeOf({ approval: true }), /approval: must be "none" or "required"/);
});

test('a wave has a lead and a curve, over a time or in steps', async () => {
  const linear = await rulesOf({ wave: { lead: '2h', over: '24h' } });
  assert.deepEqual(linear.wave, { canaryMs: 7_200_000, curve: { kind: 'linear', overMs: 86_400_000 } });
  assert.equal(linear.canary, false);
  const stepped = await rulesOf({ wave: { canary: true, steps: { '0h': 10, '6h': 50, '1d': 100 } } });
  assert.deepEqual(stepped.wave, {
    canaryMs: 0,
    curve: {
      kind: 'steps',
      steps: [
        { atMs: 0, share: 0.1 },
        { atMs: 21_600_000, share: 0.5 },
        { atMs: 86_400_000, share: 1 },
      ],
    },
  });
  assert.equal(stepped.canary, true);
});

test('a curve that is missing or wrong never means all at once: it is refused', async () => {
  const table: [unknown, RegExp][] = [
    [{}, /wave: must have exactly one of over, such as "24h", and steps, such as/],
    [{ canary: true }, /wave: must have exactly one of over/],
    [{ over: '24h', steps: { '0h': 100 } }, /wave: must have exactly one of over/],
    [{ over: '0s' }, /wave\.over: "0s" is out of bounds; at least 1ms/],
    [{ over: 24 }, /wave\.over: 24 is no span/],
    [{ over: null }, /wave\.over: null is no span/],
    [{ steps: {} }, /wave: steps: names no step/],
    [
      { steps: { '6h': 50, '0h': 10 } },
      /wave: steps: must grow, the times and the shares; write them in order/,
    ],
    [{ steps: { '0h': 50, '6h': 50 } }, /wave: steps: must grow/],
    [{ steps: { '1h': 10, '60m': 50 } }, /wave: steps: must grow/],
    [{ steps: { 6: 50 } }, /wave: steps: "6" is no span of at most 366d; write "0h" or "6h"/],
    [{ steps: { '0h': 0 } }, /wave: steps: 0 after "0h" is no share; write percent/],
    [{ steps: { '0h': 101 } }, /wave: steps: 101 after "0h" is no share/],
    [{ steps: { '0h': '10%' } }, /wave\.steps\.0h: "10%" is not allowed; expected number/],
    ['24h', /wave: "24h" is not an object with keys canary, lead, over, steps/],
  ];
  for (const [wave, message] of table) assert.match(await mistakeOf({ wave }), message);
});
