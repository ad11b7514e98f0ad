import { problem, type Check } from '../../domain/check.js';
import { judgeRecords } from '../../domain/doctor/state.js';
import { isGitOpsError } from '../../domain/errors.js';
import { NO_REQUEST } from '../../domain/facts.js';
import { inspectRecords } from '../../state/inspect.js';
import { readObserved } from '../../state/observed-store.js';
import { readOrders } from '../../state/store.js';
import { readTrust } from '../../state/trust-store.js';
import { forgeState } from '../forge.js';
import { knownUpgrade } from '../known-upgrade.js';
import type { Visit } from './visit.js';

/** Whether every record of a root can be read, and which could not be and were put aside; and what follows from that. */
export async function checkRecords({ root }: Pick<Visit, 'root'>): Promise<Check[]> {
  const { layout } = root;
  const seen = await inspectRecords(layout);
  const readings = [
    () => knownUpgrade(root),
    () => readOrders(layout),
    () => readObserved(layout),
    () => readTrust(layout),
    () => forgeState(root, NO_REQUEST),
  ];
  const refusals = (await Promise.all(readings.map(refusalOf))).flat();
  const judged = judgeRecords(seen);
  return refusals.length === 0 ? judged : [...judged.filter(({ level }) => level !== 'ok'), ...refusals];
}

async function refusalOf(read: () => Promise<unknown>): Promise<Check[]> {
  try {
    await read();
    return [];
  } catch (error) {
    if (!isGitOpsError(error)) throw error;
    return [problem('root.records', error.message, error.hint ?? 'check the disk')];
  }
}
