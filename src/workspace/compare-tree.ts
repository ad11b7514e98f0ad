import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WHOLE } from '../domain/drift.js';
import { hasErrno } from '../os/files.js';
import type { Effort } from './effort.js';
import { readMark } from './mark.js';
import { differences, recordTree, refreshRecord, type Difference, type TreePlace } from './tree.js';

/** How a release folder differs from what was staged. Files that nobody committed and no build made are not looked at. */
export interface Compared {
  /** Gone, or empty though they were not. */
  readonly lost: readonly string[];
  readonly edited: readonly string[];
  /** Whether nothing of the release is there any more. */
  readonly gone: boolean;
  /** Of what is lost, what install and build had made. */
  readonly made: readonly string[];
}

/**
 * Compares a release folder with its commit: by git's record, which costs a look at each file's entry, and reads only what has
 * changed. With `record` the record is made where there is none (all files are read once); else such files are not compared.
 */
export async function compareTree(place: TreePlace, record: boolean, effort: Effort): Promise<Compared> {
  const mark = await readMark(place.tree);
  if (mark?.commit !== place.commit) return { lost: [WHOLE], edited: [], gone: true, made: [] };
  const made = await missing(place.tree, mark.made);
  const { changed } = mark;
  const found = changed === undefined ? null : await compared(place, record, effort);
  const watched = (found ?? []).filter(({ path }) => !isBelow(path, changed ?? []));
  const lost = await Promise.all(watched.map((difference) => isLost(place.tree, difference)));
  const committed = watched.map(({ path }) => path);
  return {
    lost: [...committed.filter((_, at) => lost[at]), ...made],
    edited: committed.filter((_, at) => lost[at] === false),
    gone: false,
    made,
  };
}

/** After a power loss the record may hold anything: then it is made anew. */
async function compared(place: TreePlace, record: boolean, effort: Effort): Promise<Difference[] | null> {
  const known = (await lstat(place.index).catch(ifGone)) !== null;
  if (!record) return known ? differences(place, effort) : null;
  if (known && (await refreshRecord(place, effort))) {
    const found = await differences(place, effort);
    if (found !== null) return found;
  }
  await rm(place.index, { force: true });
  return (await recordTree(place, effort)) ? differences(place, effort) : null;
}

/** What install and build made is not on record, file by file: that it is there, and not an empty folder, must do. */
async function missing(tree: string, made: readonly string[]): Promise<string[]> {
  const gone = await Promise.all(made.map((path) => isEmptyOrGone(join(tree, path))));
  return made.filter((_, at) => gone[at]);
}

async function isEmptyOrGone(path: string): Promise<boolean> {
  const found = await lstat(path).catch(ifGone);
  if (found === null) return true;
  return found.isDirectory() && (await readdir(path)).length === 0;
}

async function isLost(tree: string, { path, letter }: Difference): Promise<boolean> {
  if (letter === 'D') return true;
  const found = await lstat(join(tree, path)).catch(ifGone);
  return found === null || (found.isFile() && found.size === 0);
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => {
    const plain = folder.replaceAll('\\', '/').replace(/\/+$/, '');
    return path === plain || path.startsWith(`${plain}/`);
  });
}

function ifGone(error: unknown): null {
  if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
  throw error;
}
