import * as v from 'valibot';
import type { Reception } from '../../domain/outbox.js';
import type { Reply } from './request.js';

// The letter itself is at fault, and will be each time (RFC 9110: 400, 413, 422).
const MALFORMED = [400, 413, 422];
const MOST_SHOWN_CHARS = 200;

/** What a service says by its status alone. Whatever is not the fault of the letter may be mended, and is tried again. */
export function receptionOf(reply: Reply): Reception {
  const { status, retryAfterMs } = reply;
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const why = `answered ${status}${said(reply)}`;
  return MALFORMED.includes(status) ? { kind: 'refused', why } : { kind: 'later', why, retryAfterMs };
}

/** How a service says in a body of JSON what became of the letter. */
export interface Codes {
  /** The key of the number; 0 is good. */
  readonly key: string;
  /** Numbers that say that the letter itself is at fault. */
  readonly malformed: readonly number[];
  /** Numbers that say that there were too many letters, and for how long it is to be left alone then. */
  readonly tooMany: readonly number[];
  readonly restMs: number;
}

/** What a service says that answers 200 whatever happens: a number in its body. */
export function receptionByCode(reply: Reply, { key, malformed, tooMany, restMs }: Codes): Reception {
  const byStatus = receptionOf(reply);
  const code = numberIn(reply.body, key);
  if (byStatus.kind !== 'taken' && code === null) return byStatus;
  if (code === 0) return { kind: 'taken' };
  const why = `answered ${code ?? 'what is none of its answers'}${said(reply)}`;
  if (code !== null && malformed.includes(code)) return { kind: 'refused', why };
  const isTooMany = code !== null && tooMany.includes(code);
  return { kind: 'later', why, retryAfterMs: isTooMany ? restMs : reply.retryAfterMs };
}

/** The value of a body of JSON, if it has that shape; else null. */
export function bodyAs<Schema extends v.GenericSchema>(
  body: string,
  schema: Schema,
): v.InferOutput<Schema> | null {
  const found = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), body);
  return found.success ? found.output : null;
}

function numberIn(body: string, key: string): number | null {
  const value = bodyAs(body, v.record(v.string(), v.unknown()))?.[key];
  return typeof value === 'number' ? value : null;
}

function said({ body }: Reply): string {
  const text = body.replace(/\s+/g, ' ').trim();
  return text === '' ? '' : `: ${text.slice(0, MOST_SHOWN_CHARS)}`;
}
