import { isGitOpsError } from '../domain/errors.js';
import { parseErrand } from './call-courier.js';
import { openRoot } from './compose.js';
import { deliver } from './courier.js';

/** The courier's process. Where the disk takes nothing, nothing is told: that would be told again and again. */
async function main(): Promise<void> {
  const { root: folder, ...errand } = parseErrand(process.argv[2] ?? '');
  try {
    await deliver(await openRoot(folder), errand, new AbortController().signal);
  } catch (error) {
    if (!isGitOpsError(error, 'DISK_FULL', 'DISK_READONLY')) throw error;
  }
}

await main();
