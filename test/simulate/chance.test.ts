import assert from 'node:assert/strict';
import test from 'node:test';
import { placeOf } from '../../src/agent/identity.js';
import { intervalSchedule } from '../../src/domain/turn.js';
import { machines, MINUTE_MS } from '../domain/fleet.js';
import { loadOf } from './load.js';

// What chance leaves of an even spread (docs/decisions/0018-chance-in-waves.md). Ids and tags are fixed: what holds today holds always.

const HOURS = Array.from({ length: 23 }, (_, hour) => (hour + 1) / 24);
const IDS = machines(10_000).map(({ id }) => id);
const TAGS = Array.from({ length: 60 }, (_, n) => `v1.${n}.0`);
const THOUSAND = IDS.slice(0, 1_000);

/** How far the share of the machines whose turn has come is from the curve, at each hour of a day. */
function deviations(ids: readonly string[], tag: string): number[] {
  const places = ids.map((id) => placeOf(id, tag));
  return HOURS.map((curve) => places.filter((place) => place < curve).length / ids.length - curve);
}

function farthest(values: readonly number[]): number {
  return Math.max(...values.map(Math.abs));
}

test('ten thousand machines: at each hour, of each release, at most 2 % from the curve', () => {
  for (const tag of TAGS.slice(0, 20)) {
    const far = farthest(deviations(IDS, tag));
    assert.ok(far < 0.02, `${tag}: ${far}`);
  }
});

test('a thousand machines: the mean of many releases is within 1 % of the curve at each hour, each of them within what chance allows', () => {
  const all = TAGS.map((tag) => deviations(THOUSAND, tag));
  const means = HOURS.map((_, hour) => all.reduce((sum, each) => sum + (each[hour] ?? 0), 0) / all.length);
  assert.ok(farthest(means) < 0.01, `${farthest(means)}`);
  // Kolmogorov: one release in a thousand is farther from its curve than 1.95 / √n.
  assert.ok(farthest(all.flat()) < 1.95 / Math.sqrt(THOUSAND.length), `${farthest(all.flat())}`);
});

test('for each release other machines are first', () => {
  const ranks = TAGS.slice(0, 20).map((tag) => ranksOf(THOUSAND.map((id) => placeOf(id, tag))));
  for (const [n, one] of ranks.entries())
    for (const other of ranks.slice(n + 1)) assert.ok(Math.abs(correlation(one, other)) < 0.13);
  const first = new Set(ranks.map((rank) => rank.indexOf(0)));
  assert.ok(first.size >= 19, `${first.size} machines were first`);
});

test('ten thousand machines that look every five minutes: no second has more than twice the mean', () => {
  const load = loadOf(offsets(IDS, 5 * MINUTE_MS));
  assert.ok(load.most <= 2 * load.mean, JSON.stringify(load));
});

test('a thousand machines that look every five minutes: no ten seconds have more than twice the mean', () => {
  const load = loadOf(offsets(THOUSAND, 5 * MINUTE_MS), 10);
  assert.ok(load.most <= 2 * load.mean, JSON.stringify(load));
});

/** How many of the machines look in each second of the interval. */
function offsets(ids: readonly string[], everyMs: number): Uint32Array {
  const looks = new Uint32Array(everyMs / 1_000);
  for (const id of ids) {
    const second = Math.floor(intervalSchedule(everyMs, id).offsetMs / 1_000);
    looks[second] = (looks[second] ?? 0) + 1;
  }
  return looks;
}

function ranksOf(values: readonly number[]): number[] {
  const ranks = new Array<number>(values.length).fill(0);
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  for (const [rank, { index }] of order.entries()) ranks[index] = rank;
  return ranks;
}

/** Spearman's: ranks of the same length without ties. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const squares = a.reduce((sum, rank, index) => sum + (rank - (b[index] ?? 0)) ** 2, 0);
  return 1 - (6 * squares) / (a.length * (a.length ** 2 - 1));
}
