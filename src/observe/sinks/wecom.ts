import { asText, tellNotice } from '../../domain/tell-notice.js';
import { withoutMentions } from './mentions.js';
import { receptionByCode } from './reception.js';
import { jsonTo, type Service } from './request.js';

// Bytes of UTF-8.
const MOST_BYTES = 2_048;
const CODES = {
  key: 'errcode',
  // https://developer.work.weixin.qq.com/document/path/90313: 40008 kind of message, 40058 parameter, 44004 empty, 45002 too long.
  malformed: [40008, 40058, 44004, 45002],
  tooMany: [45009],
  restMs: 60_000,
};

/**
 * The robots of WeCom's groups (https://developer.work.weixin.qq.com/document/path/91770), 20 messages a minute. Plain text, in which only `<@…>` means
 * anything: that calls somebody.
 */
export function wecom(url: string): Service {
  return {
    gapMs: 3_100,
    request(notice) {
      const content = withoutMentions(asText(tellNotice(notice), MOST_BYTES, sizeOf));
      return jsonTo(url, { msgtype: 'text', text: { content } });
    },
    reception: (reply) => receptionByCode(reply, CODES),
  };
}

function sizeOf(text: string): number {
  return Buffer.byteLength(withoutMentions(text));
}
