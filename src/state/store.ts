import { randomUUID } from 'node:crypto';
import { NO_ORDERS, type Orders } from '../domain/orders.js';
import type { Observed } from '../domain/observed.js';
import type { Instant } from '../domain/release.js';
import { makePrivateFolder } from '../os/files.js';
import type { Layout } from './layout.js';
import { readRecord, writeRecord } from './records.js';
import { machineFile, observedFile, ordersFile } from './schema.js';

/** This machine's stable id. */
export interface Machine {
  readonly id: string;
  readonly createdAt: Instant;
}

/** Reads the machine's id; makes one where there is none (an old one that cannot be read is kept beside). */
export async function ensureMachine(layout: Layout, now: Instant): Promise<Machine> {
  const found = await readRecord(layout.machine, machineFile);
  if (found !== null) return found;
  const machine = { id: randomUUID(), createdAt: now };
  await makePrivateFolder(layout.state);
  await writeRecord(layout.machine, machine);
  return machine;
}

/** Reads what operators told this machine. */
export async function readOrders(layout: Layout): Promise<Orders> {
  return (await readRecord(layout.orders, ordersFile)) ?? NO_ORDERS;
}

/** Replaces what operators told this machine. */
export async function writeOrders(layout: Layout, { pin, hold }: Orders): Promise<void> {
  await writeRecord(layout.orders, { pin, hold });
}

/** Reads what the last look at the source showed; null before the first. */
export async function readObserved(layout: Layout): Promise<Observed | null> {
  return readRecord(layout.observed, observedFile);
}

/** Replaces it. Only the holder of `poll.lock` writes. */
export async function writeObserved(layout: Layout, observed: Observed): Promise<void> {
  await writeRecord(layout.observed, observed);
}
