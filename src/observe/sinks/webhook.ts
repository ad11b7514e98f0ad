import { createHmac } from 'node:crypto';
import type { Notice } from '../../domain/notice.js';
import { noticeJson } from './notice-json.js';
import { receptionOf } from './reception.js';
import { jsonTo, type Service } from './request.js';

/** Any address that takes JSON, as Standard Webhooks has it (https://www.standardwebhooks.com): whoever receives may verify with one of its libraries. */
export function webhook(url: string, secret: string | null): Service {
  return {
    gapMs: 0,
    request(notice, now) {
      const unsigned = jsonTo(url, bodyOf(notice));
      const timestamp = String(Math.floor(now / 1_000));
      const headers = { 'webhook-id': notice.id, 'webhook-timestamp': timestamp };
      const content = `${notice.id}.${timestamp}.${unsigned.body ?? ''}`;
      const signature = secret === null ? {} : { 'webhook-signature': `v1,${sign(secret, content)}` };
      return { ...unsigned, headers: { ...unsigned.headers, ...headers, ...signature } };
    },
    reception: receptionOf,
  };
}

function bodyOf(notice: Notice): object {
  const timestamp = new Date(notice.at).toISOString();
  return { type: `gitops.${notice.event}`, timestamp, data: noticeJson(notice) };
}

/** A secret of the form `whsec_…` is base64; any other counts as it is written. */
function sign(secret: string, content: string): string {
  const [, encoded] = /^whsec_(.+)$/.exec(secret) ?? [];
  const key = encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64');
  return createHmac('sha256', key).update(content).digest('base64');
}
