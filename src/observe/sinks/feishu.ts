import { createHmac } from 'node:crypto';
import { cut, tellNotice } from '../../domain/tell-notice.js';
import { receptionByCode } from './reception.js';
import { jsonTo, type Service } from './request.js';

// A request holds at most 20 KB, and a character takes up to three bytes of it.
const MOST_NOTES = 3_000;
const MOST_LINES = 60;
const CODES = {
  key: 'code',
  // 9499: the body is not understood; 19001: a parameter is none; 19036: it is too long.
  malformed: [9499, 19001, 19036],
  tooMany: [11232],
  restMs: 60_000,
};

/**
 * Custom robots of Feishu and Lark (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot), five messages a second, 100 a minute.
 * A post, whose texts are plain: in a message of the kind `text`, `<at>` calls people.
 */
export function feishu(url: string, secret: string | null): Service {
  return {
    gapMs: 700,
    request(notice, now) {
      const { headline, facts, notes } = tellNotice(notice);
      const lines = facts.map(([name, value]) => `${name}: ${value}`);
      const noteLines = notes === null ? [] : cut(notes, MOST_NOTES).split('\n').slice(0, MOST_LINES);
      const content = [...lines, ...noteLines].map((text) => [{ tag: 'text', text }]);
      return jsonTo(url, {
        ...(secret === null ? {} : signature(secret, now)),
        msg_type: 'post',
        content: { post: { en_us: { title: headline, content } } },
      });
    },
    reception: (reply) => receptionByCode(reply, CODES),
  };
}

/** The time in seconds; time and secret are the key, and nothing is signed with it. */
function signature(secret: string, now: number): { timestamp: string; sign: string } {
  const timestamp = String(Math.floor(now / 1_000));
  return { timestamp, sign: createHmac('sha256', `${timestamp}\n${secret}`).digest('base64') };
}
