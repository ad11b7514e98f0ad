import type { Heartbeat } from '../../domain/heartbeat.js';
import { cut } from '../../domain/tell-notice.js';
import type { Request } from './request.js';

const MOST_WORDS = 250;

/**
 * The push monitor of Uptime Kuma (https://github.com/louislam/uptime-kuma/blob/master/server/routers/api-router.js): `up`, or anything else for down, and a word.
 * Its page gives the address out with values of its own in the query: ours take their place.
 */
export function pushTo(url: string, { up, words }: Heartbeat): Request {
  const address = new URL(url);
  address.searchParams.set('status', up ? 'up' : 'down');
  address.searchParams.set('msg', cut(words.replace(/\s+/g, ' '), MOST_WORDS));
  address.searchParams.delete('ping');
  return { method: 'GET', url: address.href, headers: { 'user-agent': 'pm2-gitops' }, body: null };
}
