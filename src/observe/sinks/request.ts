import type { Notice } from '../../domain/notice.js';
import type { Reception } from '../../domain/outbox.js';

/** What is sent to a service. */
export interface Request {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** What a service answered. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  /** For how long it wants to be left alone; null: it did not say. */
  readonly retryAfterMs: number | null;
}

/** How a service is told: the request for a notice, what its answer means, and how long to wait before the next one. */
export interface Service {
  readonly gapMs: number;
  /** `now` in milliseconds, for what is signed with a time. */
  request(notice: Notice, now: number): Request;
  reception(reply: Reply): Reception;
}

/** JSON for an address. */
export function jsonTo(url: string, body: object, headers: Request['headers'] = {}): Request {
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'pm2-gitops', ...headers },
    body: JSON.stringify(body),
  };
}
