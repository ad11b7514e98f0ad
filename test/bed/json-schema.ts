import { asList, asMap, asText, isList, isMap, type Json, type JsonMap } from './json.js';

// As much of JSON Schema as OpenAPI 3.0 has it, and as GitHub's description of what we ask uses. A keyword that is not known here is a mistake, not a pass.

const KNOWN =
  /^(type|enum|nullable|properties|required|additionalProperties|items|oneOf|\$ref|format|maxLength)$/;

/** What of a value does not fit a schema: `at.some.key: expected string`; empty if it fits. */
export function misfits(value: Json, schema: Json, root: JsonMap): string[] {
  return check({ value, at: '' }, asMap(schema), root);
}

/** What a reference stands for. */
export function resolve(node: Json | undefined, root: JsonMap): JsonMap {
  const map = asMap(node);
  const ref = map['$ref'];
  if (typeof ref !== 'string') return map;
  const keys = ref.replace(/^#\//, '').split('/');
  return resolve(
    keys.reduce<Json | undefined>((inner, key) => asMap(inner)[key], root),
    root,
  );
}

interface Place {
  readonly value: Json;
  readonly at: string;
}

function check(place: Place, written: JsonMap, root: JsonMap): string[] {
  const schema = resolve(written, root);
  const unknown = Object.keys(schema).find((key) => !KNOWN.test(key));
  if (unknown !== undefined) throw new Error(`${place.at}: the keyword ${unknown} is not known`);
  if (place.value === null && schema['nullable'] === true) return [];
  return [
    ...ofType(place, schema),
    ...ofEnum(place, schema),
    ...ofForm(place, schema),
    ...ofObject(place, schema, root),
    ...ofItems(place, schema, root),
    ...ofOne(place, schema, root),
  ];
}

function ofType({ value, at }: Place, { type }: JsonMap): string[] {
  if (type === undefined) return [];
  const is = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const fits = type === 'integer' ? Number.isInteger(value) : type === is;
  return fits ? [] : [`${at}: expected ${JSON.stringify(type)}, not ${is}`];
}

function ofEnum({ value, at }: Place, schema: JsonMap): string[] {
  const allowed = schema['enum'];
  if (allowed === undefined || asList(allowed).includes(value)) return [];
  return [`${at}: ${JSON.stringify(value)} is none of ${JSON.stringify(allowed)}`];
}

function ofForm({ value, at }: Place, { format, maxLength }: JsonMap): string[] {
  if (typeof value !== 'string') return [];
  const isForm =
    format === 'date-time' ? !Number.isNaN(Date.parse(value)) : format !== 'uri' || URL.canParse(value);
  const isShort = typeof maxLength !== 'number' || value.length <= maxLength;
  return [
    ...(isForm ? [] : [`${at}: "${value}" is no ${asText(format)}`]),
    ...(isShort ? [] : [`${at}: longer than ${maxLength}`]),
  ];
}

function ofObject({ value, at }: Place, schema: JsonMap, root: JsonMap): string[] {
  if (!isMap(value)) return [];
  const known = asMap(schema['properties'] ?? {});
  const missing = asList(schema['required'] ?? []).filter(
    (key) => typeof key === 'string' && !(key in value),
  );
  const others = schema['additionalProperties'] ?? true;
  const found = Object.entries(value).flatMap(([key, inner]) => {
    const place = { value: inner, at: `${at}.${key}` };
    if (known[key] !== undefined) return check(place, asMap(known[key]), root);
    if (others === false) return [`${place.at}: not known`];
    return others === true ? [] : check(place, asMap(others), root);
  });
  return [...missing.map((key) => `${at}: ${asText(key)} is missing`), ...found];
}

function ofItems({ value, at }: Place, { items }: JsonMap, root: JsonMap): string[] {
  if (!isList(value) || items === undefined) return [];
  return value.flatMap((each, index) => check({ value: each, at: `${at}[${index}]` }, asMap(items), root));
}

function ofOne(place: Place, { oneOf }: JsonMap, root: JsonMap): string[] {
  if (oneOf === undefined) return [];
  const found = asList(oneOf).map((each) => check(place, asMap(each), root));
  return found.filter((each) => each.length === 0).length === 1
    ? []
    : [`${place.at}: fits not exactly one form; ${found.flat().join(' / ')}`];
}
