import { GitOpsError } from '../domain/errors.js';
import { classifyGitFailure } from '../domain/git-failure.js';
import { plainLine } from '../domain/plain.js';
import type { Ref } from '../domain/release.js';
import { OddAnswer } from './odd-answer.js';
import { PacketReader, packetOf, type Packet } from './pkt-line.js';
import { isWanted, prefixesOf, type Wanted } from './question.js';

// https://git-scm.com/docs/gitprotocol-v2#_ls_refs
//
//   command=ls-refs                       <id> refs/tags/v1.0.0
//   0001                                  <id> refs/tags/v1.1.0 peeled:<id of its commit>
//   peel                            ──▶   0000
//   ref-prefix refs/tags/
//   0000

/**
 * The request for what is wanted, as bytes. No question for the server's capabilities need come before it. Whoever asks only whether something has
 * changed does without the commits of annotated tags: their own ids tell.
 */
export function listingRequest(wanted: Wanted): Buffer {
  const peel = wanted.prefixes === null ? ['peel'] : [];
  const lines = [...peel, ...prefixesOf(wanted).map((prefix) => `ref-prefix ${prefix}`)];
  return Buffer.from([packetOf('command=ls-refs'), '0001', ...lines.map(packetOf), '0000'].join(''));
}

/** Reads the answer as it comes, and keeps of it what is wanted. Throws `OddAnswer`, `SOURCE_REFUSED`, `SOURCE_UNREACHABLE`. */
export class ListingReader {
  readonly #wanted: Wanted;
  readonly #packets = new PacketReader();
  readonly #refs = new Map<string, Ref>();
  #at: 'nothing' | 'lines' | 'flush' = 'nothing';

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  take(piece: Uint8Array): void {
    if (this.#at === 'nothing' && piece.length > 0) this.#at = 'lines';
    for (const packet of this.#packets.take(piece)) this.#read(packet);
  }

  /** What was told, once all has come. A server that does not know version 2 ends without a word; a line that is cut, without a flush. */
  end(): Ref[] {
    if (this.#at === 'nothing') throw new OddAnswer('it answered nothing');
    if (this.#at === 'lines' || !this.#packets.isBetween)
      throw new GitOpsError('SOURCE_UNREACHABLE', 'the answer was cut off');
    return [...this.#refs.values()];
  }

  #read(packet: Packet): void {
    if (packet.kind !== 'line') this.#at = 'flush';
    else if (this.#at === 'flush') throw new OddAnswer('it goes on after its end');
    else this.#readLine(packet.text);
  }

  #readLine(line: string): void {
    if (line.startsWith('ERR ')) throw refusal(line);
    const [, id, name, peeled] = LINE.exec(line) ?? [];
    if (id === undefined || name === undefined) throw new OddAnswer('it answers with another protocol');
    if (!isWanted(this.#wanted, name)) return;
    this.#refs.set(name, peeled === undefined ? { name, commit: id } : { name, commit: peeled, object: id });
  }
}

const ID = '[0-9a-f]{40}|[0-9a-f]{64}';
const LINE = new RegExp(`^(${ID}) (\\S+)(?: (?:peeled:(${ID})|\\S+))*$`);

/** https://git-scm.com/docs/gitprotocol-pack#_pkt_line_format: `ERR`, and why. */
function refusal(line: string): GitOpsError {
  const why = `remote error: ${plainLine(line.slice('ERR '.length))}`;
  const isRefused = classifyGitFailure(`fatal: ${why}`) === 'refused';
  return new GitOpsError(isRefused ? 'SOURCE_REFUSED' : 'SOURCE_UNREACHABLE', why);
}
