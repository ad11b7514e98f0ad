import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import type { Commit } from '../domain/release.js';
import { readTextIfAny, setAside, writeDurably } from '../os/files.js';
import { sizeSchema } from './size.js';

/** The name of a move's record in its `kept` folder. */
export const MOVE_NAME = '.gitops-move.json';

const commit = v.pipe(v.string(), v.hexadecimal());

const liveSchema = v.object({
  schema: v.literal(1),
  commit,
  depsKey: v.nullable(v.string()),
  made: v.array(v.string()),
  size: v.optional(sizeSchema),
});

const moveSchema = v.object({
  schema: v.literal(1),
  from: commit,
  to: commit,
  paths: v.array(v.string()),
  incoming: v.array(v.string()),
  had: v.array(v.string()),
  mixed: v.array(v.string()),
  before: v.nullable(liveSchema),
});

/** `live.json`: which release's made things lie in an adopted checkout. */
export type Live = Readonly<v.InferOutput<typeof liveSchema>>;

/**
 * `kept/<from>/.gitops-move.json`, written before the first rename of a move: from it and from what lies on disk every
 * interrupted move can be finished or undone. `paths` are all that either release made; of them `had` had something live before,
 * `mixed` also hold files that `from` tracks, so git and not we move those. `incoming` are the new release's; `before` is
 * `live.json` as it was.
 */
export type Move = Readonly<v.InferOutput<typeof moveSchema>>;

/** What is live; null where nothing of ours has ever been, or nobody can tell any more (then the next upgrade installs anew). */
export async function readLive(state: string): Promise<Live | null> {
  try {
    return await readRecord(livePath(state), liveSchema);
  } catch (error) {
    if (!isGitOpsError(error, 'STATE_CORRUPT')) throw error;
    await setAside(livePath(state));
    return null;
  }
}

/** Says durably what is live from now on. */
export async function writeLive(state: string, live: Live): Promise<void> {
  await writeRecord(livePath(state), live);
}

/** Where the things that were live with a commit are kept. */
export function keptFolder(state: string, from: Commit): string {
  return join(state, 'kept', from);
}

/** The record of the move away from a commit; null where none has begun, or it has been undone. */
export function readMove(state: string, from: Commit): Promise<Move | null> {
  return readRecord(movePath(state, from), moveSchema);
}

/** Begins a move, durably. */
export async function writeMove(state: string, move: Move): Promise<void> {
  await mkdir(keptFolder(state, move.from), { recursive: true, mode: 0o700 });
  await writeRecord(movePath(state, move.from), move);
}

/** Where `live.json` lies. */
export function livePath(state: string): string {
  return join(state, 'live.json');
}

function movePath(state: string, from: Commit): string {
  return join(keptFolder(state, from), MOVE_NAME);
}

async function readRecord<S extends v.GenericSchema>(
  path: string,
  schema: S,
): Promise<v.InferOutput<S> | null> {
  const text = await readTextIfAny(path);
  if (text === null) return null;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (parsed.success) return parsed.output;
  throw new GitOpsError('STATE_CORRUPT', `${path} cannot be read: ${parsed.issues[0].message}`, {
    hint: 'move it away; the next upgrade then installs anew instead of putting kept things back',
  });
}

async function writeRecord(path: string, record: Live | Move): Promise<void> {
  await writeDurably(path, `${JSON.stringify(record, null, 2)}\n`);
}
