import { plainText } from '../domain/plain.js';

/** Markup: what may stand in a page as it is. Text becomes part of it by `html` alone, which escapes it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What `html` puts into markup: text is escaped, null is left out, of a list every item is put. */
export type Part = Markup | string | number | null | readonly Part[];

/**
 * A template of markup: html`<p title="${name}">${text}</p>`. Whatever is no `Markup` comes out as the text that it is,
 * without control characters, and with what could deceive the eye written out. Attributes must stand in double quotes.
 */
export function html(markup: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    markup.map((piece, index) => (index === 0 ? piece : markupOf(parts[index - 1] ?? null) + piece)).join(''),
  );
}

function markupOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escaped(plainText(String(part)));
  return part.map(markupOf).join('');
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
