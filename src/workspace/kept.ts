import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Commit } from '../domain/release.js';
import { exists, namesIn, syncFolder } from '../os/files.js';
import { renameStubborn, type RenamePatience } from '../os/rename.js';
import { keptFolder, livePath, readLive, readMove, writeLive, writeMove, type Move } from './kept-record.js';

/** Where a swap takes place, and what it waits with on Windows. */
export interface SwapPlace extends RenamePatience {
  readonly root: string;
  readonly state: string;
  readonly runId: string;
}

/** Moves what was live with `from` to `kept/`. */
export async function moveOut(place: SwapPlace, move: Move): Promise<void> {
  for (const path of move.had) {
    const [live, kept] = [join(place.root, path), join(keptFolder(place.state, move.from), path)];
    if ((await exists(live)) && !(await exists(kept))) await rename(place, live, kept);
  }
}

/** Before the new commit is checked out: what stands where something was moved out came in between, by a killed checkout or by others. */
export async function moveStraysAside(place: SwapPlace, move: Move): Promise<void> {
  for (const path of move.paths.filter((each) => !move.mixed.includes(each))) {
    if (await exists(join(place.root, path))) await setAside(place, path);
  }
}

/** Moves what was staged to where it is to live. What is no longer staged has been moved in by an earlier attempt. */
export async function moveIn(place: SwapPlace, move: Move, staged: string): Promise<void> {
  for (const path of move.incoming) {
    const [from, live] = [join(staged, path), join(place.root, path)];
    if (!(await exists(from))) continue;
    if (await exists(live)) await clearForStaged(place, move, path);
    await rename(place, from, live);
  }
}

/** Before the old commit is checked out: what the new release made goes aside, so that nothing stands in git's way. */
export async function moveNewAside(
  place: SwapPlace,
  move: Move,
  tracked: ReadonlySet<string>,
): Promise<void> {
  for (const path of move.paths.filter((each) => !tracked.has(each))) {
    const isNew = !move.had.includes(path) || (await exists(join(keptFolder(place.state, move.from), path)));
    if (isNew && (await exists(join(place.root, path)))) await setAside(place, path);
  }
}

/** After the old commit is checked out: what was kept becomes live again, `live.json` included; then the record is dropped. */
export async function moveKeptBack(place: SwapPlace, move: Move): Promise<void> {
  for (const path of move.paths) {
    const [kept, live] = [join(keptFolder(place.state, move.from), path), join(place.root, path)];
    if (move.mixed.includes(path)) {
      if (await exists(kept)) await mergeInto(place, kept, live);
      continue;
    }
    const isKept = await exists(kept);
    if ((isKept || !move.had.includes(path)) && (await exists(live))) await setAside(place, path);
    if (isKept) await rename(place, kept, live);
  }
  if (move.before === null) await rm(livePath(place.state), { force: true });
  else await writeLive(place.state, move.before);
  await dropKeptOf(place, move.from);
}

/**
 * The record as it is to be believed after an interruption: what `had` claims is neither live nor kept any more was removed by
 * somebody else in between, so the way back must not take the new thing for the old one.
 */
export async function trimMove({ root, state }: SwapPlace, move: Move): Promise<Move> {
  const lost: string[] = [];
  for (const path of move.had) {
    const found =
      (await exists(join(root, path))) || (await exists(join(keptFolder(state, move.from), path)));
    if (!found) lost.push(path);
  }
  if (lost.length === 0) return move;
  const trimmed = { ...move, had: move.had.filter((path) => !lost.includes(path)) };
  await writeMove(state, trimmed);
  return trimmed;
}

/** Whether the way back to `commit` is whole on disk, so that it needs no install. */
export async function keptFor(state: string, commit: Commit): Promise<boolean> {
  const [move, live] = [await readMove(state, commit), await readLive(state)];
  if (move === null || live?.commit !== move.to) return false;
  for (const path of move.had) {
    if (!(await exists(join(keptFolder(state, commit), path)))) return false;
  }
  return true;
}

/** Forgets what is kept for one commit: one rename, so that no half of it can ever be taken for the whole. */
export async function dropKeptOf(place: SwapPlace, commit: Commit): Promise<void> {
  const folder = keptFolder(place.state, commit);
  if (await exists(folder)) await rename(place, folder, await freePath(place, `kept-${commit}`));
}

async function clearForStaged(place: SwapPlace, move: Move, path: string): Promise<void> {
  const kept = join(keptFolder(place.state, move.from), path);
  // What git left of a folder with tracked files is the user's, and comes back with the old release.
  if (move.mixed.includes(path) && !(await exists(kept))) await rename(place, join(place.root, path), kept);
  else await setAside(place, path);
}

async function setAside(place: SwapPlace, path: string): Promise<void> {
  await rename(place, join(place.root, path), await freePath(place, path));
}

function asideFolder(state: string): string {
  return join(state, 'aside');
}

async function freePath({ state, runId }: SwapPlace, path: string): Promise<string> {
  for (let n = 0; ; n += 1) {
    const free = join(asideFolder(state), runId, String(n), path);
    if (!(await exists(free))) return free;
  }
}

async function rename(place: SwapPlace, from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await renameStubborn(from, to, place);
  await syncFolder(dirname(to));
  await syncFolder(dirname(from));
}

/** Puts what is missing in `to` there; what `to` has stays as it is. */
async function mergeInto(place: SwapPlace, from: string, to: string): Promise<void> {
  if (!(await exists(to))) return rename(place, from, to);
  for (const name of await namesIn(from)) await mergeInto(place, join(from, name), join(to, name));
}
