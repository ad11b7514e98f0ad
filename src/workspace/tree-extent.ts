import { dirname } from 'node:path';
import { addSpace, diskShort, FLOOR, isShortOf, type Space } from '../domain/disk.js';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { lookAtDisk } from '../os/disk.js';
import { runGit } from '../os/git.js';
import { quiet, type Effort } from './effort.js';
import type { TreePlace } from './tree.js';

// A tree of a few kilobytes may stand for billions of files, and one small object for gigabytes: git itself would fill the memory, or the disk.
const MOST_FILES = 500_000;
// Far below what Linux takes for a path (4,096 bytes): whatever is laid out can be removed again. For a name it is 255 everywhere.
const LONGEST_PATH = 1_024;
const LONGEST_NAME = 255;

/**
 * Refuses a commit that cannot be laid out here, having laid out nothing. Null: its objects cannot be read.
 * Throws `RELEASE_INVALID`, `DISK_SHORT`, `GIT_FAILED`, `COMMAND_TIMEOUT`, `ABORTED`.
 */
export async function requireFitting(place: TreePlace, effort: Effort): Promise<Space | null> {
  const over = new AbortController();
  const extent = { bytes: 0, files: 0 };
  const onLine = (line: string): void => {
    if (over.signal.aborted) return;
    const { bytes, path } = entryOf(line);
    extent.bytes += bytes;
    extent.files += 1;
    if (extent.files > MOST_FILES) over.abort(unfit(place, `it has more than ${MOST_FILES} files`));
    if (isLong(path)) over.abort(unfit(place, `a name in it is too long: ${path.slice(0, 100)}…`));
  };
  const listed = await listTree(place, effort, { over: over.signal, onLine });
  if (!listed) return null;
  const disk = lookAtDisk(dirname(place.mirror));
  const need = addSpace(FLOOR, extent);
  if (disk !== null && isShortOf(disk, need)) throw diskShort(disk, need);
  return extent;
}

async function listTree(
  { mirror, commit }: TreePlace,
  effort: Effort,
  { over, onLine }: { over: AbortSignal; onLine: (line: string) => void },
): Promise<boolean> {
  const args = [
    '--git-dir',
    mirror,
    '-c',
    'core.quotePath=false',
    'ls-tree',
    '-r',
    '-l',
    '--full-tree',
    commit,
  ];
  const options = { ...quiet(effort), signal: AbortSignal.any([effort.signal, over]), onLine };
  try {
    const { code } = await runGit(args, { cwd: dirname(mirror), env: effort.env }, options);
    if (over.aborted) throw over.reason;
    return code === 0;
  } catch (error) {
    throw over.aborted && isGitOpsError(error, 'ABORTED') ? over.reason : error;
  }
}

/** `100644 blob <id> <size, or - of a submodule>\t<path>`. */
function entryOf(line: string): { readonly bytes: number; readonly path: string } {
  const [head = '', path = ''] = line.split('\t');
  const bytes = Number(head.split(/ +/)[3]);
  return { bytes: Number.isNaN(bytes) ? 0 : bytes, path };
}

function isLong(path: string): boolean {
  return (
    path.length > LONGEST_NAME / 4 &&
    (Buffer.byteLength(path) > LONGEST_PATH ||
      path.split('/').some((name) => Buffer.byteLength(name) > LONGEST_NAME))
  );
}

function unfit({ commit }: TreePlace, why: string): GitOpsError {
  return new GitOpsError('RELEASE_INVALID', `the tree of ${commit} cannot be laid out: ${why}`, {
    hint: 'correct it and tag again',
  });
}
