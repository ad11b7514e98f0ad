import type { Env } from '../os/env.js';
import type { PostLimits } from '../os/post.js';

/** A repository that git can reach, the environment that lets it in, and the same as basic auth for whoever asks without git. */
export interface Remote {
  readonly url: string;
  readonly env: Env;
  readonly basic?: string | null;
  /** What no failure may quote. */
  readonly secrets?: readonly string[];
}

/** From where one looks, until when, and whether the process may end meanwhile. */
export interface LookPlace {
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly background: boolean;
  readonly bounds?: LookBounds | undefined;
}

/** How long a look may take, and how long, over http, next to nothing may come. */
export interface LookBounds {
  readonly totalMs: number;
  readonly stallMs: number;
}

/** The usual bounds: a long list over a slow line takes its time; silence does not. */
export const BOUNDS: LookBounds = { totalMs: 90_000, stallMs: 20_000 };

/** Less than this is next to nothing. */
export const LEAST_BYTES_PER_SECOND = 100;

/** More than this is no answer. */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** The limits of a request that the poller makes itself. */
export function postLimits({ signal, background, bounds = BOUNDS }: LookPlace): PostLimits {
  const usual = { leastBytesPerSecond: LEAST_BYTES_PER_SECOND, maxBytes: MAX_ANSWER_BYTES };
  return { ...bounds, ...usual, signal, background };
}
