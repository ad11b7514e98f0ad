import assert from 'node:assert/strict';
import { posix } from 'node:path';
import test from 'node:test';
import { allPages, isThere, proseOf, type Page } from './pages.js';

const PAGES = allPages();
// [text](target), ![text](target), and [name]: target at the beginning of a line.
const LINK = /\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)|^\[[^\]]+\]: +(\S+)/gm;
const ELSEWHERE = /^[a-z][a-z+.-]*:/;

test('every link within the documentation leads to a file that is there, and to a heading of it', () => {
  const links = PAGES.flatMap((page) => linksOf(page).map((target) => ({ page, target })));
  assert.ok(links.length > 150, `${links.length} links`);
  assert.deepEqual(
    links
      .filter(({ page, target }) => !leads(page, target))
      .map(({ page, target }) => `${page.path}: ${target}`),
    [],
  );
});

test('the index names every page of docs', () => {
  const index = PAGES.find(({ path }) => path === 'docs/README.md');
  const named = index === undefined ? [] : linksOf(index);
  assert.deepEqual(
    PAGES.map(({ path }) => path.replace(/^docs\//, ''))
      .filter((path) => !/^(?:\p{Lu}+\.md$|decisions\/\d)/u.test(path))
      .filter((path) => !named.includes(path)),
    [],
  );
});

test('a link to no file, and one to no heading, are found', () => {
  const page = { path: 'docs/some.md', text: '# Of `--json`, and more\n\n## Twice\n\n## Twice\n' };
  const leading = [
    'cli.md',
    '../README.md',
    '#of---json-and-more',
    '#twice-1',
    'cli.md#exit-codes',
    'decisions/',
  ];
  assert.deepEqual(
    [...leading, 'cly.md', '#thrice', '#twice-2', 'cli.md#exit', '/docs/cli.md'].filter((target) =>
      leads(page, target),
    ),
    leading,
  );
});

/** The targets of a page's links within the package. */
function linksOf(page: Page): string[] {
  const prose = proseOf(page).replaceAll(/`[^`\n]*`/g, 'code');
  return [...prose.matchAll(LINK)]
    .map(([, inline, named]) => inline ?? named ?? '')
    .filter((target) => !ELSEWHERE.test(target));
}

function leads(page: Page, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const whole = path === '' ? page.path : posix.join(posix.dirname(page.path), path);
  if (path.startsWith('/') || (path !== '' && !isThere(whole))) return false;
  const to = path === '' ? page : PAGES.find((one) => one.path === whole);
  return anchor === undefined || (to !== undefined && anchorsOf(to).includes(anchor));
}

/** The anchors of a page's headings, as GitHub makes them: https://github.com/Flet/github-slugger has its rules. */
function anchorsOf(page: Page): string[] {
  const headings = [...proseOf(page).matchAll(/^#{1,6} +(.*?) *$/gm)].map(([, text = '']) => slugOf(text));
  return headings.map((slug, index) => {
    const before = headings.slice(0, index).filter((other) => other === slug).length;
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

function slugOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}
