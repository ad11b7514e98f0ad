import { createHash, createPublicKey, verify } from 'node:crypto';
import { exampleOf } from './github-description.js';
import { asList, asMap, parseJson, type JsonMap } from './json.js';
import type { Answer, Ask } from './loopback.js';
import type { Run } from './github.js';

const REQUEST_LIMIT = 5_000;

/** A page of check runs. */
export function listOfRuns(all: readonly Run[], cut: <T>(all: readonly T[]) => T[]): JsonMap {
  const list = asList(exampleOf('checks/list-for-ref')['check_runs']);
  const example = asMap(list[0]);
  return { total_count: all.length, check_runs: cut(all).map((run) => ({ ...example, ...run })) };
}

/** A page of statuses. */
export function listOfStatuses(
  all: readonly { context: string; state: string }[],
  cut: <T>(all: readonly T[]) => T[],
): JsonMap {
  const whole = exampleOf('repos/get-combined-status-for-ref');
  const example = asMap(asList(whole['statuses'])[0]);
  return {
    ...whole,
    total_count: all.length,
    statuses: cut(all).map((status) => ({ ...example, ...status })),
  };
}

/** An ETag is of what is told, and to whom. */
export function conditional({ headers }: Ask, token: string | null, body: JsonMap | null): Answer {
  if (body === null) return missing();
  const hash = createHash('sha256').update(`${token ?? ''} ${JSON.stringify(body)}`);
  const etag = `W/"${hash.digest('hex')}"`;
  return headers['if-none-match'] === etag
    ? { status: 304, headers: headersOf({ etag }), body: Buffer.alloc(0) }
    : reply(200, body, { etag });
}

/** An answer of JSON, with the headers that every answer has. */
export function reply(status: number, body: JsonMap, more: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: headersOf(more), body: Buffer.from(JSON.stringify(body)) };
}

function headersOf(more: Readonly<Record<string, string>>): Record<string, string> {
  return {
    'content-type': 'application/json; charset=utf-8',
    'x-ratelimit-limit': String(REQUEST_LIMIT),
    'x-ratelimit-remaining': String(REQUEST_LIMIT - 1),
    'x-ratelimit-reset': String(nowInSeconds() + 3600),
    ...more,
  };
}

/** What GitHub says of what there is not, or what is not shown. */
export function missing(): Answer {
  return reply(404, { message: 'Not Found', documentation_url: 'https://docs.github.com/rest' });
}

/** What was sent. */
export function bodyOf({ body }: Ask): JsonMap {
  return asMap(parseJson(body.toString()));
}

/** The token, or the JWT, that a question came with. */
export function tokenOf({ headers: { authorization = '' } }: Ask): string | null {
  return /^(?:token|bearer) (.+)$/i.exec(authorization)?.[1] ?? null;
}

/** What a JWT claims, if that key has signed it. */
export function claimsOf(jwt: string, publicKey: string): JsonMap | null {
  const [head = '', claims = '', signature = ''] = jwt.split('.');
  const isSigned = verify(
    'RSA-SHA256',
    Buffer.from(`${head}.${claims}`),
    createPublicKey(publicKey),
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) return null;
  return asMap(parseJson(Buffer.from(claims, 'base64url').toString()));
}

/** The moment, as JWTs and rate limits count. */
export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
