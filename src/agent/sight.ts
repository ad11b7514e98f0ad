import { decide } from '../domain/decide.js';
import { endedSince, type Sight } from '../domain/news.js';
import { movedTags, trustedRefs, type Observed } from '../domain/observed.js';
import { standingOrders } from '../domain/orders.js';
import type { Told } from '../domain/told.js';
import { listRuns } from '../state/runs.js';
import { gatherFacts } from './facts.js';
import type { Root } from './root.js';

/** What the records show of a machine, as far as somebody should hear of it; of the runs, at most so many. */
export async function sightOf(root: Root, told: Told, mostRuns: number): Promise<Sight> {
  const { host, layout, config, machine } = root;
  const facts = await gatherFacts(root);
  const { upgrade, observed, orders, now } = facts;
  return {
    ...{ now, upgrade, look: observed, root: layout.root },
    machine: { id: machine.id, name: config.name ?? host.hostName },
    ended: endedSince(told.end, await listRuns(layout, mostRuns)),
    decision: decide(facts),
    moved: observed === null ? [] : movedIn(observed),
    hold: standingOrders(orders, now).hold,
  };
}

function movedIn(observed: Observed): Sight['moved'] {
  // Of the same listing that is known already.
  return trustedRefs(observed) === observed.refs ? [] : movedTags(observed);
}
