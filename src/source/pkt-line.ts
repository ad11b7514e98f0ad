import { OddAnswer } from './odd-answer.js';

// https://git-scm.com/docs/gitprotocol-common#_pkt_line_format
//   4 hex digits: the length, these four included ── then so many bytes less four
//   0000 flush · 0001 delimiter · 0002 end of the response

/** One packet of git's protocol. */
export type Packet =
  { readonly kind: 'line'; readonly text: string } | { readonly kind: 'flush' | 'delimiter' | 'end' };

const HEAD_BYTES = 4;
const MOST_BYTES = 65_520;
const MARKS: Readonly<Record<string, Packet>> = {
  '0000': { kind: 'flush' },
  '0001': { kind: 'delimiter' },
  '0002': { kind: 'end' },
};

/** A text as a packet, with the line end that git writes behind it. */
export function packetOf(text: string): string {
  return `${(Buffer.byteLength(text) + HEAD_BYTES + 1).toString(16).padStart(HEAD_BYTES, '0')}${text}\n`;
}

/** Reads packets out of bytes that come in pieces of any size. */
export class PacketReader {
  #rest = Buffer.alloc(0);

  /** Whether no half packet is left. */
  get isBetween(): boolean {
    return this.#rest.length === 0;
  }

  /** The packets that are whole with this piece, in order. Throws `OddAnswer` where something else comes. */
  take(piece: Uint8Array): Packet[] {
    const bytes = this.isBetween ? Buffer.from(piece) : Buffer.concat([this.#rest, piece]);
    const packets: Packet[] = [];
    let at = 0;
    for (;;) {
      const length = lengthAt(bytes, at);
      if (length === null || at + length > bytes.length) break;
      packets.push(packetIn(bytes.subarray(at, at + length)));
      at += length;
    }
    this.#rest = bytes.subarray(at);
    return packets;
  }
}

/** How many bytes the packet takes that begins there; null if that has not come yet. */
function lengthAt(bytes: Buffer, at: number): number | null {
  const head = bytes.toString('latin1', at, at + HEAD_BYTES);
  const length = /^[0-9a-f]{4}$/i.test(head) ? Number.parseInt(head, 16) : Number.NaN;
  if (head in MARKS) return HEAD_BYTES;
  if (length >= HEAD_BYTES && length <= MOST_BYTES) return length;
  if (head.length < HEAD_BYTES && /^[0-9a-f]*$/i.test(head)) return null;
  throw new OddAnswer(`a packet begins with ${JSON.stringify(head)}`);
}

function packetIn(bytes: Buffer): Packet {
  const mark = MARKS[bytes.toString('latin1')];
  return mark ?? { kind: 'line', text: bytes.toString('utf8', HEAD_BYTES).replace(/\n$/, '') };
}
