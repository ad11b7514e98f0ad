import assert from 'node:assert/strict';
import test from 'node:test';
import type { Status } from '../../src/domain/status.js';
import { REASONS } from '../../src/domain/verdict.js';
import { headlineOf, type Tone } from '../../src/page/headline.js';
import { behindWindow, empty, idle, NOW, quarantined, staging, stuck } from './views.js';

const { status: IDLE } = idle();
const HELD = { open: false, reason: 'held', until: NOW, detail: 'a fair' } as const;

const TABLE: [string, Status, Tone, string][] = [
  ['where it should be', IDLE, 'good', 'Up to date'],
  ['in front of a window', behindWindow().status, 'waiting', 'Behind: waits for its window'],
  ['after a bad release', quarantined().status, 'bad', 'Behind: the release failed here'],
  ['stuck', stuck().status, 'bad', 'Stuck: an operator is needed'],
  [
    'stuck, by a journal that tells no reason',
    { ...stuck().status, why: null },
    'bad',
    'Stuck: an operator is needed',
  ],
  ['at work', staging().status, 'busy', 'Staging v1.2.0'],
  ['on the way back', { ...staging().status, phase: 'rollingBack' }, 'bad', 'Rolling back'],
  ['cut off', { ...staging().status, worker: null, why: null }, 'waiting', 'Cut off while staging'],
  ['fresh', empty().status, 'waiting', 'Nothing serves yet'],
  ['on a channel without any release', { ...IDLE, desired: null }, 'waiting', 'No release fits the channel'],
  ['up to date and held', { ...IDLE, why: HELD }, 'waiting', 'Up to date, but held'],
  [
    'behind until the next poll',
    { ...behindWindow().status, why: null },
    'waiting',
    'Behind: the next poll brings v1.2.0',
  ],
];

for (const [what, status, tone, title] of TABLE)
  test(`the headline of a machine that is ${what}`, () => {
    const told = headlineOf(status);
    assert.deepEqual([told.tone, told.title], [tone, title]);
  });

test('every reason is told in words, with its detail, and until when', () => {
  const titles = REASONS.map((reason) => {
    const told = headlineOf({ ...IDLE, behind: true, why: { ...HELD, reason } });
    assert.deepEqual([told.detail, told.until], ['a fair', NOW]);
    return told.title;
  });
  assert.equal(new Set(titles).size, REASONS.length);
});
