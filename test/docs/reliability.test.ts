import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { sourceOf } from '../sources.js';

// [its name](../test/faults/some.test.ts)
const LINK = /\[([^\]]+)\]\((\.\.\/test\/[^)]+\.ts)\)/g;
const PAGE = 'docs/reliability.md';

test('every test that the page on reliability names is there, under that name', () => {
  const links = [...sourceOf(PAGE).matchAll(LINK)];
  assert.ok(links.length > 50, `${links.length} links`);
  const wrong = links.filter(([, name = '', path = '']) => !isTold(name, join(dirname(PAGE), path)));
  assert.deepEqual(
    wrong.map(([link]) => link),
    [],
  );
});

/** Whether a file has a test whose name begins so; what stands between braces there is filled in when it runs. */
function isTold(name: string, path: string): boolean {
  return existsSync(path) && readFileSync(path, 'utf8').includes(name.replace(/…$/, ''));
}
