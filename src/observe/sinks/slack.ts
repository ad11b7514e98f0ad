import { asText, cut, tellNotice } from '../../domain/tell-notice.js';
import { receptionOf } from './reception.js';
import { jsonTo, type Service } from './request.js';

// https://docs.slack.dev/reference/block-kit/blocks: 150 characters of a header, 3,000 of a section.
const MOST_HEADER = 150;
const MOST_SECTION = 3_000;

/**
 * Slack's incoming webhooks (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), one message a second
 * (https://docs.slack.dev/apis/web-api/rate-limits). All blocks are plain text, in which no markup and no mention means anything.
 */
export function slack(url: string): Service {
  return {
    gapMs: 1_000,
    request(notice) {
      const { headline, facts, notes } = tellNotice(notice);
      const factLines = asText({ headline: '', facts, notes: null }, MOST_SECTION).trim();
      const sections = [factLines, ...(notes === null ? [] : [cut(notes, MOST_SECTION)])];
      return jsonTo(url, {
        // What a phone shows; it is read as markup.
        text: escaped(headline),
        blocks: [
          { type: 'header', text: plain(cut(headline, MOST_HEADER)) },
          ...sections.map((text) => ({ type: 'section', text: plain(text) })),
        ],
      });
    },
    reception: receptionOf,
  };
}

function plain(text: string): object {
  return { type: 'plain_text', text, emoji: false };
}

/** https://docs.slack.dev/messaging/formatting-message-text: these three begin whatever is more than text. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
