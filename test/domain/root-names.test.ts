import assert from 'node:assert/strict';
import test from 'node:test';
import { nameRoots, splitNamed } from '../../src/domain/root-names.js';

test('a root is called by the last part of its path, by all of it where two end alike, and once though it is named twice', () => {
  const named = nameRoots(['/srv/shop', 'C:\\srv\\blog\\', '/a/api', '/b/api', '/srv/shop', '/']);
  assert.deepEqual(
    [...named],
    [
      ['shop', '/srv/shop'],
      ['blog', 'C:\\srv\\blog\\'],
      ['/a/api', '/a/api'],
      ['/b/api', '/b/api'],
      ['/', '/'],
    ],
  );
});

test('a text may begin with a root, by its name or its path; what is no root is left as it is', () => {
  const roots = nameRoots(['/srv/shop', '/srv/shop two', '/srv/blog']);
  const cases: [string, string | null, string][] = [
    ['shop', 'shop', ''],
    ['shop the fair', 'shop', 'the fair'],
    ['/srv/blog  moves', 'blog', 'moves'],
    ['shop two is full', 'shop two', 'is full'],
    ['shopping', null, 'shopping'],
    ['', null, ''],
  ];
  for (const [text, root, rest] of cases) assert.deepEqual(splitNamed(text, roots), { root, rest }, text);
});
