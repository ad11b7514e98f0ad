import assert from 'node:assert/strict';
import test from 'node:test';
import type { RestartConfig } from '../../src/config/release.js';
import { incarnations, type AppProcess } from '../../src/domain/process.js';
import { planWaves } from '../../src/runtime/waves.js';

const AUTO: RestartConfig = { mode: 'auto', first: 1, batch: null };

function app(pmId: number, changes: Partial<AppProcess> = {}): AppProcess {
  return {
    pmId,
    name: 'web',
    pid: 100 + pmId,
    status: 'online',
    startedAt: 1,
    cwd: '/srv/shop',
    script: '/srv/shop/app.js',
    mode: 'fork',
    isModule: false,
    killTimeoutMs: 1_600,
    ...changes,
  };
}

/** `restart 0`, `restart 1 2`: the waves as text. */
function waves(
  all: readonly AppProcess[],
  restart: Partial<RestartConfig> = {},
  old = incarnations(all),
): string[] {
  const planned = planWaves(all, old, { ...AUTO, ...restart });
  return planned.map(({ how, members }) => [how, ...members.map(({ pmId }) => pmId)].join(' '));
}

test('one goes first, then all the rest at once', () => {
  assert.deepEqual(waves([app(0), app(1), app(2)]), ['restart 0', 'restart 1 2']);
});

test('with no canary wanted, what is broken changes over at once, and what stayed is proven last', () => {
  const all = [app(0), app(1), app(2)];
  const onlyFirst = incarnations(all).slice(0, 1);
  assert.deepEqual(waves(all, { first: Number.POSITIVE_INFINITY }, onlyFirst), ['restart 0', 'leave 1 2']);
  assert.deepEqual(waves(all, {}, onlyFirst), ['leave 1 2', 'restart 0']);
});

test('the rest goes in batches', () => {
  assert.deepEqual(waves([app(0), app(1), app(2), app(3), app(4)], { batch: 3 }), [
    'restart 0',
    'restart 1 2 3',
    'restart 4',
  ]);
});

test('cluster workers are reloaded one by one', () => {
  const all = [app(0), app(1, { mode: 'cluster' }), app(2, { mode: 'cluster' }), app(3)];
  assert.deepEqual(waves(all), ['restart 0', 'restart 3', 'reload 1', 'reload 2']);
  assert.deepEqual(waves(all, { mode: 'restart' }), ['restart 0', 'restart 1 2 3']);
});

test('a cluster worker that does not live cannot be reloaded', () => {
  assert.deepEqual(waves([app(0, { mode: 'cluster', pid: null, status: 'errored' })]), ['restart 0']);
});

test('what a person stopped stays stopped, what crashed is started', () => {
  const all = [app(0, { pid: null, status: 'stopped' }), app(1, { pid: null, status: 'errored' }), app(2)];
  assert.deepEqual(waves(all), ['restart 1', 'restart 2']);
});

test('what already changed over is only proven, and counts as the first', () => {
  const all = [app(0), app(1), app(2)];
  const old = incarnations([app(0, { pid: 7 }), app(1), app(2)]);
  assert.deepEqual(waves(all, {}, old), ['leave 0', 'restart 1 2']);
  assert.deepEqual(waves(all, {}, []), ['leave 0 1 2']);
});
