import type { Release } from './release.js';

/** What has to be found out before it can be decided: the step `learn`. The fleet's policy is read in any case. */
export interface Lack {
  /** Releases of which it is not known when they were made. */
  readonly undated: readonly Release[];
  /** Releases whose signatures were not looked at yet. */
  readonly untried: readonly Release[];
  /** Releases whose checks the forge has to be asked for. */
  readonly unchecked: readonly Release[];
  /** Whether it has to be asked for its latest release. */
  readonly latest: boolean;
}

/** Nothing has to be found out. */
export const NO_LACK: Lack = { undated: [], untried: [], unchecked: [], latest: false };
