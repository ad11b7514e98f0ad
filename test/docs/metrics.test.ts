import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { metricsOf } from '../../src/domain/metrics.js';
import { FULL } from '../domain/measured.js';
import { ownFolder } from '../folder.js';
import { sourceOf } from '../sources.js';

const PAGE = sourceOf('docs/metrics.md');

test('docs/metrics.md names every measure with its type, unit and meaning, and no other', () => {
  const rows = [
    ...PAGE.matchAll(/^\| `(pm2_gitops\w*)` +\| (gauge|counter|info) +\| (\w*) +\| (.*?) +\|$/gm),
  ];
  assert.deepEqual(
    rows.map(([, name, type, unit, help]) => ({ name, type, unit, help })),
    metricsOf(FULL).map(({ name, type, unit, help }) => ({ name, type, unit: unit ?? '', help })),
  );
});

const NO_PROMTOOL =
  spawnSync('promtool', ['--version']).status === 0
    ? false
    : "promtool is not here; it comes with Debian's package prometheus";

test('the alerts of docs/metrics.md are rules of Prometheus', { skip: NO_PROMTOOL }, async (context) => {
  const rules = /```yaml\n(groups:\n[^]*?)```/.exec(PAGE)?.[1] ?? '';
  const file = join(await ownFolder(context), 'rules.yml');
  await writeFile(file, rules);
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /5 rules found/);
});

test('the alerts of docs/metrics.md ask for measures that there are', () => {
  const names = metricsOf(FULL).map(
    ({ name, type }) => `${name}${{ gauge: '', counter: '_total', info: '_info' }[type]}`,
  );
  const asked = [...PAGE.matchAll(/expr: (.*)/g)].flatMap(
    ([, expression = '']) => expression.match(/pm2_gitops\w*/g) ?? [],
  );
  assert.ok(asked.length >= 5);
  assert.deepEqual(
    asked.filter((name) => !names.includes(name)),
    [],
  );
});
