import { newsOf, type LineNews } from '../domain/outage.js';
import type { Instant } from '../domain/release.js';
import { readLook } from '../state/observed-store.js';
import type { Root } from './root.js';

/** What a host should hear of the way to the source, which was told that it has been lost since `told`, or that it answers (null). */
export async function lineNews({ layout }: Root, told: Instant | null): Promise<LineNews | null> {
  const look = await readLook(layout);
  return look === null ? null : newsOf(told, look);
}
