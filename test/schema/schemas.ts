import { toJsonSchema, type ConversionConfig, type JsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { freezeEntry } from '../../src/config/freeze.js';
import { gitopsFile } from '../../src/config/machine.js';
import { releaseKey } from '../../src/config/release.js';
import { windowEntry } from '../../src/config/window.js';
import { fleetFile } from '../../src/config/policy-file.js';
import { FLEET_MEANINGS } from './fleet-meanings.js';
import { MACHINE_MEANINGS, RELEASE_MEANINGS } from './meanings.js';

/** A JSON Schema and the committed file that holds it. */
export interface SchemaFile {
  readonly path: string;
  readonly schema: JsonSchema;
}

type Meanings = Readonly<Record<string, string>>;

/** The JSON Schemas of both configurations and of a policy, made from what parses them. */
export function schemaFiles(): SchemaFile[] {
  const machine = {
    title: 'gitops.json of pm2-gitops',
    ...explain(withLists(convert(gitopsFile)), MACHINE_MEANINGS),
  };
  const release = {
    title: 'The gitops key of an ecosystem file',
    ...explain(withRestart(convert(releaseKey)), RELEASE_MEANINGS),
  };
  const fleet = {
    title: "fleet.json, a fleet's policy",
    ...explain(withGroupLists(withLists(convert(fleetFile))), FLEET_MEANINGS),
  };
  return [
    { path: 'docs/schema/gitops.schema.json', schema: machine },
    { path: 'docs/schema/release.schema.json', schema: release },
    { path: 'docs/schema/fleet.schema.json', schema: fleet },
  ];
}

/** A schema as its file holds it. */
export function textOf(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** The keys of a schema, nested ones with a dot; `*` stands for any name. */
export function keysOf(schema: JsonSchema, before = ''): string[] {
  const { additionalProperties } = schema;
  const named = propertiesOf(schema).flatMap(([key, property]) => [
    `${before}${key}`,
    ...keysOf(property, `${before}${key}.`),
  ]);
  const anyName = isSchema(additionalProperties) ? keysOf(additionalProperties, `${before}*.`) : [];
  return [...new Set([...named, ...anyName])];
}

// What a check asks beyond the type cannot be expressed: it is left out, and the meaning says so.
const OPTIONS: ConversionConfig = {
  typeMode: 'input',
  errorMode: 'ignore',
  overrideSchema: ({ valibotSchema: { type } }) => (type === 'lazy' ? {} : null),
};

function convert(schema: v.GenericSchema): JsonSchema {
  return toJsonSchema(schema, OPTIONS);
}

/** `restart` begins with a transformation, behind which nothing is converted: a text is short for its mode. */
function withRestart(schema: JsonSchema): JsonSchema {
  const [, , whole] = releaseKey.entries.restart.wrapped.pipe;
  const written = convert(whole);
  delete written.$schema;
  const restart = { anyOf: [{ enum: [...whole.entries.mode.wrapped.options] }, written], default: {} };
  return { ...schema, properties: { ...schema.properties, restart } };
}

/** What is one thing or a list of such shows its form to parsers alone. */
function withLists(schema: JsonSchema): JsonSchema {
  const lists = { window: oneOrMany(windowEntry), freeze: oneOrMany(freezeEntry) };
  return { ...schema, properties: { ...schema.properties, ...lists } };
}

function withGroupLists(schema: JsonSchema): JsonSchema {
  const { groups } = schema.properties ?? {};
  if (!isSchema(groups) || !isSchema(groups.items)) return schema;
  return {
    ...schema,
    properties: { ...schema.properties, groups: { ...groups, items: withLists(groups.items) } },
  };
}

function oneOrMany(entry: v.GenericSchema): JsonSchema {
  const item = convert(entry);
  delete item.$schema;
  return { anyOf: [item, { type: 'array', items: item, minItems: 1 }] };
}

function explain(schema: JsonSchema, meanings: Meanings, before = ''): JsonSchema {
  const each = (forms: JsonSchema['anyOf'] = []) =>
    forms.map((one) => (isSchema(one) ? explain(one, meanings, before) : one));
  if (schema.anyOf !== undefined) return { ...schema, anyOf: each(schema.anyOf) };
  if (schema.oneOf !== undefined) return { ...schema, oneOf: each(schema.oneOf) };
  if (isSchema(schema.items)) return { ...schema, items: explain(schema.items, meanings, before) };
  if (isSchema(schema.additionalProperties))
    return { ...schema, additionalProperties: explain(schema.additionalProperties, meanings, `${before}*.`) };
  if (schema.properties === undefined) return schema;
  const properties = propertiesOf(schema).map(([key, property]): [string, JsonSchema] => {
    const description = meanings[`${before}${key}`] ?? '';
    return [key, { description, ...explain(property, meanings, `${before}${key}.`) }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

function propertiesOf({
  properties = {},
  anyOf = [],
  oneOf = [],
  items,
}: JsonSchema): [string, JsonSchema][] {
  const own = Object.entries(properties).flatMap(([key, property]): [string, JsonSchema][] =>
    isSchema(property) ? [[key, property]] : [],
  );
  return [...own, ...[...anyOf, ...oneOf, items].filter(isSchema).flatMap(propertiesOf)];
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
