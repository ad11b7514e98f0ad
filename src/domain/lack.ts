import type { Release } from './release.js';

/** What has to be found out before it can be decided: the step `learn`. The fleet's policy is read in any case. */
export interface Lack {
  /** Releases of which it is not known when they were made. */
  readonly undated: readonly Release[];
  /** Releases whose signatures were not looked at yet. */
  readonly untried: readonly Release[];
  /** Whether the forge has to be asked. */
  readonly forge: boolean;
}

/** Nothing has to be found out. */
export const NO_LACK: Lack = { undated: [], untried: [], forge: false };
