import type { Level } from '../../domain/notice.js';
import { asText, cut, tellNotice } from '../../domain/tell-notice.js';
import { receptionOf } from './reception.js';
import { jsonTo, type Service } from './request.js';

// https://discord.com/developers/docs/resources/message#embed-object-embed-limits: 256 of a title, 4,096 of a description, 6,000 in all.
const MOST_TITLE = 256;
const MOST_DESCRIPTION = 4_000;
const COLORS: Readonly<Record<Level, number>> = { info: 0x2e8b57, warning: 0xd9a514, problem: 0xc0392b };

/**
 * Discord's webhooks (https://discord.com/developers/docs/resources/webhook#execute-webhook). Nobody is mentioned, whatever the text holds, and
 * its markup is escaped (https://support.discord.com/hc/en-us/articles/210298617). When to come again it says in `Retry-After`
 * (https://discord.com/developers/docs/topics/rate-limits).
 */
export function discord(url: string): Service {
  return {
    gapMs: 500,
    request(notice) {
      const { headline, ...rest } = tellNotice(notice);
      const sizeOf = (text: string): number => escaped(text).length;
      const description = asText({ headline: '', ...rest }, MOST_DESCRIPTION, sizeOf).trim();
      const embed = {
        title: escaped(cut(headline, MOST_TITLE, sizeOf)),
        description: escaped(description),
        color: COLORS[notice.level],
        timestamp: new Date(notice.at).toISOString(),
      };
      return jsonTo(url, { embeds: [embed], allowed_mentions: { parse: [] } });
    },
    reception: receptionOf,
  };
}

function escaped(text: string): string {
  return text.replace(/[\\`*_~|<>#[\]()+-]/g, '\\$&');
}
