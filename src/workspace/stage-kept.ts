import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Release } from '../domain/release.js';
import { syncFolder } from '../os/files.js';
import { renameStubborn } from '../os/rename.js';
import type { MoveEffort } from './checkout-locks.js';
import { keptFor } from './kept.js';
import { keptFolder, MOVE_NAME, readMove, type Move } from './kept-record.js';
import { readMark, writeMark } from './mark.js';
import { stageFolder } from './stage.js';

/** A release that an adopted checkout was moved away from, and the run that brings it back. */
export interface KeptRelease {
  readonly state: string;
  readonly runId: string;
  readonly release: Release;
}

/**
 * Stages the former release of an adopted checkout from what was kept for the way back: no network, no install, no build.
 * What is kept holds only what install and build had made; the rest comes from git. False where it is not whole: stage as usual.
 */
export async function stageKept(
  { state, runId, release }: KeptRelease,
  { clock, signal, report }: MoveEffort,
): Promise<boolean> {
  const tree = join(stageFolder(state, runId), 'tree');
  // Killed between the rename and the journal: what was kept is staged already.
  if ((await readMark(tree))?.commit === release.commit) return finish(tree);
  const move = await wayBack(state, release);
  if (move === null) return false;
  const { tag, commit } = release;
  const kept = keptFolder(state, commit);
  // Marked where it lies: after the rename alone it would be neither kept nor staged, and be fetched and installed anew.
  const { depsKey = null, size } = move.before ?? {};
  await writeMark(kept, { schema: 1, tag, commit, depsKey, made: move.had, size });
  await rm(dirname(tree), { recursive: true, force: true });
  await mkdir(dirname(tree), { recursive: true, mode: 0o700 });
  await renameStubborn(kept, tree, { clock, signal });
  await syncFolder(dirname(tree));
  report.step(`stage: ${tag} is kept on disk, nothing to fetch or install`);
  return finish(tree);
}

/** Whether the release can be staged from what is kept, so that it takes no room. */
export async function isKept(state: string, release: Release): Promise<boolean> {
  return (await wayBack(state, release)) !== null;
}

async function wayBack(state: string, { commit }: Release): Promise<Move | null> {
  const move = await readMove(state, commit);
  // Folders that mix tracked files with made ones cannot be told apart any more once they are one tree.
  if (move === null || move.mixed.length > 0 || !(await keptFor(state, commit))) return null;
  return move;
}

async function finish(tree: string): Promise<true> {
  await rm(join(tree, MOVE_NAME), { force: true });
  return true;
}
