import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GitOpsError } from '../domain/errors.js';
import { metricsOf } from '../domain/metrics.js';
import { renderFamilies } from '../domain/openmetrics.js';
import { hasErrno, writeDurably } from '../os/files.js';
import { measure } from './measure.js';
import type { Root } from './root.js';

/** Writes the measures for node_exporter's textfile collector. Throws `CONFIG_INVALID` where they cannot be written there. */
export async function writeMetricsFile(root: Root, file: string, signal: AbortSignal): Promise<void> {
  const text = renderFamilies(metricsOf(await measure(root, null, signal)), 'text');
  try {
    await writeDurably(file, text);
    // Whoever collects it is another user, and there is no secret in it.
    await chmod(file, 0o644);
  } catch (cause) {
    if (!hasErrno(cause, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) throw cause;
    throw new GitOpsError('CONFIG_INVALID', `metrics.file: cannot write ${file}`, {
      cause,
      hint: `make the folder ${dirname(file)}, and let the user of the poller write in it`,
    });
  }
}
