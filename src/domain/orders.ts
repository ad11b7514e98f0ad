import type { Instant, Release } from './release.js';

/** What operators told this machine by hand. */
export interface Orders {
  readonly pin: Pin | null;
  readonly hold: Hold | null;
}

/** This machine is held on one exact release, downgrades included. */
export interface Pin {
  readonly release: Release;
  readonly since: Instant;
  readonly until: Instant | null;
}

/** All changes are stopped. */
export interface Hold {
  readonly reason: string | null;
  readonly since: Instant;
  readonly until: Instant | null;
}

export const NO_ORDERS: Orders = { pin: null, hold: null };

/** Orders without what has ended. */
export function standingOrders({ pin, hold }: Orders, now: Instant): Orders {
  const standing = (until: Instant | null): boolean => until === null || until > now;
  return {
    pin: pin !== null && standing(pin.until) ? pin : null,
    hold: hold !== null && standing(hold.until) ? hold : null,
  };
}
