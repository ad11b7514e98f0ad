import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Commit, Instant } from '../domain/release.js';
import {
  parseCommit,
  parseTag,
  requireRepository,
  requireTag,
  unverified,
  type Signature,
  type Signed,
} from '../domain/signed-object.js';
import type { TrustMode } from '../domain/trust.js';
import { runGit } from '../os/git.js';
import { judgeGpg } from '../source/gpg-signature.js';
import { judgeSsh } from '../source/ssh-signature.js';
import { readTrust } from '../state/trust-store.js';
import { quiet } from '../workspace/effort.js';
import { readRawObject, type RawObject } from '../workspace/raw-object.js';
import type { Reading } from '../workspace/scratch.js';
import type { TrustFile, TrustFiles } from './trust-files.js';
import { effortOf, type Workplace } from './workplace.js';

/** What is to be verified, and by which files. */
export interface Subject {
  readonly remote: Reading['remote'];
  readonly ref: string;
  readonly commit: Commit;
  /** The object that the ref was seen to name, or null. */
  readonly id: string | null;
  /** A tag of a version has to be an annotated one; what people move may be a commit that is signed. */
  readonly isVersion: boolean;
  readonly mode: TrustMode;
  readonly files: TrustFiles;
}

/** What was verified: by whom (null: it is not signed, and need not be), and of which tag object (null: the commit's own signature). */
export interface Verified {
  readonly object: string | null;
  readonly by: string | null;
}

const TAGS = 'refs/tags/';
const LIMIT_MS = 120_000;

/**
 * Verifies what a ref names, by this machine's files alone. Throws `UNVERIFIED`; `COMMAND_MISSING` and what `readRawObject` throws: then nothing is
 * known.
 */
export async function verify(place: Workplace, subject: Subject): Promise<Verified> {
  const { root } = place;
  const scratch = join(root.layout.trash, 'signed.git');
  const raw = await readRawObject({ ...subject, scratch }, effortOf(place, LIMIT_MS));
  const signed = readSigned(raw, subject);
  const object = raw.kind === 'tag' ? raw.id : null;
  if (signed.signature === null) {
    if (subject.mode === 'required') throw unverified('it is not signed');
    return { object, by: null };
  }
  const { repository } = root.config.verify;
  if (repository !== null) requireRepository(signed.message, bytesOf(repository));
  return { object, by: await judge(place, subject.files, { ...signed, signature: signed.signature }) };
}

function readSigned(raw: RawObject, { ref, commit, isVersion, mode }: Subject): Signed {
  if (raw.kind === 'tag') {
    const tag = parseTag(raw.text);
    requireTag(tag, { name: bytesOf(ref.startsWith(TAGS) ? ref.slice(TAGS.length) : ref), commit });
    return tag;
  }
  if (raw.kind !== 'commit') throw unverified(`it is a ${raw.kind}, and not a commit`);
  if (raw.id !== commit) throw unverified('it names another commit by now');
  if (!isVersion) return parseCommit(raw.text, commit);
  if (mode === 'required')
    throw unverified('it is a lightweight tag, which nobody can sign: tag it by git tag -s');
  return { payload: '', message: '', signature: null };
}

/** A text as objects are read: a byte in each character. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

interface Sealed {
  readonly signature: Signature;
  readonly payload: string;
}

/** Copies of the files are what it is judged by: what is on record is that these very bytes were. */
async function judge(place: Workplace, files: TrustFiles, { signature, payload }: Sealed): Promise<string> {
  const { root } = place;
  const folder = join(root.layout.trash, 'verify');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const known = { signature, payload, folder, env: root.host.env, times: await timesOf(place) };
    const options = quiet(effortOf(place, LIMIT_MS));
    const lend = (name: string, file: TrustFile) => lendTo(place, join(folder, name), file);
    if (signature.kind === 'gpg') {
      if (files.keyring === null)
        throw unverified('it is signed by GPG, and gitops.json names no verify.keyring');
      await lend('keyring', files.keyring);
      return await judgeGpg(known, { keyring: 'keyring', name: files.keyring.path }, options);
    }
    await lend('signers', files.signers);
    if (files.revoked !== null) await lend('revoked', files.revoked);
    const revoked = files.revoked === null ? null : 'revoked';
    const nameOf = (file: string): string =>
      file === 'revoked' ? (files.revoked?.path ?? '') : files.signers.path;
    return await judgeSsh(known, { signers: 'signers', revoked, nameOf }, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function lendTo(place: Workplace, path: string, file: TrustFile): Promise<void> {
  if (!Buffer.isBuffer(file.content)) throw unverified(file.content.problem);
  await refuseTracked(place, file.path);
  await writeFile(path, file.content, { mode: 0o600 });
}

/** In an adopted checkout the repository's files lie beside the machine's own: a pushed commit must not say who may sign it. */
async function refuseTracked(place: Workplace, path: string): Promise<void> {
  const { config, layout, host } = place.root;
  if (config.strategy !== 'checkout') return;
  const asked = ['ls-files', '--error-unmatch', '--', path];
  const { code } = await runGit(asked, { cwd: layout.root, env: host.env }, quiet(effortOf(place, LIMIT_MS)));
  if (code === 0)
    throw unverified(
      `${path} is tracked by the repository, and says nothing of who may sign it: name another file under verify in gitops.json`,
    );
}

/** Now, and, where the clock was set back since, the latest moment that it has shown: at both a key must be good. */
async function timesOf({ root: { layout, host } }: Workplace): Promise<(Instant | null)[]> {
  const { latest } = await readTrust(layout);
  return latest > host.clock.now() ? [null, latest] : [null];
}
