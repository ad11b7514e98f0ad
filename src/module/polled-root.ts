import { Agent } from '../agent/agent.js';
import { openRoot } from '../agent/compose.js';
import { readGlance, type Glance } from '../agent/glance.js';
import { zoneOf, type Root } from '../agent/root.js';
import { sayMoment } from '../domain/moment.js';
import type { Instant } from '../domain/release.js';

/** One of the roots that this process polls. */
export interface PolledRoot {
  /** What people call it: the last part of its path. */
  readonly name: string;
  readonly folder: string;
  readonly agent: Agent;
}

/** A root as it is at a moment. */
export interface Sight {
  readonly root: Root;
  readonly glance: Glance;
  /** Tells a moment as gates do, in the root's zone. */
  readonly say: (at: Instant) => string;
}

/** Begins to poll a root. A root that cannot be read is tried again. */
export function pollRoot(name: string, folder: string): PolledRoot {
  return { name, folder, agent: new Agent(folder) };
}

/** Reads how a root stands. Throws what `openRoot` throws. */
export async function lookAt({ folder }: PolledRoot): Promise<Sight> {
  const root = await openRoot(folder);
  const now = root.host.clock.now();
  return { root, glance: await readGlance(root), say: (at) => sayMoment(at, now, zoneOf(root)) };
}
