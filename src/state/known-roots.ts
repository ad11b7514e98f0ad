import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { makePrivateFolder, namesIn } from '../os/files.js';
import { readRecord, writeRecord } from './records.js';

const rootFile = v.object({ schema: v.literal(1), root: v.string() });

/** A root that this user has, and the file that remembers it. */
export interface KnownRoot {
  readonly root: string;
  readonly file: string;
}

/**
 * Writes a root, an absolute path, into the register. Each root has a file of its own, named by its path: so writers need no lock, and a file
 * that cannot be read costs only itself.
 */
export async function writeKnownRoot(register: string, root: string): Promise<void> {
  const file = join(register, `${createHash('sha256').update(root).digest('hex').slice(0, 16)}.json`);
  await makePrivateFolder(register);
  if ((await readRecord(file, rootFile))?.root !== root) await writeRecord(file, { root });
}

/** All roots of a register, by path. */
export async function readKnownRoots(register: string): Promise<KnownRoot[]> {
  const files = (await namesIn(register)).filter((name) => /^[0-9a-f]{16}\.json$/.test(name));
  const known = await Promise.all(
    files.map(async (name) => {
      const file = join(register, name);
      const found = await readRecord(file, rootFile);
      return found === null ? [] : [{ root: found.root, file }];
    }),
  );
  return known.flat().sort((one, other) => (one.root < other.root ? -1 : 1));
}
