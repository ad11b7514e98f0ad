import * as v from 'valibot';
import { GitOpsError } from '../domain/errors.js';
import { readTextIfAny, setAside, writeDurably, type Lasting } from '../os/files.js';

/**
 * Reads a JSON record, or null where there is none. What does not parse is renamed to `<path>.corrupt` and kept;
 * what a newer version wrote is never touched: `STATE_NEWER`.
 */
export async function readRecord<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
): Promise<v.InferOutput<Schema> | null> {
  const text = await readTextIfAny(path);
  if (text === null) return null;
  const parsed = parseRecord(text, schema, path);
  if (parsed === null) await setAside(path);
  return parsed;
}

/** Writes a JSON record durably, as `writeDurably` does. */
export async function writeRecord(path: string, record: object, lasting?: Lasting): Promise<void> {
  await writeDurably(path, `${JSON.stringify({ schema: 1, ...record })}\n`, lasting);
}

/** The record in a text, or null if there is none in it. Throws `STATE_NEWER`. */
export function parseRecord<Schema extends v.GenericSchema>(
  text: string,
  schema: Schema,
  path: string,
): v.InferOutput<Schema> | null {
  const value = parseJson(text);
  if (isNewer(value)) {
    throw new GitOpsError('STATE_NEWER', `${path} was written by a newer pm2-gitops`, {
      hint: 'update pm2-gitops on this machine',
    });
  }
  const result = v.safeParse(schema, value);
  return result.success ? result.output : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // torn or foreign: the same as no record
  }
}

function isNewer(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'schema' in value &&
    typeof value.schema === 'number' &&
    value.schema > 1
  );
}
