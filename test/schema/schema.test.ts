import assert from 'node:assert/strict';
import test from 'node:test';
import { runInNewContext } from 'node:vm';
import * as v from 'valibot';
import { readCrons } from '../../src/config/cron.js';
import { parseMachineConfig } from '../../src/config/machine.js';
import { checkPolicy } from '../../src/config/policy.js';
import { parseReleaseConfig } from '../../src/config/release.js';
import { sourceOf } from '../sources.js';
import { FLEET_MEANINGS } from './fleet-meanings.js';
import { MACHINE_MEANINGS, RELEASE_MEANINGS } from './meanings.js';
import { keysOf, schemaFiles, textOf } from './schemas.js';

const ORIGIN = { origin: 'gitops.json', strategy: 'releases' } as const;
const DOCUMENT = 'docs/configuration.md';
const POLICY_DOCUMENT = 'docs/policy.md';
const shape = v.looseObject({ gitops: v.looseObject({}) });

test('the committed JSON Schemas are what the parsers make of themselves (npm run schema)', () => {
  for (const { path, schema } of schemaFiles()) assert.equal(sourceOf(path), textOf(schema), path);
});

test('every key of both configurations and of a policy is explained, and nothing else', () => {
  const [machine, release, fleet] = schemaFiles().map(({ schema }) => keysOf(schema).sort());
  assert.deepEqual(machine, Object.keys(MACHINE_MEANINGS).sort());
  assert.deepEqual(release, Object.keys(RELEASE_MEANINGS).sort());
  assert.deepEqual(fleet, Object.keys(FLEET_MEANINGS).sort());
});

test('every example of gitops.json in the documents is accepted', async () => {
  const examples = blocksOf(sourceOf(DOCUMENT), 'json');
  assert.ok(examples.length > 0);
  for (const example of examples) {
    const written: unknown = JSON.parse(example);
    parseMachineConfig(written, { ...ORIGIN, crons: await readCrons(written) });
  }
});

test('every example of a gitops key in the documents is accepted', () => {
  const examples = blocksOf(sourceOf(DOCUMENT), 'js');
  assert.ok(examples.length > 0);
  for (const example of examples) {
    const context = { module: { exports: {} } };
    runInNewContext(example, context);
    parseReleaseConfig(v.parse(shape, context.module.exports).gitops, DOCUMENT);
  }
});

test('every key of both configurations has its row in the documents', () => {
  const text = sourceOf(DOCUMENT);
  for (const key of [...Object.keys(MACHINE_MEANINGS), ...Object.keys(RELEASE_MEANINGS)])
    assert.ok(text.includes(`\`${key}\``), `${DOCUMENT} does not tell of ${key}`);
});

test('every key of a policy has its row in the documents, and every example is a policy without a mistake', async () => {
  const text = sourceOf(POLICY_DOCUMENT);
  for (const key of Object.keys(FLEET_MEANINGS).filter(
    (each) => !/^groups\.(?!name|match|canary)/.test(each),
  ))
    assert.ok(text.includes(`\`${key}\``), `${POLICY_DOCUMENT} does not tell of ${key}`);
  const examples = blocksOf(text, 'jsonc');
  assert.ok(examples.length > 0);
  for (const example of examples)
    assert.deepEqual((await checkPolicy(example, { zone: 'UTC', now: 0 })).mistakes, [], example);
});

function blocksOf(text: string, language: string): string[] {
  const blocks = text.matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return Array.from(blocks).flatMap(([, name, body]) =>
    name === language && body !== undefined ? [body] : [],
  );
}
