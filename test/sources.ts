import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the package: above the compiled tests, or where the tests were started if they were built elsewhere. */
export const PACKAGE = [join(import.meta.dirname, '..', '..'), process.cwd()].find((folder) =>
  existsSync(join(folder, 'src/index.ts')),
);

/** The text of a source file, by its path in the package. */
export function sourceOf(path: string): string {
  if (PACKAGE === undefined) throw new Error('run the tests in the folder of the package');
  return readFileSync(join(PACKAGE, path), 'utf8');
}
