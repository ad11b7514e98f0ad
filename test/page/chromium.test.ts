import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test, { after, before, type TestContext } from 'node:test';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import * as v from 'valibot';
import { servePage } from '../../src/agent/serve-page.js';
import { documentOf, pageOf } from '../../src/page/document.js';
import type { RootFacts } from '../../src/page/view.js';
import { openJournal } from '../../src/state/journal.js';
import { PHASES, upgradeIn } from '../domain/upgrade-table.js';
import { rootAtWork } from './root-at-work.js';
import {
  behindWindow,
  empty,
  HOSTILE,
  hostile,
  idle,
  longWinded,
  quarantined,
  staging,
  stuck,
  viewOf,
} from './views.js';

// The page in a real browser: what a person sees, hears and reaches by the keyboard.

process.env['PM2_HOME'] = '/nowhere';
const CHROMIUM = '/usr/bin/chromium';
const SKIP = existsSync(CHROMIUM) ? false : `NO BROWSER: ${CHROMIUM} is not there (apt-get install chromium)`;
const OPTIONS = { skip: SKIP, timeout: 60_000 };
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const OFFLINE = ['--disable-background-networking', '--disable-component-update'];
const RUN = '20261124-184207-017-a1b2';
const PHONE = { viewport: { width: 390, height: 800 } };
const DESKTOP = { viewport: { width: 1280, height: 800 } };

let browser: Browser | null = null;

before(async () => {
  if (SKIP === false)
    browser = await chromium.launch({ executablePath: CHROMIUM, args: [...QUIET, ...OFFLINE] });
});

after(() => browser?.close());

/** A tab of its own; whatever it complains of fails the test. */
async function openTab(t: TestContext, options: BrowserContextOptions): Promise<Page> {
  assert.ok(browser !== null);
  const context = await browser.newContext(options);
  const tab = await context.newPage();
  const complaints: string[] = [];
  tab.on('console', (message) => complaints.push(message.text()));
  tab.on('pageerror', (error) => complaints.push(error.message));
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  });
  return tab;
}

const found = v.array(v.object({ id: v.string(), nodes: v.array(v.object({ html: v.string() })) }));

/** What axe finds against WCAG 2.2 AA and good practice, as `rule: element`. */
async function axeFindings(tab: Page): Promise<string[]> {
  await tab.evaluate(axe.source);
  const findings = v.parse(found, await tab.evaluate('axe.run().then(({ violations }) => violations)'));
  return findings.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

const STATES: Readonly<Record<string, readonly RootFacts[]>> = {
  'up to date': [idle()],
  'in front of a window': [behindWindow()],
  'with a quarantine': [quarantined()],
  stuck: [stuck()],
  'at work': [staging()],
  fresh: [empty()],
  'after a long-winded failure': [longWinded()],
  'with hostile names': [hostile()],
  'of two roots': [idle(), behindWindow()],
};

/** Shows a page of these roots, everything in it opened. */
async function show(tab: Page, roots: readonly RootFacts[]): Promise<void> {
  await tab.setContent(documentOf(pageOf(viewOf(...roots)), { kind: 'file', policy: "default-src 'none'" }));
  await tab.evaluate('document.querySelectorAll("details").forEach((each) => { each.open = true; })');
}

test('everybody can read it, by day and by night', OPTIONS, async (t) => {
  for (const [colorScheme, seen] of [
    ['light', [quarantined()]],
    ['dark', [behindWindow(), quarantined()]],
    ['dark', [staging()]],
    ['dark', [hostile()]],
    ['dark', [empty()]],
  ] as const) {
    // What looks at the page is a script, which the page's own policy would not have.
    const tab = await openTab(t, { ...DESKTOP, colorScheme, bypassCSP: true });
    await show(tab, seen);
    assert.deepEqual(await axeFindings(tab), [], `${colorScheme}: ${await tab.title()}`);
  }
});

test('whatever a page tells, nothing of it reaches beyond a phone', OPTIONS, async (t) => {
  const tab = await openTab(t, { ...PHONE, bypassCSP: true });
  for (const [state, roots] of Object.entries(STATES)) {
    await show(tab, roots);
    const wide = await tab.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    assert.equal(wide, 0, state);
  }
});

test('what is hostile does nothing but stand there', OPTIONS, async (t) => {
  const tab = await openTab(t, DESKTOP);
  await tab.setContent(
    documentOf(pageOf(viewOf(hostile())), { kind: 'file', policy: "style-src 'unsafe-inline'" }),
  );
  assert.equal(await tab.locator('img, script').count(), 0);
  assert.doesNotMatch(await tab.title(), /^pwned$/);
  const told = await tab.locator('dd.tag').first().textContent();
  assert.equal(told, HOSTILE.replace('\u202e', '\\u{202e}').replace('\u0007', ''));
});

test(
  'an open page follows the records, keeps what a person has reached, and says what has changed',
  OPTIONS,
  async (t) => {
    const layout = await rootAtWork(t, RUN);
    const tab = await openTab(t, DESKTOP);
    const page = await servePage({ folders: [layout.root], port: 0, onProblem: assert.ifError });
    t.after(() => page.close());
    await tab.goto(page.address);
    await tab.getByText('live, as of').waitFor();
    // By the keyboard alone: the way past the head, then the newest run, which is closed and opened again.
    await tab.keyboard.press('Tab');
    assert.equal(await tab.evaluate('document.activeElement.textContent'), 'To the state');
    await tab.keyboard.press('Enter');
    await tab.keyboard.press('Tab');
    assert.equal(await tab.evaluate('document.activeElement.id'), `summary-${RUN}`);
    assert.notEqual(await tab.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none');
    const run = tab.locator(`#run-${RUN}`);
    assert.equal(await run.getAttribute('open'), '');
    await tab.keyboard.press('Enter');
    assert.equal(await run.getAttribute('open'), null);

    await (await openJournal(layout.journal)).append(upgradeIn({ ...PHASES.stuck, run: RUN }), 2);
    await tab.getByRole('heading', { name: 'Stuck: an operator is needed' }).waitFor();
    assert.match((await tab.getByRole('status').textContent()) ?? '', /Stuck: an operator is needed$/);
    assert.match(await tab.title(), /Stuck/);
    await tab.getByText('it crashed').first().waitFor();
    assert.equal(await run.getAttribute('open'), null, 'what was closed stays closed');
    assert.equal(await tab.evaluate('document.activeElement.id'), `summary-${RUN}`);
  },
);

test(
  'a page without script tells the same, and one whose server has ended says that it is not live',
  OPTIONS,
  async (t) => {
    const { root } = await rootAtWork(t, RUN);
    const page = await servePage({ folders: [root], port: 0, onProblem: assert.ifError });
    const [plain, tab] = [await openTab(t, { javaScriptEnabled: false }), await openTab(t, DESKTOP)];
    await plain.goto(page.address);
    assert.equal(await plain.getByRole('heading', { name: 'Cut off while staging' }).count(), 1);
    await tab.goto(page.address);
    await tab.getByText('live, as of').waitFor();
    tab.removeAllListeners('console'); // the browser itself tells of a connection that is lost
    await page.close();
    await tab.getByText('connecting again; as of').waitFor();
  },
);
