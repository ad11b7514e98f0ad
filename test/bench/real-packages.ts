import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Package } from '../bed/registry.js';
import { PACKAGE } from '../sources.js';

const identity = v.object({ name: v.string(), version: v.string() });

/**
 * The packages that this project itself has installed, as a real application's tree has them: their number, files and sizes.
 * Without what they ask for in turn (all of them are asked for directly), without scripts, and without binaries.
 */
export function realPackages(): Package[] {
  const modules = join(PACKAGE ?? '.', 'node_modules');
  return packageFolders(modules).flatMap((folder) => {
    const read = v.safeParse(
      v.pipe(v.string(), v.parseJson(), identity),
      readText(join(folder, 'package.json')),
    );
    return read.success ? [{ ...read.output, files: filesOf(folder) }] : [];
  });
}

function packageFolders(modules: string): string[] {
  return readdirSync(modules, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name }) =>
      name.startsWith('@') ? packageFolders(join(modules, name)) : [join(modules, name)],
    );
}

function filesOf(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (path === 'package.json' || path.split(/[\\/]/).includes('node_modules')) continue;
    const text = readText(join(folder, path));
    if (text !== null && !text.includes('\0')) files[path] = text;
  }
  return files;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // a folder
  }
}
