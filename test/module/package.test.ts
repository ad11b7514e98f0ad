import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { PACKAGE } from '../sources.js';

const FOLDER = PACKAGE ?? '.';
const PACKED = v.pipe(
  v.string(),
  v.parseJson(),
  v.tuple([v.object({ files: v.array(v.object({ path: v.string() })), unpackedSize: v.number() })]),
);
const MANIFEST = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ name: v.string(), apps: v.tuple([v.record(v.string(), v.unknown())]) }),
);

async function pack(): Promise<v.InferOutput<typeof PACKED>[0]> {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: FOLDER, maxBuffer: 16 * 1024 * 1024 });
  return v.parse(PACKED, stdout)[0];
}

const packed = pack();

/** Every file that a compiled file leads to by its imports, itself included. */
function reachable(path: string, ending: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const text = readFileSync(posix.join(FOLDER, path), 'utf8');
  for (const [, specifier = ''] of text.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.js['"]/g))
    reachable(posix.join(posix.dirname(path), `${specifier}${ending}`), ending, seen);
  return seen;
}

test('the package holds what it runs and what its types need, and nothing that only serves its making', async () => {
  const { files, unpackedSize } = await packed;
  const paths = files.map(({ path }) => path);
  const needed = [
    ...reachable('dist/src/index.d.ts', '.d.ts'),
    ...['index', 'cli/main', 'agent/worker-main'].flatMap((name) => [
      ...reachable(`dist/src/${name}.js`, '.js'),
    ]),
  ];
  assert.ok(needed.length > 200, String(needed.length));
  assert.deepEqual(
    needed.filter((path) => !paths.includes(path)),
    [],
  );
  const surplus = /\.map$|\.tsbuildinfo$|^(src|test|dist\/test)\/|^docs\/decisions\//;
  assert.deepEqual(
    paths.filter((path) => surplus.test(path)),
    [],
  );
  assert.ok(unpackedSize < 2_500_000, String(unpackedSize));
});

test('pm2 finds the module in it, under the name that its settings go by, and ends nothing below it', async () => {
  const { name, apps } = v.parse(MANIFEST, readFileSync(posix.join(FOLDER, 'package.json'), 'utf8'));
  const [app] = apps;
  assert.deepEqual([app['name'], app['treekill']], [name, false]);
  const { files } = await packed;
  assert.ok(files.some(({ path }) => path === app['script']));
});
