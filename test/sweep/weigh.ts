import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The bytes of all files below a folder, those in folders of these names left out. */
export async function weigh(folder: string, without: readonly string[] = []): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (without.includes(entry.name)) continue;
    if (entry.isDirectory()) bytes += await weigh(path, without);
    else bytes += (await lstat(path).catch(() => null))?.size ?? 0;
  }
  return bytes;
}

/** The paths of all that lies below a folder, relative to it. */
export async function namesBelow(folder: string): Promise<string[]> {
  return readdir(folder, { recursive: true }).catch(() => []);
}
