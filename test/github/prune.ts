import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asMap, isList, parseJson, type Json, type JsonMap } from '../bed/json.js';

// Makes test/bed/github-openapi.json out of GitHub's whole description: what we ask, and what that refers to, without prose.
//   npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
//   npm run build && node dist/test/github/prune.js package/generated/api.github.com.json

const ASKED: readonly [string, string][] = [
  ['get', '/rate_limit'],
  ['get', '/repos/{owner}/{repo}/releases/latest'],
  ['get', '/repos/{owner}/{repo}/releases/tags/{tag}'],
  ['get', '/repos/{owner}/{repo}/commits/{ref}/check-runs'],
  ['get', '/repos/{owner}/{repo}/commits/{ref}/status'],
  ['post', '/repos/{owner}/{repo}/deployments'],
  ['post', '/repos/{owner}/{repo}/deployments/{deployment_id}/statuses'],
  ['post', '/app/installations/{installation_id}/access_tokens'],
];
const PROSE = /^(description|summary|title|tags|externalDocs|deprecated|example|default|x-.*)$/;
const TARGET = join(import.meta.dirname, '../../../test/bed/github-openapi.json');

/** The part of the description that the operations need. */
function prune(whole: JsonMap): JsonMap {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [method, path] of ASKED)
    (paths[path] ??= {})[method] = withoutProse(operationOf(whole, method, path), false);
  const components: Record<string, Record<string, Json>> = {};
  const todo: Json[] = [paths];
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    for (const ref of refsIn(node)) {
      const [, , kind = '', name = ''] = ref.split('/');
      const known = (components[kind] ??= {});
      if (name in known) continue;
      const found = withoutProse(at(whole, ['components', kind, name]), false);
      known[name] = found;
      todo.push(found);
    }
  }
  const info = asMap(whole['info']);
  return {
    openapi: whole['openapi'] ?? null,
    info: { version: info['version'] ?? null, license: info['license'] ?? null },
    ...{ paths, components },
  };
}

/** Answers in JSON alone, and of examples only the first of each answer. */
function operationOf(whole: JsonMap, method: string, path: string): Json {
  const operation = asMap(at(whole, ['paths', path, method]));
  const responses = Object.entries(asMap(operation['responses'])).map(
    ([status, response]): [string, Json] => {
      const content = asMap(asMap(response)['content'] ?? {})['application/json'];
      if (content === undefined) return [status, response];
      const { schema = {}, examples = {} } = asMap(content);
      const first = Object.entries(asMap(examples)).slice(0, status.startsWith('2') ? 1 : 0);
      const json = { schema, examples: Object.fromEntries(first) };
      return [status, { content: { 'application/json': json } }];
    },
  );
  const { operationId = '', parameters = [], requestBody } = operation;
  const body = requestBody === undefined ? {} : { requestBody: withoutExamples(requestBody) };
  return { operationId, parameters, ...body, responses: Object.fromEntries(responses) };
}

function withoutExamples(body: Json): Json {
  const json = asMap(asMap(asMap(body)['content'])['application/json']);
  return {
    required: asMap(body)['required'] ?? false,
    content: { 'application/json': { schema: json['schema'] ?? {} } },
  };
}

/** Names of properties and values of examples are no prose, whatever they are called. */
function withoutProse(node: Json, isNames: boolean): Json {
  if (isList(node)) return node.map((each) => withoutProse(each, false));
  if (typeof node !== 'object' || node === null) return node;
  const kept = Object.entries(node).filter(([key]) => isNames || !PROSE.test(key));
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      !isNames && (key === 'value' || key === 'enum')
        ? value
        : withoutProse(value, !isNames && (key === 'properties' || key === 'examples')),
    ]),
  );
}

function refsIn(node: Json): string[] {
  if (isList(node)) return node.flatMap(refsIn);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value] : refsIn(value),
  );
}

function at(node: Json, keys: readonly string[]): Json {
  return keys.reduce<Json>((inner, key) => asMap(inner)[key] ?? {}, node);
}

const source = process.argv[2];
if (source === undefined) throw new Error('name the file: package/generated/api.github.com.json');
await writeFile(
  TARGET,
  `${JSON.stringify(prune(asMap(parseJson(await readFile(source, 'utf8')))), null, 1)}\n`,
);
