import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ask } from './loopback.js';
import { asList, asMap, asText, parseJson, type Json, type JsonMap } from './json.js';
import { misfits, resolve } from './json-schema.js';

// GitHub's own description of what we ask (github-openapi.json, made by test/github/prune.ts), and what does not fit it.

const FILE = join(import.meta.dirname, '../../../test/bed/github-openapi.json');
const DESCRIPTION = asMap(parseJson(readFileSync(FILE, 'utf8')));

/** An operation of the description, and the values of its path. */
export interface Operation {
  readonly id: string;
  readonly path: Readonly<Record<string, string>>;
  readonly described: JsonMap;
}

/** The operation that a request is of; null: there is none. */
export function operationOf({ method, path }: Pick<Ask, 'method' | 'path'>): Operation | null {
  for (const [template, methods] of Object.entries(asMap(DESCRIPTION['paths']))) {
    const described = asMap(methods)[method.toLowerCase()];
    const values = valuesOf(template, path);
    if (described === undefined || values === null) continue;
    return { id: asText(asMap(described)['operationId']), path: values, described: asMap(described) };
  }
  return null;
}

/** What of a request does not fit its operation; empty if it fits. */
export function misfitsOfAsk(ask: Ask, operation: Operation): string[] {
  return [...ofHeaders(ask), ...ofParameters(ask, operation), ...ofBody(ask, operation)];
}

/** What of an answer does not fit its operation: its status, or its body. */
export function misfitsOfAnswer(operation: Operation, status: number, body: Json): string[] {
  const response = asMap(operation.described['responses'])[String(status)];
  if (response === undefined) return [`${operation.id} has no answer ${status}`];
  const content = resolve(response, DESCRIPTION)['content'];
  return content === undefined ? [] : misfits(body, schemaOf(content), DESCRIPTION);
}

/** The example that the description gives of an answer. */
export function exampleOf(id: string): JsonMap {
  const operations = Object.values(asMap(DESCRIPTION['paths'])).flatMap((each) => Object.values(asMap(each)));
  const found = operations.map(asMap).find((each) => each['operationId'] === id);
  const [response] = Object.values(asMap(found?.['responses']));
  const json = asMap(asMap(resolve(response, DESCRIPTION)['content'])['application/json']);
  const [example] = Object.values(asMap(json['examples']));
  return asMap(resolve(example, DESCRIPTION)['value']);
}

/** The ids of all operations. */
export function operationIds(): string[] {
  const operations = Object.values(asMap(DESCRIPTION['paths'])).flatMap((each) => Object.values(asMap(each)));
  return operations.map((each) => asText(asMap(each)['operationId']));
}

function schemaOf(content: Json): Json {
  return asMap(asMap(content)['application/json'])['schema'] ?? {};
}

/** A tag may have slashes, whatever else may not. */
function valuesOf(template: string, path: string): Record<string, string> | null {
  const source = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    name === 'tag' ? '(?<tag>.+)' : `(?<${name}>[^/]+)`,
  );
  const found = new RegExp(`^${source}$`).exec(path);
  return found === null ? null : { ...found.groups };
}

// https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api: a user agent is required, a version and a media type wanted.
function ofHeaders({ headers, method }: Ask): string[] {
  return [
    ...(headers['user-agent'] === undefined ? ['no user-agent'] : []),
    ...(headers['x-github-api-version'] === '2022-11-28' || isToken(headers.authorization)
      ? []
      : ['no version of the API']),
    ...(/^application\/vnd\.github(\.[\w-]+)*(\.v3)?\+json$/.test(headers.accept ?? '')
      ? []
      : [`accept: ${headers.accept ?? 'none'}`]),
    ...(method === 'POST' &&
    (headers['content-type'] ?? 'application/json').split(';')[0] !== 'application/json'
      ? [`content-type: ${headers['content-type'] ?? ''}`]
      : []),
  ];
}

/** Octokit itself asks for an installation's token, in its own words. */
function isToken(authorization: string | undefined): boolean {
  return /^bearer ey/i.test(authorization ?? '');
}

function ofParameters({ query }: Ask, { described, path }: Operation): string[] {
  const parameters = asList(described['parameters'] ?? []).map((each) => resolve(each, DESCRIPTION));
  const given = new URLSearchParams(query);
  const unknown = [...given.keys()].filter(
    (name) => !parameters.some((each) => each['in'] === 'query' && each['name'] === name),
  );
  const wrong = parameters.flatMap((each) => {
    const name = asText(each['name']);
    const text = each['in'] === 'path' ? path[name] : given.get(name);
    if (text == null) return each['required'] === true ? [`${name} is missing`] : [];
    const schema = asMap(each['schema']);
    const value = schema['type'] === 'integer' ? Number(text) : text;
    return misfits(value, schema, DESCRIPTION).map((problem) => `${name}${problem}`);
  });
  return [...unknown.map((name) => `${name} is no parameter`), ...wrong];
}

function ofBody({ body }: Ask, { described }: Operation): string[] {
  const wanted = described['requestBody'];
  if (wanted === undefined) return body.length === 0 ? [] : ['there should be no body'];
  if (body.length === 0) return asMap(wanted)['required'] === true ? ['the body is missing'] : [];
  const sent = parseJson(body.toString());
  const schema = schemaOf(asMap(wanted)['content'] ?? {});
  // GitHub takes keys that it does not know; ours are all known.
  const known = Object.keys(asMap(resolve(schema, DESCRIPTION)['properties'] ?? {}));
  const unknown = Object.keys(asMap(sent)).filter((key) => !known.includes(key));
  return [...unknown.map((key) => `${key} is no key`), ...misfits(sent, schema, DESCRIPTION)];
}
