import assert from 'node:assert/strict';
import test from 'node:test';
import { documentOf, pageOf, partsOf } from '../../src/page/document.js';
import { lastedOf } from '../../src/page/phases.js';
import { SCRIPT } from '../../src/page/script.js';
import { COLORS, STYLE } from '../../src/page/style.js';
import type { RootFacts } from '../../src/page/view.js';
import {
  behindWindow,
  empty,
  HOSTILE,
  hostile,
  idle,
  longWinded,
  NOW,
  quarantined,
  staging,
  stuck,
  viewOf,
} from './views.js';

/** What a person reads of a page, each run of spaces as one. */
function textOf(...roots: readonly RootFacts[]): string {
  const markup = documentOf(pageOf(viewOf(...roots)), { kind: 'file', policy: 'p' });
  return markup
    .replace(/<style>[^]*?<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#39;/g, "'")
    .replace(/\s+/g, ' ');
}

const TOLD: [string, RootFacts, RegExp[]][] = [
  [
    'all is well',
    idle(),
    [
      /Up to date/,
      /active v1\.1\.0 5d5d5d5 for 3 d 3 h/,
      /Processes 6/,
      /0 web ✓ online v1\.1\.0 3 d 3 h 4711/,
    ],
  ],
  [
    'a window is awaited',
    behindWindow(),
    [
      ...[/waits for its window/, /\(in 5 h 17 min\)/, /desired v1\.2\.0 7f7f7f7 channel stable, staged/],
      ...[/Gates of v1\.2\.0 ◷ window: closed as told above \(in 5 h 17 min\)/, /✓ open stuck, hold,/],
      ...[/may change 25 Nov 01:00 , in 5 h 17 min, for 3 h/, /version 14 1a1a1a1 , group canaries/],
      ...[/channel beta policy, group canaries channel stable gitops\.json, overruled/, /v1\.0\.9 was moved/],
      /under way .* staging 1 min staged 39 min so far/,
    ],
  ],
  [
    'a release failed',
    quarantined(),
    [
      ...[/Quarantine 1/, /v1\.2\.0 7f7f7f7 since 17:43/, /Drift: web 3 runs .* repaired again after 20:43/],
      ...[/Left behind: jobs 2 left 9120: node scripts\/report\.js --daily for 2 h, 3 processes/],
      ...[
        /rolled back 17:41 · 1 min 32 s/,
        /staging 1 min 1 s activating 1 s proving 18 s rolling back 12 s/,
      ],
    ],
  ],
  [
    'nobody but an operator can help',
    stuck(),
    [
      ...[/Stuck: an operator is needed/, /the way back failed: pm2 refused/, /0 web ✕ errored v1\.2\.0/],
      ...[/last look 18:43 , 1 h ago ✕ failed: https:\/\/git\.example\.com\/shop\.git cannot be reached/],
      ...[/7 looks failed since 16:43 ; turns until 20:43 do not look/, /never within a year/],
    ],
  ],
  [
    'a worker is at it',
    staging(),
    [/Staging v1\.2\.0/, /staging 48 s so far/, /19:42:17 fetch v1\.2\.0 \(7f7f7f7\) 3 s 19:42:17 added 412/],
  ],
  [
    'nothing happened yet',
    empty(),
    [/Nothing serves yet/, /pm2 runs no process/, /No run yet/, /last look not yet/],
  ],
  ['much was said', longWinded(), [/4180 earlier lines: all of its log/, /basket-29\.ts/]],
];

for (const [what, root, patterns] of TOLD)
  test(`what a page tells where ${what}`, () => {
    const text = textOf(root);
    for (const pattern of patterns) assert.match(text, pattern);
  });

test('turns that nobody took are told', () => {
  const told = /does a poller run\? nobody took the turn of 19:23/;
  assert.match(textOf({ ...idle(), missed: NOW - 20 * 60_000 }), told);
  assert.doesNotMatch(textOf(idle()), /does a poller run/);
});

test('of several roots each has its place, and the way to it tells how it fares', () => {
  const text = textOf(idle(), behindWindow());
  assert.match(text, /✓ shop Up to date ◷ shop Behind: waits for its window/);
  const ids = partsOf(pageOf(viewOf(idle(), behindWindow()))).map(({ id }) => id);
  assert.deepEqual([new Set(ids).size, ids.length], [15, 15]);
});

test('a root that cannot be read is told beside the others', () => {
  const broken = {
    read: false,
    root: '/srv/blog',
    problem: 'gitops.json: channel is missing',
    hint: 'write it',
  } as const;
  const { roots, ...rest } = viewOf(idle());
  const { title } = pageOf({ ...rest, roots: [broken, ...roots] });
  assert.equal(title, 'blog: Could not be read; shop: Up to date');
  const text = documentOf(pageOf({ ...rest, roots: [broken] }), { kind: 'live', version: 'v' });
  assert.match(text, /gitops\.json: channel is missing[^]*→ write it/);
});

test('no text from outside becomes anything but text', () => {
  const text = documentOf(pageOf(viewOf(hostile())), { kind: 'live', version: 'v' });
  const tags = new Set(
    [
      ...text
        .replace(STYLE, '')
        .replace(SCRIPT, '')
        .matchAll(/<\/?([a-z0-9]+)/gi),
    ].map(([, tag]) => tag),
  );
  assert.equal(tags.has('img'), false);
  assert.equal(text.split('<script').length, 2);
  assert.equal(text.split('</style>').length, 2);
  assert.ok(text.split(HOSTILE.slice(4, 18).replace('<', '&lt;')).length > 30, 'it is told all the same');
  assert.match(text, /\\u\{202e\}/);
});

test('a page as a file has neither script nor anything else to load', () => {
  const text = documentOf(pageOf(viewOf(quarantined())), { kind: 'file', policy: "default-src 'none'" });
  assert.match(text, /<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;" \/>/);
  assert.doesNotMatch(text, /<script|<iframe|@import|url\(|src=|href="(?!#|log\/|data:)/);
});

test('a phase lasts until the next one, the last one until the end or until now, and never less than nothing', () => {
  const phases = [
    { at: 'staging', since: 10 },
    { at: 'proving', since: 5 },
  ] as const;
  assert.deepEqual(lastedOf({ phases, endedAt: 9 }, NOW), [
    { phase: 'staging', ms: 0, goesOn: false },
    { phase: 'proving', ms: 4, goesOn: false },
  ]);
  assert.deepEqual(lastedOf({ phases: phases.slice(1), endedAt: null }, 25), [
    { phase: 'proving', ms: 20, goesOn: true },
  ]);
});

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test('every colour of text has a contrast of 4.5 or more to both grounds, in light and in dark', () => {
  for (const [scheme, colors] of Object.entries(COLORS))
    for (const name of ['ink', 'quiet', 'accent', 'good', 'busy', 'waiting', 'bad'] as const)
      for (const ground of [colors.paper, colors.raised]) {
        const [bright = 0, dark = 0] = [luminance(colors[name]), luminance(ground)].sort((a, b) => b - a);
        const contrast = (bright + 0.05) / (dark + 0.05);
        assert.ok(contrast >= 4.5, `${scheme}: ${name} on ${ground}: ${contrast.toFixed(2)}`);
      }
});
