import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instant } from '../domain/release.js';
import { hasErrno, namesIn } from '../os/files.js';
import { isZombie } from '../os/proc-linux.js';

const DAY_MS = 24 * 60 * 60_000;
// The names that `writeDurably` and the mirror give to what is not whole yet.
const TEMPORARY = /^\.[0-9a-z]+-[0-9a-z.]+\.tmp$/;
const MIRRORS = /^mirror\.git\.(?:damaged.*|new)$/;

/**
 * What a kill leaves in the state folder for ever: answers that nobody came for, half-written records, mirrors put aside.
 * Pollers write beside the holder of `upgrade.lock`: what may be theirs goes when its writer is dead, or a day old.
 */
export async function leftoversIn(state: string, now: Instant): Promise<string[]> {
  const names = await namesIn(state);
  const answers = (await namesIn(join(state, 'answers'))).map((name) => join('answers', name));
  const torn = names.filter((name) => TEMPORARY.test(name));
  const dated = [...torn.filter((name) => !isWriterDead(name)), ...answers];
  const old = await Promise.all(
    // One from the future is one from before the clock was set back.
    dated.map(async (name) => Math.abs(now - (await modifiedAt(join(state, name), now))) > DAY_MS),
  );
  return [
    ...dated.filter((_, i) => old[i] === true),
    ...torn.filter(isWriterDead),
    ...names.filter((name) => MIRRORS.test(name)),
    ...(await tornIn(state, 'runs')),
    ...(await tornIn(state, 'kept')),
  ].map((name) => join(state, name));
}

/** Half-written records in folders where only the holder of `upgrade.lock` writes. */
async function tornIn(state: string, parent: string): Promise<string[]> {
  const folders = await namesIn(join(state, parent));
  const found = folders.map(async (folder) =>
    (await namesIn(join(state, parent, folder)))
      .filter((name) => TEMPORARY.test(name))
      .map((name) => join(parent, folder, name)),
  );
  return (await Promise.all(found)).flat();
}

/** Whether the process that `writeDurably` named the file after is gone. */
function isWriterDead(name: string): boolean {
  const pid = Number.parseInt(name.slice(1), 36);
  try {
    process.kill(pid, 0);
    return isZombie(pid);
  } catch (error) {
    return hasErrno(error, 'ESRCH');
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
