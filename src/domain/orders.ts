import type { Instant, Release } from './release.js';

/** What operators told this machine by hand. */
export interface Orders {
  readonly pin: Pin | null;
  readonly hold: Hold | null;
  readonly approvals: readonly Approval[];
}

/** Somebody's word that a release may come; it expires by itself. */
export interface Approval {
  readonly release: Release;
  readonly since: Instant;
  readonly until: Instant | null;
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

export const NO_ORDERS: Orders = { pin: null, hold: null, approvals: [] };

/** Orders without what has ended. */
export function standingOrders({ pin, hold, approvals }: Orders, now: Instant): Orders {
  const standing = (until: Instant | null): boolean => until === null || until > now;
  return {
    pin: pin !== null && standing(pin.until) ? pin : null,
    hold: hold !== null && standing(hold.until) ? hold : null,
    approvals: approvals.filter(({ until }) => standing(until)),
  };
}
