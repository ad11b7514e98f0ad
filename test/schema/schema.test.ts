import assert from 'node:assert/strict';
import test from 'node:test';
import { sourceOf } from '../sources.js';
import { FLEET_MEANINGS } from './fleet-meanings.js';
import { MACHINE_MEANINGS, RELEASE_MEANINGS } from './meanings.js';
import { keysOf, schemaFiles, textOf } from './schemas.js';

const DOCUMENT = 'docs/configuration.md';
const POLICY_DOCUMENT = 'docs/policy.md';

test('the committed JSON Schemas are what the parsers make of themselves (npm run schema)', () => {
  for (const { path, schema } of schemaFiles()) assert.equal(sourceOf(path), textOf(schema), path);
});

test('every key of both configurations and of a policy is explained, and nothing else', () => {
  const [machine, release, fleet] = schemaFiles().map(({ schema }) => keysOf(schema).sort());
  assert.deepEqual(machine, Object.keys(MACHINE_MEANINGS).sort());
  assert.deepEqual(release, Object.keys(RELEASE_MEANINGS).sort());
  assert.deepEqual(fleet, Object.keys(FLEET_MEANINGS).sort());
});

test('the tables of both configurations have a row for every key, and for no other', () => {
  const tables = sourceOf(DOCUMENT).match(/^\| key .*\n(?:\|.*\n)+/gm) ?? [];
  const keys = tables.map((table) => Array.from(table.matchAll(/^\| `([^`]+)`/gm), ([, key]) => key).sort());
  assert.deepEqual(keys, [Object.keys(MACHINE_MEANINGS).sort(), Object.keys(RELEASE_MEANINGS).sort()]);
});

test('every key of a policy has its row in the documents', () => {
  const text = sourceOf(POLICY_DOCUMENT);
  for (const key of Object.keys(FLEET_MEANINGS).filter(
    (each) => !/^groups\.(?!name|match|canary)/.test(each),
  ))
    assert.ok(text.includes(`\`${key}\``), `${POLICY_DOCUMENT} does not tell of ${key}`);
});
