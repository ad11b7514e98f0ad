import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import type { HttpAnswer } from '../domain/expectation.js';

/** One question. */
export interface Question {
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Whether the body matters: else it is not waited for. */
  readonly wantsBody: boolean;
}

// Whatever names its release does so at once; an endless answer is none.
const MAX_BODY_CHARS = 256 * 1024;

/**
 * Asks an address once; rejects where nothing comes back in time.
 * Each question has a connection of its own: one that was kept open would still lead to the old process.
 */
export async function ask(url: URL, { limitMs, signal, wantsBody }: Question): Promise<HttpAnswer> {
  const get = url.protocol === 'https:' ? getHttps : getHttp;
  const limit = AbortSignal.timeout(limitMs);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { agent: false, signal: AbortSignal.any([signal, limit]) }, resolve).on('error', reject);
    });
    const { statusCode = 0, headers } = response;
    const body = wantsBody ? await bodyOf(response) : '';
    response.destroy();
    const texts = new Map(Object.entries(headers).map(([name, value]) => [name, String(value ?? '')]));
    return { status: statusCode, body, headers: texts };
  } catch (error) {
    throw limit.aborted ? new Error(`nothing within ${limitMs / 1000} s`, { cause: error }) : error;
  }
}

function bodyOf(response: IncomingMessage): Promise<string> {
  let body = '';
  return new Promise((resolve, reject) => {
    response.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
      if (body.length > MAX_BODY_CHARS) resolve(body);
    });
    response.on('end', () => {
      resolve(body);
    });
    response.on('error', reject);
  });
}
