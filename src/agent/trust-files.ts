import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import type { VerifyConfig } from '../config/verify.js';
import { hasErrno } from '../os/files.js';
import { exposureOf } from '../os/trusted.js';
import type { Root } from './root.js';

/** One of the machine's own files by which signatures are judged. */
export interface TrustFile {
  readonly path: string;
  /** Its bytes, or why it is not believed. */
  readonly content: Buffer | { readonly problem: string };
}

/** All of them, and a mark that changes with any of them and with what `gitops.json` asks. */
export interface TrustFiles {
  readonly signers: TrustFile;
  readonly revoked: TrustFile | null;
  readonly keyring: TrustFile | null;
  readonly mark: string;
}

const MOST_BYTES = 4 * 1024 ** 2;
// Changes when the same files are judged in another way than by versions before.
const WAY = 1;

/** Reads the files by which a machine judges signatures. What cannot be read, or others may write, is told and not believed. */
export async function readTrustFiles(root: Root): Promise<TrustFiles> {
  const { verify } = root.config;
  const read = (path: string | null): Promise<TrustFile | null> =>
    path === null ? Promise.resolve(null) : readTrustFile(root, path);
  const [revoked, keyring] = [await read(verify.revoked), await read(verify.keyring)];
  const signers = await readTrustFile(root, verify.signers);
  return { signers, revoked, keyring, mark: markOf(verify, [signers, revoked, keyring]) };
}

function markOf(verify: VerifyConfig, files: readonly (TrustFile | null)[]): string {
  const hash = createHash('sha256').update(JSON.stringify([WAY, verify]));
  for (const file of files) {
    const { path, content } = file ?? { path: '', content: Buffer.alloc(0) };
    const told = Buffer.isBuffer(content) ? content : Buffer.from(content.problem);
    hash.update(`\n${path} ${told.length}\n`).update(told);
  }
  return hash.digest('hex');
}

async function readTrustFile({ layout }: Root, written: string): Promise<TrustFile> {
  const path = resolve(layout.root, written);
  const refuse = (problem: string): TrustFile => ({ path, content: { problem: `${path} ${problem}` } });
  try {
    const real = await realpath(path);
    if (real.startsWith(layout.releases + sep))
      return refuse('lies in a release: what a release brings says nothing of who may sign it');
    const { size } = await stat(real);
    if (size > MOST_BYTES) return refuse(`has more than ${MOST_BYTES} bytes`);
    const { to } = await exposureOf(real);
    if (to === 'user') return refuse('belongs to another user');
    if (to === 'everybody') return refuse('may be written by everybody on this machine: chmod o-w it');
    return { path, content: await readFile(real) };
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return refuse('is not there');
    if (hasErrno(error, 'EACCES', 'EPERM', 'EISDIR', 'ELOOP')) return refuse('cannot be read');
    throw error;
  }
}
