import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instant } from '../domain/release.js';
import { hasErrno } from '../os/files.js';

const DAY_MS = 24 * 60 * 60_000;
// The names that `writeDurably` and the mirror give to what is not whole yet.
const TEMPORARY = /^\.[0-9a-z]+-[0-9a-z.]+\.tmp$/;
const MIRRORS = /^mirror\.git\.(?:damaged.*|new)$/;

/**
 * What a kill leaves in the state folder for ever: answers that nobody came for, half-written records, mirrors put aside.
 * Pollers write beside the holder of `upgrade.lock`, so their files must be a day old.
 */
export async function leftoversIn(state: string, now: Instant): Promise<string[]> {
  const names = await namesIn(state);
  const answers = (await namesIn(join(state, 'answers'))).map((name) => join('answers', name));
  const dated = [...names.filter((name) => TEMPORARY.test(name)), ...answers].map((name) =>
    join(state, name),
  );
  const old = await Promise.all(dated.map(async (path) => now - (await modifiedAt(path, now)) > DAY_MS));
  const mirrors = names.filter((name) => MIRRORS.test(name)).map((name) => join(state, name));
  return [...dated.filter((_, i) => old[i] === true), ...mirrors];
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Who vanished in the meantime counts as new. */
async function modifiedAt(path: string, now: Instant): Promise<Instant> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return now;
    throw error;
  }
}
