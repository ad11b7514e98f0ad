import { createHmac } from 'node:crypto';
import { asText, tellNotice } from '../../domain/tell-notice.js';
import { withoutMentions } from './mentions.js';
import { receptionByCode } from './reception.js';
import { jsonTo, type Service } from './request.js';

const MOST_CHARS = 5_000;
const CODES = {
  key: 'errcode',
  // 40035: a parameter is none; 430101 to 430104: what the text holds is not let through.
  malformed: [40035, 430101, 430102, 430103, 430104],
  // 130101: too many; for ten minutes nothing is taken.
  tooMany: [130101],
  restMs: 600_000,
};

/**
 * DingTalk's custom robots (https://open.dingtalk.com/document/robots/custom-robot-access), 20 messages a minute. Plain text: its Markdown has no escape.
 * A robot that asks for a keyword may be given `pm2-gitops`, which each message says.
 */
export function dingtalk(url: string, secret: string | null): Service {
  return {
    gapMs: 3_100,
    request(notice, now) {
      const text = asText(tellNotice(notice), MOST_CHARS - KEYWORD.length);
      return jsonTo(secret === null ? url : signed(url, secret, now), {
        msgtype: 'text',
        text: { content: withoutMentions(text) + KEYWORD },
        at: { isAtAll: false },
      });
    },
    reception: (reply) => receptionByCode(reply, CODES),
  };
}

const KEYWORD = '\n(pm2-gitops)';

/** https://open.dingtalk.com/document/robots/customize-robot-security-settings: of the time in milliseconds and the secret, with the secret as the key. */
function signed(url: string, secret: string, now: number): string {
  const address = new URL(url);
  address.searchParams.set('timestamp', String(now));
  const sign = createHmac('sha256', secret).update(`${now}\n${secret}`).digest('base64');
  address.searchParams.set('sign', sign);
  return address.href;
}
