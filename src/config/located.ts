import {
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser';

/** Where something stands in a text; both begin with 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The keys that lead to a value. */
export type Path = readonly (string | number)[];

/** JSON with comments, and where each of its values stands. */
export interface Located {
  readonly value: unknown;
  /** It is no JSON: of its value nothing can be said. */
  readonly broken: boolean;
  /** What is no JSON, keys that stand twice, and those that no object of JavaScript can have as its own. */
  readonly mistakes: readonly (Place & { readonly text: string })[];
  /** Where a value or its key stands; of what is missing, where it would have to. */
  readonly placeOf: (path: Path, part: 'key' | 'value') => Place;
}

// Editors and shells of Windows begin UTF-8 files with it.
const BYTE_ORDER_MARK = '\ufeff';
// The parser calls itself for each level; nobody writes as many by hand.
const DEEPEST = 50;
// Whoever validates objects leaves these out without a word: a group would ask for one label less, and take in more machines.
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);

/** Reads JSON with comments and trailing commas. */
export function readLocated(text: string): Located {
  const mark = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  const written = text.slice(mark);
  const place = (offset: number): Place => placeAt(written, offset);
  const deep = tooDeepAt(written);
  if (deep !== null) {
    return broken({ ...place(deep), text: `more than ${DEEPEST} levels of brackets` });
  }
  const errors: ParseError[] = [];
  const tree = parseTree(written, errors, { allowTrailingComma: true });
  if (tree === undefined) return broken({ ...place(0), text: 'the file is empty' });
  const syntax = errors.map(({ error, offset }) => ({ ...place(offset), text: sayError(error) }));
  const twice = keysTwice(tree).map(({ offset, value }) => ({
    ...place(offset),
    text: `the key ${JSON.stringify(value)} stands twice; write it once`,
  }));
  const reserved = keysIn(tree)
    .filter((key) => RESERVED.has(String(key.value)))
    .map(({ offset, value }) => ({
      ...place(offset),
      text: `the name ${JSON.stringify(value)} is reserved; choose another`,
    }));
  const value: unknown = getNodeValue(tree);
  return {
    value,
    broken: syntax.length > 0,
    mistakes: [...syntax, ...twice, ...reserved],
    placeOf: (path, part) => place(offsetOf(tree, path, part)),
  };
}

function broken(mistake: Located['mistakes'][number]): Located {
  return { value: undefined, broken: true, mistakes: [mistake], placeOf: () => mistake };
}

function placeAt(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

function sayError(error: ParseError['error']): string {
  return printParseErrorCode(error)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
}

/** Where the brackets of a text get too deep, strings and comments aside; null: nowhere. */
function tooDeepAt(text: string): number | null {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(
    /"(?:[^"\\\r\n]|\\.)*"?|\/\/[^\r\n]*|\/\*[^]*?\*\/|[[\]{}]/g,
  )) {
    if (token === '[' || token === '{') depth++;
    if (token === ']' || token === '}') depth--;
    if (depth > DEEPEST) return index;
  }
  return null;
}

function keysTwice(node: Node): Node[] {
  const seen = new Set<unknown>();
  const twice = keysOf(node).filter(({ value }) => seen.size === seen.add(value).size);
  return [...twice, ...(node.children ?? []).flatMap(keysTwice)];
}

function keysIn(node: Node): Node[] {
  return [...keysOf(node), ...(node.children ?? []).flatMap(keysIn)];
}

function keysOf({ type, children }: Node): Node[] {
  return type === 'object' ? (children ?? []).flatMap((property) => property.children?.[0] ?? []) : [];
}

function offsetOf(tree: Node, path: Path, part: 'key' | 'value'): number {
  const node = findNodeAtLocation(tree, [...path]);
  if (node === undefined) return path.length === 0 ? tree.offset : offsetOf(tree, path.slice(0, -1), part);
  const key = node.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
  return part === 'key' && key !== undefined ? key.offset : node.offset;
}
