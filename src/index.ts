import { Agent } from './agent/agent.js';

export type { Agent, AgentEvents, OfflineEvent, OnlineEvent, Polled, RunEvent } from './agent/agent.js';
export type { MovedTag } from './domain/observed.js';
export type { Release } from './domain/release.js';

/**
 * Starts the poller in this process and returns at once. It looks at the source on the root's schedule, one look per machine and turn
 * whatever the number of processes, and launches a detached worker when there is something to do.
 * It never throws into the host and never keeps it alive; what goes wrong comes as `problem` events.
 *
 * @param options.root the folder that holds `gitops.json`; without it, the host's working folder
 */
export function startAgent({ root = '.' }: { readonly root?: string } = {}): Agent {
  return new Agent(root);
}
