import assert from 'node:assert/strict';
import test from 'node:test';
import { runInNewContext } from 'node:vm';
import * as v from 'valibot';
import { readCrons } from '../../src/config/cron.js';
import { parseMachineConfig } from '../../src/config/machine.js';
import { checkPolicy, versionIn } from '../../src/config/policy.js';
import { parseReleaseConfig } from '../../src/config/release.js';
import { messageOf } from '../../src/domain/errors.js';
import { sourceOf } from '../sources.js';
import { allPages, blocksOf, filesBelow, type Block } from './pages.js';

// What the documentation shows of files is read by what reads the files. A block of JSON is a gitops.json, or with a `version` a fleet.json; what is neither says so behind its language (```json output) and has to be JSON.

const BLOCKS = allPages().flatMap(blocksOf);
const written = v.looseObject({});
const ecosystem = v.looseObject({ apps: v.optional(v.array(written)), gitops: v.optional(written) });

test('every gitops.json and fleet.json that the documentation shows is accepted', async () => {
  const blocks = BLOCKS.filter(({ language }) => language.startsWith('json'));
  assert.ok(blocks.length >= 10, `${blocks.length} blocks`);
  assert.deepEqual(await mistakesOf(blocks, readJson), []);
});

test('every file of docs/examples is accepted', async () => {
  const files = filesBelow('docs/examples').filter((path) => path.endsWith('.json'));
  assert.ok(files.length >= 3, `${files.length} files`);
  const blocks = files.map((place) => ({ place, language: 'json', mark: '', body: sourceOf(place) }));
  assert.deepEqual(await mistakesOf(blocks, readJson), []);
});

test('every ecosystem file that the documentation shows is accepted', async () => {
  const blocks = BLOCKS.filter(({ language, body }) => language === 'js' && body.includes('module.exports'));
  assert.ok(blocks.length >= 2, `${blocks.length} blocks`);
  assert.deepEqual(await mistakesOf(blocks, readEcosystem), []);
});

test('a block with a key that nobody knows is found, and one that says it is something else is not', async () => {
  const one = { place: 'docs/some.md:1', language: 'json', mark: '' };
  const blocks = [
    { ...one, body: '{ "soak": "24h" }' },
    { ...one, body: '{ "soak": "soon" }' },
    { ...one, body: '{ "version": 3, "tombstone": [] }' },
    { ...one, mark: 'output', body: '{ "soak": "soon" }' },
    { ...one, mark: 'output', body: '{ soak }' },
  ];
  const found = await mistakesOf(blocks, readJson);
  assert.equal(found.length, 3, found.join('\n'));
  const [wrong] = await mistakesOf(
    [{ ...one, language: 'js', body: 'module.exports = { gitops: { biuld: 1 } };' }],
    readEcosystem,
  );
  assert.match(wrong ?? '', /biuld/);
});

/** What is wrong with the blocks, each with its place. */
async function mistakesOf(
  blocks: readonly Block[],
  read: (block: Block) => Promise<void> | void,
): Promise<string[]> {
  const found: string[] = [];
  for (const block of blocks)
    try {
      await read(block);
    } catch (error) {
      found.push(`${block.place}: ${messageOf(error)}`);
    }
  return found;
}

async function readJson({ language, mark, body, place }: Block): Promise<void> {
  if (mark === '' && (language === 'jsonc' || versionIn(body) !== null)) return readFleet(body);
  const file = v.parse(v.union([written, v.array(v.unknown())]), JSON.parse(body));
  if (mark !== '' || Array.isArray(file)) return;
  // An excerpt that is about something else leaves the repository out.
  const whole = { repository: 'https://git.example.com/acme/shop.git', ...file };
  parseMachineConfig(whole, { origin: place, strategy: 'releases', crons: await readCrons(whole) });
}

async function readFleet(body: string): Promise<void> {
  const { mistakes } = await checkPolicy(body, { zone: 'UTC', now: 0 });
  if (mistakes.length > 0) throw new Error(mistakes.map(({ message }) => message).join('; '));
}

function readEcosystem({ body, place }: Block): void {
  const context = { module: { exports: {} }, process: { env: {} } };
  runInNewContext(body, context);
  parseReleaseConfig(v.parse(ecosystem, context.module.exports).gitops, place);
}
