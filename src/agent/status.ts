import type { Status } from '../domain/status.js';
import { assembleStatus } from './assemble-status.js';
import { gatherFacts } from './facts.js';
import { lookByEye } from './look-closely.js';
import { findOrphans } from './orphans.js';
import type { Root } from './root.js';

/** Reads everything that `status` tells, and asks pm2 for its list. Without a pm2 daemon it says so and tells the rest. */
export async function readStatus(root: Root, signal: AbortSignal): Promise<Status> {
  const facts = await gatherFacts(root);
  const look = await lookByEye(root, facts.upgrade, signal);
  const apps = facts.upgrade.active?.apps ?? null;
  const orphans = look.silence === null ? await findOrphans(root, apps, signal) : [];
  return assembleStatus(root, facts, { ...look, orphans });
}
