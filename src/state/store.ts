import { randomUUID } from 'node:crypto';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { NO_ORDERS, type Orders } from '../domain/orders.js';
import type { Commit, Instant } from '../domain/release.js';
import { entryAt } from '../os/file-at.js';
import { corruptPath, makePrivateFolder } from '../os/files.js';
import type { Layout } from './layout.js';
import { readOnce } from '../os/read-once.js';
import { readRecord, writeRecord } from './records.js';
import { comparedFile, machineFile, ordersFile } from './schema.js';

/** This machine's stable id. */
export interface Machine {
  readonly id: string;
  readonly createdAt: Instant;
}

/** Reads the machine's id; makes one where there is none (an old one that cannot be read is kept beside). */
export async function ensureMachine(layout: Layout, now: Instant): Promise<Machine> {
  const found = await readMachineOf(layout.machine);
  if (found !== null) return found;
  const machine = { id: randomUUID(), createdAt: now };
  await makePrivateFolder(layout.state);
  await writeRecord(layout.machine, machine);
  return machine;
}

const readMachineOf = readOnce((path) => readRecord(path, machineFile));

const readOrdersOf = readOnce((path) => readRecord(path, ordersFile));

/** Reads what operators told this machine. Throws `STATE_CORRUPT` where that cannot be read, until somebody gives orders anew. */
export async function readOrders(layout: Layout): Promise<Orders> {
  const found = await readOrdersOf(layout.orders);
  if (found !== null) return found;
  // Unlike other records, orders cannot be made again from facts: taken for none, a hold would end by itself.
  if (entryAt(corruptPath(layout.orders)) !== null) throw ordersLost(layout);
  return NO_ORDERS;
}

/**
 * Changes the named orders and keeps the others. Where they cannot be read this person gives them anew, and the others are none.
 * Gives back what stood before; null where that cannot be read.
 */
export async function changeOrders(layout: Layout, change: Partial<Orders>): Promise<Orders | null> {
  const before = await readOrders(layout).catch((error: unknown) => {
    if (isGitOpsError(error, 'STATE_CORRUPT')) return null;
    throw error;
  });
  await writeOrders(layout, { ...(before ?? NO_ORDERS), ...change });
  return before;
}

/** Replaces what operators told this machine. */
export async function writeOrders(layout: Layout, { pin, hold, approvals }: Orders): Promise<void> {
  await writeRecord(layout.orders, { pin, hold, approvals });
}

/** When the files of a release were last compared with its commit. */
export interface Compared {
  readonly at: Instant;
  readonly commit: Commit;
}

/** Reads when files were last compared; null before the first time. */
export async function readCompared(layout: Layout): Promise<Compared | null> {
  return readRecord(layout.compared, comparedFile);
}

/** Replaces it. Only a worker writes. */
export async function writeCompared(layout: Layout, compared: Compared): Promise<void> {
  await writeRecord(layout.compared, compared);
}

function ordersLost({ orders }: Layout): GitOpsError {
  return new GitOpsError('STATE_CORRUPT', `${orders} cannot be read: a hold or a pin may stand in it`, {
    hint: `give the orders anew by pm2-gitops hold, pin, resume or unpin; what was found is kept in ${corruptPath(orders)}: mend it and rename it back, or remove it if nothing was ordered`,
  });
}
