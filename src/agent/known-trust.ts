import type { Trust } from '../domain/trust.js';
import { readTrust } from '../state/trust-store.js';
import type { Root } from './root.js';
import { readTrustFiles } from './trust-files.js';

/** What this machine asks of signatures, and what it has found by the settings and files that are in force. */
export async function trustOf(root: Root): Promise<Trust> {
  const { mode } = root.config.verify;
  const [{ mark }, { tried }] = [await readTrustFiles(root), await readTrust(root.layout)];
  return { mode, tried: tried.filter(({ by }) => by === mark) };
}
