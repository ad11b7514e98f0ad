import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { readRuns } from '../../src/agent/records.js';
import { outcomeOf, recordBegin, recordEnd, type Transition } from '../../src/agent/record-run.js';
import type { Workplace } from '../../src/agent/workplace.js';
import { next } from '../../src/domain/next.js';
import type { Outcome } from '../../src/domain/run.js';
import type { Event, Phase, Upgrade } from '../../src/domain/upgrade.js';
import { makePrivateFolder } from '../../src/os/files.js';
import type { Reason } from '../../src/domain/verdict.js';
import { openJournal, readEntries } from '../../src/state/journal.js';
import { listRuns, readRun, runFolder } from '../../src/state/runs.js';
import { EVENTS, NEW, OLD, PHASES, upgradeIn } from '../domain/upgrade-table.js';
import { ownPlace } from './place.js';

const OUTCOMES: [keyof typeof PHASES, keyof typeof EVENTS, Outcome | null][] = [
  ['idle', 'desired', null],
  ['staging', 'staged', null],
  ['staging', 'resumed', null],
  ['staging for the last time', 'resumed', 'failed'],
  ['staging', 'failed, the release', 'failed'],
  ['staging', 'failed, the surroundings', 'failed'],
  ['staging', 'failed, blocked', 'blocked'],
  ['staged', 'opened', null],
  ['staged', 'superseded', 'blocked'],
  ['activating', 'activated', null],
  ['activating', 'failed, blocked', 'blocked'],
  ['activating', 'failed, the surroundings', null],
  ['activating for the last time', 'resumed', null],
  ['proving', 'healthy', 'activated'],
  ['proving', 'kept', 'failed'],
  ['proving', 'unhealthy', null],
  ['proving', 'failed, the surroundings', null],
  ['rollingBack', 'switchedBack', null],
  ['rollingBack', 'rolledBack', 'rolledBack'],
  ['rollingBack', 'unhealthy', 'failed'],
  ['rollingBack', 'failed, the surroundings', 'failed'],
  ['rollingBack for the last time', 'resumed', 'failed'],
];

test('how a step ends a run, or does not', () => {
  for (const [phase, event, expected] of OUTCOMES) {
    const before = upgradeIn(PHASES[phase]);
    const after = next(before, EVENTS[event]);
    assert.equal(outcomeOf({ before, after, event: EVENTS[event] }), expected, `${phase} × ${event}`);
  }
});

/** How a run that these events make is recorded in the end. */
const STORIES: [string, Event[], Outcome, RegExp | null][] = [
  ['it goes well', [EVENTS.staged, EVENTS.opened, EVENTS.activated, EVENTS.healthy], 'activated', null],
  ['staging fails', [EVENTS['failed, the release']], 'failed', /^no network$/],
  ['there is no network', [EVENTS['failed, the surroundings']], 'failed', /^no network$/],
  [
    'staging is killed again and again',
    [EVENTS.resumed, EVENTS.resumed, EVENTS.resumed],
    'failed',
    /^staging was cut off 3 times$/,
  ],
  [
    'another release comes first',
    [EVENTS.staged, EVENTS.superseded],
    'blocked',
    /another release was desired/,
  ],
  [
    'it is unhealthy',
    [
      EVENTS.staged,
      EVENTS.opened,
      EVENTS.activated,
      EVENTS.unhealthy,
      EVENTS.switchedBack,
      EVENTS.rolledBack,
    ],
    ...(['rolledBack', /^it crashed$/] as const),
  ],
  [
    'it is unhealthy and kept',
    [EVENTS.staged, EVENTS.opened, EVENTS.activated, EVENTS.kept],
    ...(['failed', /^it crashed$/] as const),
  ],
  [
    'the way back fails',
    [EVENTS.staged, EVENTS.opened, EVENTS.activated, EVENTS.unhealthy, EVENTS['failed, the surroundings']],
    ...(['failed', /^it crashed; then the way back failed: no network$/] as const),
  ],
];

/** What kind of trouble the record tells; of the others none. */
const REASONS: Readonly<Record<string, Reason>> = {
  'staging fails': 'quarantined',
  'there is no network': 'offline',
  'staging is killed again and again': 'quarantined',
  'it is unhealthy': 'quarantined',
  'it is unhealthy and kept': 'quarantined',
  'the way back fails': 'stuck',
};

