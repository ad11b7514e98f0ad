import type { Channel } from '../channel.js';
import { hint, ok, orOk, warning, type Check } from '../check.js';
import { saySpan } from '../moment.js';
import { standingOrders, type Orders } from '../orders.js';
import type { Instant } from '../release.js';

const DAY_MS = 24 * 60 * 60_000;
const LONG_HOLD_MS = 7 * DAY_MS;
const LONG_PIN_MS = 30 * DAY_MS;

/** Whether somebody's word still stands that may have been forgotten. */
export function judgeOrders(orders: Orders, channel: Channel, now: Instant): Check[] {
  const { hold, pin } = standingOrders(orders, now);
  const held =
    hold !== null && hold.until === null && now - hold.since > LONG_HOLD_MS
      ? warning(
          'policy.hold',
          `held for ${saySpan(now - hold.since)} without an end${hold.reason === null ? '' : `: ${hold.reason}`}`,
          'pm2-gitops resume, or give it an end: pm2-gitops hold --until WHEN',
        )
      : ok('policy.hold', hold === null ? 'none' : `since ${saySpan(Math.max(0, now - hold.since))}`);
  const pinned =
    pin !== null && pin.until === null && now - pin.since > LONG_PIN_MS
      ? [
          warning(
            'policy.pin',
            `pinned on ${pin.release.tag} for ${saySpan(now - pin.since)} without an end`,
            'pm2-gitops unpin, or give it an end: pm2-gitops pin TAG --until WHEN',
          ),
        ]
      : [];
  const written =
    channel.kind === 'tag'
      ? [
          hint(
            'policy.pin',
            `the channel is the tag ${channel.tag}: no other release ever comes`,
            'meant for a while: a channel such as stable, and pm2-gitops pin TAG',
          ),
        ]
      : [];
  const detail = pin === null ? 'none' : `on ${pin.release.tag}`;
  return [held, ...orOk([...pinned, ...written], 'policy.pin', detail)];
}
