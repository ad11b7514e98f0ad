import type { NamedChannel } from '../../src/domain/policy.js';
import type { Wave } from '../../src/domain/wave.js';

export const HOUR_MS = 3_600_000;

/** A wave without canaries, over so many hours. */
export function over(hours: number): Wave {
  return { canaryMs: 0, curve: { kind: 'linear', overMs: hours * HOUR_MS } };
}

/** A channel of a policy that follows 1.x. */
export function named(more: Partial<NamedChannel>): NamedChannel {
  return {
    ...{ channel: { kind: 'range', range: '1.x' }, text: '1.x', soakMs: null, wave: null, after: null },
    ...more,
  };
}