for (const [story, events, outcome, problem] of STORIES) {
  test(`the record of a run: ${story}`, async (context) => {
    const place = await ownPlace(context);
    let before: Upgrade = upgradeIn(idle);
    for (const event of [EVENTS.desired, ...events]) {
      const after = next(before, event);
      await record(place, { before, after, event });
      before = after;
    }
    const [run, ...others] = await listRuns(place.root.layout, 9);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [run?.id, run?.from, run?.to, run?.cause, run?.outcome, run?.reason],
      ['r', OLD, NEW, 'schedule', outcome, REASONS[story] ?? null],
    );
    assert.ok((run?.endedAt ?? 0) >= (run?.startedAt ?? 1));
    if (problem === null) assert.equal(run?.problem, null);
    else assert.match(run?.problem ?? '', problem);
  });
}

const idle: Phase = { at: 'idle' };

test('a run that goes on has no outcome, and the phases that it has reached', async (context) => {
  const place = await ownPlace(context);
  const staging = upgradeIn(PHASES.staging);
  await record(place, { before: upgradeIn(idle), after: staging, event: EVENTS.desired });
  const run = await readRun(place.root.layout, 'r');
  assert.deepEqual([run?.endedAt, run?.outcome], [null, null]);
  await record(place, { before: staging, after: next(staging, EVENTS.staged), event: EVENTS.staged });
  const [told] = await readRuns(place.root, 9);
  assert.deepEqual(
    told?.phases.map(({ at }) => at),
    ['staging', 'staged'],
  );
});

test('the record of a run tells what it went through, since when, each once, and nothing of other runs', async (context) => {
  const place = await ownPlace(context);
  const { layout } = place.root;
  const lines: [keyof typeof PHASES, string][] = [
    ['proving', 'former'],
    ['staging', 'r'],
    ['staging', 'r'],
    ['staged', 'r'],
    ['activating', 'r'],
    ['idle', ''],
  ];
  const journal = await openJournal(layout.journal);
  for (const [at, [name, run]] of lines.entries())
    await journal.append(upgradeIn(name === 'idle' ? PHASES.idle : { ...PHASES[name], run }), 10 * at);
  const before = upgradeIn(PHASES.proving);
  await recordEnd(place, { before, after: next(before, EVENTS.healthy), event: EVENTS.healthy });
  const told = await readRun(layout, 'r');
  assert.deepEqual(told?.phases, [
    { at: 'staging', since: 10 },
    { at: 'staged', since: 30 },
    { at: 'activating', since: 40 },
  ]);
  await appendFile(layout.journal, 'torn');
  assert.equal((await readEntries(layout.journal)).length, lines.length);
});

test('a run that was recorded before its phases were is read all the same', async (context) => {
  const { layout } = (await ownPlace(context)).root;
  const former = { ...{ schema: 1, id: 'r', cause: 'apply', from: OLD, to: NEW, startedAt: 1, endedAt: 2 } };
  await makePrivateFolder(runFolder(layout, 'r'));
  await writeFile(
    join(runFolder(layout, 'r'), 'run.json'),
    JSON.stringify({ ...former, outcome: 'activated', problem: null }),
  );
  assert.deepEqual((await readRun(layout, 'r'))?.phases, []);
});

test('a run whose beginning was not recorded any more is told all the same', async (context) => {
  const place = await ownPlace(context);
  const run = '20261124-061500-250-ab12';
  const before = upgradeIn({ ...PHASES.proving, run });
  await recordEnd(place, { before, after: next(before, EVENTS.healthy), event: EVENTS.healthy });
  const told = await readRun(place.root.layout, run);
  assert.deepEqual([told?.from, told?.to, told?.outcome], [OLD, NEW, 'activated']);
  assert.equal(told?.startedAt, Date.parse('2026-11-24T06:15:00.250Z'));
});

test('no run ends before it began, though the clock was set back meanwhile', async (context) => {
  const place = await ownPlace(context);
  const run = '20991124-061500-250-ab12';
  const before = upgradeIn({ ...PHASES.proving, run });
  const told = await recordEnd(place, { before, after: next(before, EVENTS.healthy), event: EVENTS.healthy });
  assert.equal(told?.endedAt, told?.startedAt);
});

/** As the worker does it. */
async function record(place: Workplace, step: Transition): Promise<void> {
  const { layout, host } = place.root;
  await recordEnd(place, step);
  await (await openJournal(layout.journal)).append(step.after, host.clock.now());
  await recordBegin(place, step);
}
