import { NO_REQUEST, type Facts, type Request } from '../domain/decide.js';
import { isGitOpsError } from '../domain/errors.js';
import type { Orders } from '../domain/orders.js';
import { readObserved, readOrders } from '../state/store.js';
import { knownUpgrade } from './known-upgrade.js';
import { diskOf } from './room.js';
import type { Root } from './root.js';

/** Gathers what a decision looks at from the records on disk: everybody who asks gets the same. Drift is looked for apart (`look-drift.ts`). */
export async function gatherFacts(root: Root, request: Request = NO_REQUEST): Promise<Facts> {
  const { host, layout, config } = root;
  return {
    upgrade: await knownUpgrade(root),
    orders: await ordersOrHold(root),
    observed: await readObserved(layout),
    disk: await diskOf(root),
    channel: config.channel,
    tagPrefix: config.tagPrefix,
    request,
    drift: [],
    driftPolicy: config.drift,
    now: host.clock.now(),
  };
}

/** Orders that cannot be read may be a hold: until somebody gives them anew they are one. */
async function ordersOrHold({ layout, host }: Root): Promise<Orders> {
  try {
    return await readOrders(layout);
  } catch (error) {
    if (!isGitOpsError(error, 'STATE_CORRUPT')) throw error;
    const reason = `${error.message}; ${error.hint ?? ''}`;
    return { pin: null, hold: { reason, since: host.clock.now(), until: null } };
  }
}
