import * as v from 'valibot';
import { asText, tellNotice } from '../../domain/tell-notice.js';
import { bodyAs, receptionOf } from './reception.js';
import { jsonTo, type Service } from './request.js';
import { withoutMentions } from './mentions.js';

/** Which bot, in which chat, and where its API is. */
export interface TelegramKeys {
  readonly token: string;
  readonly chat: string;
  /** The thread of a forum; null: none. */
  readonly topic: number | null;
  readonly api: string;
}

// https://core.telegram.org/bots/api#sendmessage: 4,096 characters, counted without the markup.
const MOST_CHARS = 4_096;

const failure = v.object({ parameters: v.object({ retry_after: v.number() }) });

/**
 * Telegram's bots (https://core.telegram.org/bots/api#sendmessage), 20 messages a minute in a group (https://core.telegram.org/bots/faq).
 * HTML, as it has but three characters to escape (https://core.telegram.org/bots/api#html-style).
 */
export function telegram({ token, chat, topic, api }: TelegramKeys): Service {
  return {
    gapMs: 3_000,
    request(notice) {
      const [first = '', ...lines] = asText(tellNotice(notice), MOST_CHARS, sizeOf).split('\n');
      return jsonTo(`${api}/bot${token}/sendMessage`, {
        chat_id: chat,
        ...(topic === null ? {} : { message_thread_id: topic }),
        text: [`<b>${escaped(first)}</b>`, ...lines.map(escaped)].join('\n'),
        parse_mode: 'HTML',
        link_preview_options: { is_disabled: true },
      });
    },
    reception(reply) {
      const reception = receptionOf(reply);
      const told = bodyAs(reply.body, failure)?.parameters.retry_after;
      if (reception.kind !== 'later' || told === undefined) return reception;
      return { ...reception, retryAfterMs: told * 1_000 };
    },
  };
}

function sizeOf(text: string): number {
  return withoutMentions(text).length;
}

function escaped(text: string): string {
  return withoutMentions(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
