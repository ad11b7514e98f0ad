import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A folder of the test's own, removed when it ends. */
export async function ownFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pgo-unit-'));
  context.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Windows has no rights in a file's mode: there they come from the folder above. */
const hasModes = process.platform !== 'win32';

/** Checks who may do what with a file or a folder, where the system tells by its mode. */
export async function assertMode(path: string, mode: number): Promise<void> {
  if (hasModes) assert.equal((await stat(path)).mode & 0o777, mode);
}
