import { isGitOpsError } from '../domain/errors.js';
import type { Disk } from '../domain/disk.js';
import { NO_REQUEST, type Facts, type Request } from '../domain/facts.js';
import { NO_ORDERS, type Orders } from '../domain/orders.js';
import { NO_TRUST, type Trust } from '../domain/trust.js';
import { readObserved } from '../state/observed-store.js';
import { readDates } from '../state/policy-store.js';
import { readOrders } from '../state/store.js';
import { knownUpgrade } from './known-upgrade.js';
import { policyState } from './fleet.js';
import { forgeState } from './forge.js';
import { identityOf, ownRules, placeIn } from './identity.js';
import { diskOf } from './room.js';
import { zoneOf, type Root } from './root.js';
import { pollEveryMs } from './schedule.js';

/** Gathers what a decision looks at from the records on disk: everybody who asks gets the same. `disk`: what is known of it. Drift is looked for apart (`look-drift.ts`). */
export async function gatherFacts(
  root: Root,
  request: Request = NO_REQUEST,
  disk: Disk | null = null,
): Promise<Facts> {
  const { host, layout, config } = root;
  const observed = await readObserved(layout);
  return {
    upgrade: await knownUpgrade(root),
    orders: await ordersOrHold(root),
    observed,
    disk: disk ?? diskOf(root),
    ...{ machine: identityOf(root), own: ownRules(config) },
    policy: await policyState(root, observed),
    dates: await readDates(layout),
    trust: await trustHere(root),
    forge: await forgeState(root, request),
    ...{ placeOf: placeIn(root), pollEveryMs: await pollEveryMs(root) },
    underWay: false,
    zone: zoneOf(root),
    tagPrefix: config.tagPrefix,
    request,
    drift: [],
    driftPolicy: config.drift,
    now: host.clock.now(),
  };
}

/** Loaded only by machines that ask for signatures. */
async function trustHere(root: Root): Promise<Trust> {
  if (root.config.verify.mode === 'off') return NO_TRUST;
  const { trustOf } = await import('./known-trust.js');
  return trustOf(root);
}

/** Orders that cannot be read may be a hold: until somebody gives them anew they are one. */
async function ordersOrHold({ layout, host }: Root): Promise<Orders> {
  try {
    return await readOrders(layout);
  } catch (error) {
    if (!isGitOpsError(error, 'STATE_CORRUPT')) throw error;
    const reason = `${error.message}; ${error.hint ?? ''}`;
    return { ...NO_ORDERS, hold: { reason, since: host.clock.now(), until: null } };
  }
}
