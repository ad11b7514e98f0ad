import type { Check } from '../../domain/check.js';
import { judgeOrders } from '../../domain/doctor/orders.js';
import { readOrders } from '../../state/store.js';
import type { Visit } from './visit.js';

/** What operators told this machine, and may have forgotten. */
export async function checkOrders({ root: { layout, config, host } }: Visit): Promise<Check[]> {
  return judgeOrders(await readOrders(layout), config.channel, host.clock.now());
}
