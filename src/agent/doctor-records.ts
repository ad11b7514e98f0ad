import { join } from 'node:path';
import { ok, problem, warning, type Check } from '../domain/check.js';
import { isGitOpsError } from '../domain/errors.js';
import { NO_REQUEST } from '../domain/facts.js';
import { namesIn } from '../os/files.js';
import { readObserved } from '../state/observed-store.js';
import { readOrders } from '../state/store.js';
import { readTrust } from '../state/trust-store.js';
import { forgeState } from './forge.js';
import { knownUpgrade } from './known-upgrade.js';
import type { Root } from './root.js';

/** Whether every record of a root can be read, and which could not be and were put aside. */
export async function checkRecords(root: Root): Promise<Check[]> {
  const { layout } = root;
  const readings = [
    () => knownUpgrade(root),
    () => readOrders(layout),
    () => readObserved(layout),
    () => readTrust(layout),
    () => forgeState(root, NO_REQUEST),
  ];
  const refusals = (await Promise.all(readings.map(refusalOf))).flat();
  const aside = (await namesIn(layout.state))
    .filter((name) => name.endsWith('.corrupt'))
    .map((name) =>
      warning(
        'records',
        `${join(layout.state, name)} could not be read and was put aside`,
        'check the disk (dmesg, SMART); remove the file when nobody needs it any more',
      ),
    );
  const found = [...refusals, ...aside];
  return found.length === 0 ? [ok('records', 'all can be read')] : found;
}

async function refusalOf(read: () => Promise<unknown>): Promise<Check[]> {
  try {
    await read();
    return [];
  } catch (error) {
    if (!isGitOpsError(error)) throw error;
    return [problem('records', error.message, error.hint ?? 'check the disk')];
  }
}
