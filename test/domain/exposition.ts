import assert from 'node:assert/strict';
import type { Format } from '../../src/domain/openmetrics.js';

/** A family as it is read back from its text. */
export interface ReadFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly unit: string | null;
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\["\\\\n])*)"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?)$`);

/**
 * Reads an exposition, stricter than any format asks for: each family described in the order HELP, TYPE, UNIT, all of its samples together, nothing else,
 * and in OpenMetrics the end at the end.
 */
export function readExposition(text: string, format: Format): ReadFamily[] {
  assert.ok(text.endsWith('\n'), 'the last line has no end');
  const lines = text.split('\n').slice(0, -1);
  if (format === 'openmetrics') assert.equal(lines.pop(), '# EOF');
  const families: ReadFamily[] = [];
  while (lines.length > 0) families.push(readFamily(lines, format));
  assert.equal(new Set(families.map(({ name }) => name)).size, families.length, 'a family comes twice');
  return families;
}

function readFamily(lines: string[], format: Format): ReadFamily {
  const [, name = '', help = ''] = must(new RegExp(`^# HELP (${NAME}) (.*)$`), lines.shift());
  const [, type = ''] = must(new RegExp(`^# TYPE ${name} (gauge|counter|info)$`), lines.shift());
  const unit = new RegExp(`^# UNIT ${name} (seconds|bytes)$`).exec(lines[0] ?? '')?.[1] ?? null;
  if (unit !== null) lines.shift();
  const samples: ReadFamily['samples'] = [];
  while (lines[0] !== undefined && !lines[0].startsWith('#')) {
    const [, of, pairs = ''] = must(SAMPLE, lines[0]);
    assert.equal(of, sampleName(name, type, format));
    samples.push({ labels: readLabels(pairs), value: Number(/ (\S+)$/.exec(lines[0])?.[1]) });
    lines.shift();
  }
  assert.ok(samples.length > 0, `${name} has no sample`);
  return { name, help: unescaped(help), type, unit, samples };
}

function sampleName(name: string, type: string, format: Format): string {
  if (format === 'text' || type === 'gauge') return name;
  return type === 'counter' ? `${name}_total` : `${name}_info`;
}

function readLabels(pairs: string): Record<string, string> {
  const found = [...pairs.matchAll(new RegExp(LABEL, 'g'))];
  assert.equal(found.map(([pair]) => pair).join(','), pairs);
  assert.equal(new Set(found.map(([, name]) => name)).size, found.length, 'a label comes twice');
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, unescaped(value)]));
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : String(character)));
}

function must(pattern: RegExp, line: string | undefined): RegExpExecArray {
  const found = pattern.exec(line ?? '');
  assert.ok(found !== null, `${JSON.stringify(line)} is not ${String(pattern)}`);
  return found;
}
