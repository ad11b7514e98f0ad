import type { MachineConfig } from '../config/machine.js';
import type { Clock } from '../os/clock.js';
import type { Env } from '../os/env.js';
import type { Layout } from '../state/layout.js';
import type { Machine } from '../state/store.js';

/** What this process knows of the machine that it runs on. */
export interface Host {
  /** Whether we are a guest in a customer's process, which nothing of ours keeps alive. */
  readonly background: boolean;
  readonly clock: Clock;
  /** The clean environment: what git, builds, hooks and started apps may see. */
  readonly env: Env;
  /** Variables that the configuration names for credentials: for git and a worker, never for builds, hooks and apps. */
  readonly secretEnv: Env;
  readonly platform: NodeJS.Platform;
  readonly pm2Home: string;
  readonly hostName: string;
  /** The zone of the machine's clock, an IANA name. */
  readonly zone: string;
  readonly chance: () => number;
}

/** One root, read from disk, and the machine around it. */
export interface Root {
  readonly host: Host;
  readonly layout: Layout;
  readonly config: MachineConfig;
  readonly machine: Machine;
}

/** The zone, an IANA name, of a root's windows and of its moments in output. */
export function zoneOf({ config, host }: Pick<Root, 'config' | 'host'>): string {
  return config.timezone ?? host.zone;
}
