/** Any JSON. */
export type Json = string | number | boolean | null | readonly Json[] | JsonMap;

/** An object of JSON. */
export interface JsonMap {
  readonly [key: string]: Json;
}

/** Reads a text of JSON. */
export function parseJson(text: string): Json {
  const value: unknown = JSON.parse(text);
  if (isJson(value)) return value;
  throw new Error('JSON.parse gave something else than JSON');
}

/** The object that a piece of JSON has to be. */
export function asMap(node: Json | undefined): JsonMap {
  if (isMap(node)) return node;
  throw new Error(`no object: ${JSON.stringify(node)}`);
}

/** The list that a piece of JSON has to be. */
export function asList(node: Json | undefined): readonly Json[] {
  if (isList(node)) return node;
  throw new Error(`no list: ${JSON.stringify(node)}`);
}

/** The text that a piece of JSON has to be. */
export function asText(node: Json | undefined): string {
  if (typeof node === 'string') return node;
  throw new Error(`no text: ${JSON.stringify(node)}`);
}

/** Whether a piece of JSON is an object. */
export function isMap(node: Json | undefined): node is JsonMap {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

/** Whether a piece of JSON is a list. */
export function isList(node: Json | undefined): node is readonly Json[] {
  return Array.isArray(node);
}

function isJson(value: unknown): value is Json {
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isJson);
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
