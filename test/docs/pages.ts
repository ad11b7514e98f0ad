import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE, sourceOf } from '../sources.js';

/** A page of the documentation, by its path in the package. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** A block of code between fences. */
export interface Block {
  /** Where its first line stands: `docs/cli.md:12`. */
  readonly place: string;
  readonly language: string;
  /** What follows the language: of `json`, what it is if it is no file of ours. */
  readonly mark: string;
  readonly body: string;
}

const BLOCK = /^( *)```(\w*) *(.*)\n((?:.*\n)*?)\1```$/gm;

/** Every page that people read: those at the top of the package, and all below `docs`. */
export function allPages(): Page[] {
  const paths = filesBelow('docs').filter((path) => path.endsWith('.md'));
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...paths].map((path) => ({
    path,
    text: sourceOf(path),
  }));
}

/** Every file below a folder of the package, by its path in it. */
export function filesBelow(folder: string): string[] {
  const below = readdirSync(join(PACKAGE ?? '.', folder), { recursive: true, encoding: 'utf8' });
  return below.map((path) => `${folder}/${path.replaceAll('\\', '/')}`).sort();
}

/** The blocks of code of a page, in their order. */
export function blocksOf({ path, text }: Page): Block[] {
  return Array.from(text.matchAll(BLOCK), (found) => {
    const [, indent = '', language = '', mark = '', indented = ''] = found;
    const line = text.slice(0, found.index).split('\n').length + 1;
    const body = indented.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    return { place: `${path}:${line}`, language, mark, body };
  });
}

/** A page without its blocks of code. */
export function proseOf({ text }: Page): string {
  return text.replaceAll(BLOCK, '');
}

/** Whether a path of the package is there. */
export function isThere(path: string): boolean {
  return existsSync(join(PACKAGE ?? '.', path));
}
