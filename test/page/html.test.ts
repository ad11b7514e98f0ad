import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { plainText } from '../../src/domain/plain.js';
import { html, Markup } from '../../src/page/html.js';
import { PACKAGE, sourceOf } from '../sources.js';

const TEXT = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('<', '>', '&', '"', "'", '/', '=', '`', 'a', ';', '#', '\u202e', '\u0000'),
  }),
);

/** What a browser makes of character references: https://html.spec.whatwg.org/multipage/named-characters.html. */
function read(markup: string): string {
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return markup.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => named[name] ?? '');
}

test('whatever a text is, it stays a text: as content, and as the value of an attribute', () => {
  fc.assert(
    fc.property(TEXT, TEXT, (title, content) => {
      const { text } = html`<p title="${title}">${content}</p>`;
      const [, value, inside] = /^<p title="([^"<>']*)">([^<>"']*)<\/p>$/.exec(text) ?? [];
      assert.deepEqual(
        [value, inside].map((part) => read(part ?? '!')),
        [title, content].map(plainText),
      );
      assert.doesNotMatch(text, /&(?!(lt|gt|quot|#39|amp);)/);
    }),
    { numRuns: 500 },
  );
});

test('markup within markup stays as it is, null is left out, and all of a list is put', () => {
  const items = ['<', 1, null, html`<b>${'&'}</b>`].map((each) => html`<li>${each}</li>`);
  const { text } = html`<ul>
    ${items}${null}
  </ul>`;
  assert.equal(text.replace(/\s+/g, ''), '<ul><li>&lt;</li><li>1</li><li></li><li><b>&amp;</b></li></ul>');
});

test('attributes stand in double quotes, and nothing but our own style and script is put unescaped', () => {
  const names = readdirSync(join(PACKAGE ?? '', 'src/page'));
  assert.ok(names.length > 10);
  for (const name of names) {
    const [path, text] = [`page/${name}`, sourceOf(`src/page/${name}`)];
    assert.doesNotMatch(text, /[a-z-]=(?:\$\{|'\$\{)/, `src/${path}`);
    const raw = [...text.matchAll(/new Markup\(([^)]*)/g)].map(([, given = '']) => given.trim());
    const may =
      path === 'page/document.ts' ? ['`<style>${STYLE}</style>`', '`<script>${SCRIPT}</script>`'] : [];
    if (path !== 'page/html.ts') assert.deepEqual(raw, may, `src/${path}`);
  }
  assert.ok(html`` instanceof Markup);
});
