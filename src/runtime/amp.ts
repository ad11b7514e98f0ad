// AMP v1, the framing of pm2's sockets (https://github.com/tj/node-amp, https://github.com/tj/node-amp-message):
//
//   ┌─────────────┐  ┌──────────────────┬─────────┐
//   │ 0x10 | argc │  │ uint32 BE length │ payload │  × argc        payload: "s:" text, or "j:" JSON
//   └─────────────┘  └──────────────────┴─────────┘

const VERSION = 1;
const MAX_ARGUMENTS = 15;
const LENGTH_BYTES = 4;

/** One message as bytes: strings go as text, everything else as JSON. At most 15 arguments fit. */
export function encode(args: readonly unknown[]): Buffer {
  if (args.length > MAX_ARGUMENTS)
    throw new RangeError(`AMP carries ${MAX_ARGUMENTS} arguments, not ${args.length}`);
  const head = Buffer.of((VERSION << 4) | args.length);
  return Buffer.concat([head, ...args.flatMap(encodeArgument)]);
}

/** Reads one argument of a decoded message. Throws a `SyntaxError` when its JSON is broken. */
export function readArgument(payload: Buffer): unknown {
  const text = payload.toString('utf8', 2);
  return payload.toString('latin1', 0, 2) === 'j:' ? JSON.parse(text) : text;
}

/** Finds the messages in a stream of bytes, however they are split. */
export class MessageDecoder {
  #pending: Buffer[] = [];
  #length = 0;
  #wanted = 1;

  /** No message may be longer than `maxBytes`: the sender's word alone must not fill our memory. */
  constructor(private readonly maxBytes: number) {}

  /** The messages that `chunk` completes, each as its undecoded arguments. Throws when the bytes are not AMP v1 or too long. */
  push(chunk: Buffer): Buffer[][] {
    this.#pending.push(chunk);
    this.#length += chunk.length;
    const messages: Buffer[][] = [];
    // Joined only when the wanted bytes are there: joining at each chunk would copy a long message over and over.
    while (this.#length >= this.#wanted) {
      const bytes = Buffer.concat(this.#pending);
      const found = scan(bytes);
      if (found.wanted > this.maxBytes)
        throw new RangeError(`an AMP message is longer than ${this.maxBytes} bytes`);
      if (found.args !== null) messages.push(found.args);
      this.#pending = [found.args === null ? bytes : bytes.subarray(found.wanted)];
      this.#length = this.#pending[0]?.length ?? 0;
      this.#wanted = found.args === null ? found.wanted : 1;
    }
    return messages;
  }
}

function encodeArgument(argument: unknown): [Buffer, Buffer] {
  const payload = Buffer.from(
    typeof argument === 'string' ? `s:${argument}` : `j:${JSON.stringify(argument)}`,
  );
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(payload.length);
  return [length, payload];
}

/** The first message of `bytes`, or how many bytes are wanted before it is worth looking again. */
function scan(bytes: Buffer): { args: Buffer[] | null; wanted: number } {
  const meta = bytes.readUInt8(0);
  if (meta >> 4 !== VERSION) throw new RangeError(`not AMP version ${VERSION}: the first byte is ${meta}`);
  const args: Buffer[] = [];
  let end = 1;
  for (let left = meta & MAX_ARGUMENTS; left > 0; left -= 1) {
    const start = end + LENGTH_BYTES;
    if (bytes.length < start) return { args: null, wanted: start };
    end = start + bytes.readUInt32BE(end);
    if (bytes.length < end) return { args: null, wanted: end };
    args.push(bytes.subarray(start, end));
  }
  return { args, wanted: end };
}
