import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { PacketReader, packetOf, type Packet } from '../../src/source/pkt-line.js';
import { OddAnswer } from '../../src/source/odd-answer.js';
import { wantedBy } from '../../src/source/question.js';
import { listingRequest, ListingReader } from '../../src/source/ref-listing.js';
import { commit } from '../domain/releases.js';

const TAGS = wantedBy({ channels: [{ kind: 'stable' }] });

function read(text: string): Packet[] {
  return new PacketReader().take(Buffer.from(text));
}

test('packets are told apart by their length, marks by their name', () => {
  assert.deepEqual(read('0009abcde0000000100020006a\n0004'), [
    { kind: 'line', text: 'abcde' },
    { kind: 'flush' },
    { kind: 'delimiter' },
    { kind: 'end' },
    { kind: 'line', text: 'a' },
    { kind: 'line', text: '' },
  ]);
  assert.deepEqual(read('000'), []);
  assert.deepEqual(read('fff0x'), [], 'the longest there may be');
  assert.equal(packetOf('peel'), '0009peel\n');
  assert.equal(packetOf('ü'), '0007ü\n');
});

test('what is no packet is odd at once', () => {
  for (const text of ['<html>', '0003', 'fff1', 'ffff', '000g', 'x', '00-1', ' 004', 'HTTP/1.1 200 OK'])
    assert.throws(() => read(text), OddAnswer, text);
});

test('however the bytes are cut, the packets are the same', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.endsWith('\n'));
  const mark = fc.constantFrom('0000', '0001', '0002');
  fc.assert(
    fc.property(
      fc.array(fc.oneof(line.map(packetOf), mark), { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''));
        const reader = new PacketReader();
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const got = at.flatMap((from, index) => reader.take(bytes.subarray(from, at[index + 1] ?? from)));
        assert.deepEqual(got, read(parts.join('')));
        assert.equal(got.length, parts.length);
        assert.ok(reader.isBetween);
      },
    ),
  );
});

test('the request asks for what is wanted once, and for nothing that another prefix covers', () => {
  const channels = [
    { kind: 'stable' },
    { kind: 'branch', branch: 'main' },
    { kind: 'ref', ref: 'a/b' },
  ] as const;
  const wanted = wantedBy({ channels, named: ['refs/tags/fleet', 'refs/heads/main', 'refs/heads/fleet'] });
  assert.equal(
    listingRequest(wanted).toString(),
    [
      ...['0014command=ls-refs\n', '0001', '0009peel\n', '001aref-prefix refs/tags/\n'],
      ...['001fref-prefix refs/heads/main\n', '001eref-prefix refs/heads/a/b\n'],
      ...['0018ref-prefix refs/a/b\n', '0020ref-prefix refs/heads/fleet\n', '0000'],
    ].join(''),
  );
  const alone = wantedBy({ channels: [], named: ['refs/tags/fleet'] });
  assert.match(listingRequest(alone).toString(), /ref-prefix refs\/tags\/fleet\n0000$/);
});

function listing(...lines: readonly string[]) {
  const reader = new ListingReader(TAGS);
  reader.take(Buffer.from(lines.map((line) => (line === '0000' ? line : packetOf(line))).join('')));
  return reader.end();
}

test('the answer is read: annotated tags at their commit, and only what was asked for', () => {
  assert.deepEqual(
    listing(
      `${commit(1)} refs/tags/v1.0.0`,
      `${commit(2)} refs/tags/v1.1.0 peeled:${commit(3)}`,
      `${commit(4)} refs/heads/main`,
      `${commit(4)} HEAD symref-target:refs/heads/main`,
      `${'a'.repeat(64)} refs/tags/v2.0.0 peeled:${'b'.repeat(64)}`,
      '0000',
    ),
    [
      { name: 'refs/tags/v1.0.0', commit: commit(1) },
      { name: 'refs/tags/v1.1.0', commit: commit(3), object: commit(2) },
      { name: 'refs/tags/v2.0.0', commit: 'b'.repeat(64), object: 'a'.repeat(64) },
    ],
  );
  assert.deepEqual(listing('0000'), []);
});

test('a cut is the line’s fault, a refusal the server’s word, and what is another protocol is odd', () => {
  const tag = `${commit(1)} refs/tags/v1.0.0`;
  assert.throws(() => listing(tag), { code: 'SOURCE_UNREACHABLE', message: 'the answer was cut off' });
  const half = new ListingReader(TAGS);
  half.take(Buffer.from('003'));
  assert.throws(() => half.end(), { code: 'SOURCE_UNREACHABLE' });
  assert.throws(() => listing('ERR access denied or repository not exported: /a'), {
    code: 'SOURCE_REFUSED',
  });
  assert.throws(() => listing('ERR \u001b[31mupload-pack: not now'), {
    ...{ code: 'SOURCE_UNREACHABLE', message: 'remote error: upload-pack: not now' },
  });
  assert.throws(() => listing(), OddAnswer, 'a server that knows no version 2');
  assert.throws(() => listing('# service=git-upload-pack', '0000'), OddAnswer);
  assert.throws(() => listing(tag, '0000', tag, '0000'), OddAnswer);
});
