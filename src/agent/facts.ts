import { NO_REQUEST, type Facts, type Request } from '../domain/decide.js';
import { readJournal } from '../state/journal.js';
import { readObserved, readOrders } from '../state/store.js';
import type { Root } from './root.js';

/** Gathers what a decision looks at from the records on disk: everybody who asks gets the same. */
export async function gatherFacts(
  { host, layout, config }: Root,
  request: Request = NO_REQUEST,
): Promise<Facts> {
  return {
    upgrade: await readJournal(layout.journal),
    orders: await readOrders(layout),
    observed: await readObserved(layout),
    channel: config.channel,
    tagPrefix: config.tagPrefix,
    request,
    now: host.clock.now(),
  };
}
