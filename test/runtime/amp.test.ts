import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { encode, MessageDecoder, readArgument } from '../../src/runtime/amp.js';

const argument = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.jsonValue().filter((value) => typeof value !== 'string'),
);
const message = fc.array(argument, { maxLength: 15 });

/** JSON has no -0. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function cutInto(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));
}

test('messages are the same however their bytes are split', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), fc.array(fc.nat()), (messages, cuts) => {
      const decoder = new MessageDecoder(1_000_000);
      const chunks = cutInto(Buffer.concat(messages.map(encode)), cuts);
      const decoded = chunks.flatMap((chunk) => decoder.push(chunk)).map((args) => args.map(readArgument));
      assert.deepEqual(decoded, asJson(messages));
    }),
  );
});

test('a message is written as the protocol wants it', () => {
  assert.deepEqual(encode(['hi', { a: 1 }]), Buffer.from('\x12\0\0\0\x04s:hi\0\0\0\x09j:{"a":1}', 'latin1'));
});

test('a length beyond the limit is refused before it is believed', () => {
  const decoder = new MessageDecoder(1_000);
  assert.throws(() => decoder.push(Buffer.from([0x11, 0x7f, 0xff, 0xff, 0xff])), RangeError);
});

test('what is no AMP is refused at its first byte', () => {
  assert.throws(() => new MessageDecoder(1_000).push(Buffer.from('HTTP/1.1')), RangeError);
});
