import assert from 'node:assert/strict';
import test from 'node:test';
import { judgeAnswer, type Expectation, type HttpAnswer } from '../../src/domain/expectation.js';

const RELEASE = { tag: 'v1.1.0', commit: 'ab'.repeat(20) };

function judge(answer: Partial<HttpAnswer>, expected: Partial<Expectation> = {}): string {
  const { kind } = judgeAnswer(
    { status: 200, headers: new Map(), body: '', ...answer },
    { status: null, body: null, header: {}, ...expected },
    RELEASE,
  );
  return kind;
}

test('without more words, 2xx and 3xx are healthy; a status that is named must be that one', () => {
  assert.deepEqual(
    [199, 200, 204, 302, 399, 400, 503].map((status) => judge({ status })),
    ['refused', 'expected', 'expected', 'expected', 'expected', 'refused', 'refused'],
  );
  assert.equal(judge({ status: 200 }, { status: 204 }), 'refused');
  assert.equal(judge({ status: 401 }, { status: 401 }), 'expected');
});

test('a release is named only by its whole name', () => {
  const body = '{tag}';
  for (const text of ['v1.1.0', '{"version":"v1.1.0","pid":1}', 'this is v1.1.0.', 'v1.1.0-rc.1 v1.1.0'])
    assert.equal(judge({ body: text }, { body }), 'expected', text);
  for (const text of ['', 'v1.0.0', 'v1.1.0-rc.1', 'v1.1.0+5', 'v1.1.01', 'v1.1.0.2', 'dev1.1.0'])
    assert.equal(judge({ body: text }, { body }), 'other', text);
  assert.equal(judge({ body: 'ready: yes' }, { body: 'ready: ' }), 'expected');
});

test('headers are found whatever their case, and all of them must hold', () => {
  const header = { 'X-Release': '{commit}', Server: 'shop' };
  const headers = new Map([
    ['x-release', RELEASE.commit],
    ['server', 'shop/1'],
  ]);
  assert.equal(judge({ headers }, { header }), 'expected');
  assert.equal(
    judge({ headers: new Map([...headers, ['x-release', 'ba'.repeat(20)]]) }, { header }),
    'other',
  );
  assert.equal(judge({ headers: new Map([['server', 'shop']]) }, { header }), 'other');
});
