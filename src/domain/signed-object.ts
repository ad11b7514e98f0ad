import { GitOpsError } from './errors.js';
import type { Commit } from './release.js';

// https://git-scm.com/docs/gitformat-signature
//
//   object <id>                         tree <id>
//   type commit                         author …
//   tag v1.1.0                          committer …
//   tagger …                            gpgsig -----BEGIN SSH SIGNATURE-----
//                                        U1NIU0lH…
//   the message                          -----END SSH SIGNATURE-----
//   -----BEGIN SSH SIGNATURE-----
//   U1NIU0lH…                           the message
//   -----END SSH SIGNATURE-----
//
// All texts hold a byte in each character (latin1): what was signed are bytes.

/** What somebody signed, and the signature over it. */
export interface Signed {
  /** The object without its signature: what the signature is over. */
  readonly payload: string;
  readonly message: string;
  /** Null: it is not signed. */
  readonly signature: Signature | null;
}

/** A signature in its armor. */
export interface Signature {
  readonly kind: 'ssh' | 'gpg';
  readonly armored: string;
}

/** An annotated tag. */
export interface TagObject extends Signed {
  readonly target: string;
  readonly type: string;
  readonly name: string;
}

const KINDS = { SSH: 'ssh', PGP: 'gpg' } as const;
const ARMOR = /^-----BEGIN (SSH|PGP) SIGNATURE-----\n(?:[\x20-\x7e]*\n)+-----END \1 SIGNATURE-----\n?$/;
const BEGIN = /^-----BEGIN [A-Z ]+-----/;
const ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Reads a tag object. Throws `UNVERIFIED` for whatever git does not write like that: two readers of the same bytes must not read two things. */
export function parseTag(text: string): TagObject {
  const { head, body } = halves(text);
  const [object = '', type = '', tag = '', tagger = null, ...others] = head.split('\n');
  const target = after('object', object);
  const name = after('tag', tag);
  if (target === null || !ID.test(target) || name === null || others.length > 0)
    throw unverified('its tag object has another head than git writes');
  if (tagger !== null && after('tagger', tagger) === null)
    throw unverified('its tag object has another head than git writes');
  const begin = beginOfArmor(body);
  const message = body.slice(0, begin);
  const signature = begin === body.length ? null : signatureIn(body.slice(begin));
  return {
    target,
    type: after('type', type) ?? '',
    name,
    message,
    payload: `${head}\n\n${message}`,
    signature,
  };
}

/** Reads a commit object. Throws `UNVERIFIED`. */
export function parseCommit(text: string, id: Commit): Signed {
  const { head, body } = halves(text);
  // A line that begins with a space goes on with the one before.
  const fields = head.split(/\n(?! )/);
  if (!ID.test(after('tree', fields[0] ?? '') ?? '')) throw unverified('its commit has no tree');
  const signatures = fields.filter((field) => /^(?:gpgsig|gpgsig-sha256)(?: |$)/.test(field));
  const [found, second] = signatures;
  if (found === undefined) return { payload: text, message: body, signature: null };
  const name = id.length === 64 ? 'gpgsig-sha256' : 'gpgsig';
  if (second !== undefined) throw unverified('its commit has two signatures');
  const armored = after(name, found)?.replaceAll('\n ', '\n') ?? null;
  if (armored === null) throw unverified('its commit is signed for another kind of repository');
  const rest = fields.filter((field) => field !== found).join('\n');
  return { payload: `${rest}\n\n${body}`, message: body, signature: signatureIn(`${armored}\n`) };
}

/** Whether a tag object is what its ref says, and reaches the commit that was decided. Throws `UNVERIFIED`. */
export function requireTag(
  { type, target, name }: TagObject,
  wanted: { name: string; commit: Commit },
): void {
  if (type === 'tag') throw unverified('its tag names another tag, and not a commit');
  if (type !== 'commit')
    throw unverified(`its tag names a ${type === '' ? 'thing without a type' : type}, and not a commit`);
  if (name !== wanted.name) throw unverified(`its tag object was made as ${name}: somebody has renamed it`);
  if (target !== wanted.commit) throw unverified('its tag names another commit by now');
}

/** Whether a message says for which repository it was signed. Throws `UNVERIFIED`. */
export function requireRepository(message: string, repository: string): void {
  const lines = message
    .split('\n')
    .flatMap((line) => /^Repository:[ \t]*(\S+)[ \t]*$/i.exec(line)?.[1] ?? []);
  const mend = `its message must hold the line "Repository: ${repository}"`;
  const [named, second] = new Set(lines);
  if (named === undefined) throw unverified(`it does not say for which repository it was signed: ${mend}`);
  if (second !== undefined || named !== repository)
    throw unverified(`it was signed for the repository ${[...new Set(lines)].join(', ')}: ${mend}`);
}

/** A signature that does not hold, or is not there. */
export function unverified(why: string): GitOpsError {
  return new GitOpsError('UNVERIFIED', why);
}

function halves(text: string): { head: string; body: string } {
  const end = text.indexOf('\n\n');
  // Git's own readers end at it, others do not.
  if (text.includes('\0')) throw unverified('its object holds a zero byte');
  if (end === -1) throw unverified('its object has no message');
  return { head: text.slice(0, end), body: text.slice(end + 2) };
}

function after(key: string, line: string): string | null {
  return line.startsWith(`${key} `) ? line.slice(key.length + 1) : null;
}

/** Where the one armor of a message begins; its end where there is none. */
function beginOfArmor(body: string): number {
  const begins: number[] = [];
  let at = 0;
  for (const line of body.split('\n')) {
    if (BEGIN.test(line)) begins.push(at);
    at += line.length + 1;
  }
  if (begins.length > 1) throw unverified('its tag has two signatures');
  return begins[0] ?? body.length;
}

function signatureIn(armored: string): Signature {
  const [, kind] = ARMOR.exec(armored) ?? [];
  if (kind !== 'SSH' && kind !== 'PGP')
    throw unverified('its signature is neither one of SSH nor of GPG, or not whole');
  return { kind: KINDS[kind], armored };
}
