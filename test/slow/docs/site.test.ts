/**
 * The whole site, built and served by a plain host below a path, in a real Chromium. The API reference, as TypeDoc makes it;
 * test/docs/hover.test.ts checks the comments that it is made from.
 */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { expectGoodIn, showIn } from '../../helpers/axe.js';
import { builtApi, builtSite } from '../../helpers/built-site.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { expectNoBase, filesOf, hostSite } from '../../helpers/site.js';

const { open, folder, address } = hostSite(builtSite);

/** Pages of the site, from its folder. */
const pageNames = (): string[] => filesOf(folder(), '.html').filter((name) => name !== NOT_FOUND);
const NOT_FOUND = '404.html';

interface Seen {
  readonly title: string;
  readonly ids: ReadonlySet<string>;
  /** Absolute addresses. */
  readonly links: readonly string[];
}

/** A page without a browser: what the tags of its HTML hold. */
async function read(page: string): Promise<Seen> {
  const html = await (await fetch(page)).text();
  const found = (pattern: RegExp): string[] => Array.from(html.matchAll(pattern), ([, text]) => textOf(text));
  return {
    title: found(/<title>([^<]*)/g)[0],
    ids: new Set(found(/<[a-z][^>]*\sid="([^"]*)"/g)),
    links: found(/<a\s[^>]*?\bhref="([^"]*)"/g).map((href) => new URL(href, page).href),
  };
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
const textOf = (html: string): string =>
  html.replace(/&([^;&]+);/g, (entity, name: string) => ENTITIES[name] ?? entity);

/** Every page that links lead to from the first one. */
async function crawl(): Promise<Map<string, Seen>> {
  const pages = new Map<string, Seen>();
  const isPage = (link: string): boolean =>
    link.startsWith(address()) && /(\.html|\/)$/.test(link) && !link.startsWith(`${address()}play/`);
  for (let round = [address()]; round.length > 0;) {
    await Promise.all(round.map(async (page) => pages.set(page, await read(page))));
    const links = [...pages.values()].flatMap((seen) => seen.links.map((link) => link.replace(/#.*/, '')));
    round = [...new Set(links)].filter((link) => isPage(link) && !pages.has(link));
  }
  return pages;
}

testInBrowser('every link leads to a page and its anchor, and links lead to every page', async () => {
  const { origin } = new URL(address());
  const pages = await crawl();
  const others = new Set<string>();
  const dead: string[] = [];
  for (const [page, { links }] of pages)
    for (const link of links) {
      const [, file, anchor] = /^([^#]*)#?(.*)$/.exec(link)!;
      if (!link.startsWith(origin)) continue;
      const linked = pages.get(file);
      if (!linked) others.add(file);
      else if (anchor !== '' && !linked.ids.has(decodeURIComponent(anchor))) dead.push(`${page}: ${link}`);
    }
  for (const other of others) if (!(await fetch(other)).ok) dead.push(other);
  expect(dead).toEqual([]);
  const names = [...pages.keys()].map((page) => page.slice(address().length).replace(/(^|\/)$/, '$1index.html'));
  expect(names.sort()).toEqual(pageNames().sort());
  expect(names.length).toBeGreaterThan(300);

  const missing = ([page, alike]: readonly [string, RegExp]): string[] => {
    const { links } = pages.get(address() + page)!;
    return names.filter(
      (name) => alike.test(name) && !name.endsWith('index.html') && !links.includes(address() + name),
    );
  };
  expect(SIDEBARS.flatMap(missing)).toEqual([]);
});

/** A page, and those that its sidebar has. */
const SIDEBARS = [
  ['learn/lstm.html', /^(?!api|source)/],
  ['api/longhand/interfaces/Lstm.html', /^api/],
] as const;

/** What axe checks in all views, one of each kind: the frame of these pages is that of all others. */
const OF_EACH_KIND = [
  'learn/networks.html',
  'index.html',
  'source/src/equations/dense.ts.html',
  'api/longhand/interfaces/Lstm.html',
];

/** Other tests have axe check these chapters, with their figures in use. */
const CHECKED_IN_USE = /^learn\/(what-an-rnn-is|plain-rnn|lstm|by-hand|loss-and-update)\.html$/;
/** Pages of questions are alike: axe checks the one that also has a table. */
const ALSO_FOR_AXE = ['derivation.html', 'your-own.html', 'questions/other-framework.html'];
const OF_REFERENCE = ['api/longhand/index.html', 'api/longhand/classes/Network.html'];

const isOfKind = (name: string): boolean => OF_EACH_KIND.includes(name);
const isForAxe = (name: string): boolean =>
  isOfKind(name) || ALSO_FOR_AXE.includes(name) || (/^(api|learn)\//.test(name) && !CHECKED_IN_USE.test(name));

/** All pages of which none is like the others: alike are those of source files, of the reference, and of exercises. */
function pagesToOpen(): string[] {
  const isAlike = (name: string): boolean => /^(api|source)\/|^exercises\/(?!05)\d/.test(name);
  const [alike, others] = [true, false].map((is) => pageNames().filter((name) => isAlike(name) === is));
  const oneOfEachLanguage = new Map(
    alike
      .filter((name) => name.startsWith('source/'))
      .map((name) => [path.extname(path.basename(name, '.html')), name]),
  );
  const samples = [...OF_EACH_KIND, ...OF_REFERENCE, ...oneOfEachLanguage.values()];
  return [...new Set([...others, ...samples])];
}

/** A renderer keeps 5 MB or more of each page that it has shown, so a visit ends after this many pages, and another begins. */
const PAGES_OF_A_VISIT = 10;

/** Two visits at a time, which take the next pages until there are none. */
async function inTwoVisits(look: (page: Page, name: string) => Promise<void>): Promise<void> {
  const rest = pagesToOpen();
  const lane = async (): Promise<void> => {
    while (rest.length > 0) {
      const visit = await open('', { reducedMotion: 'reduce' });
      for (const name of rest.splice(0, PAGES_OF_A_VISIT)) await look(visit.page, name);
      await visit.close();
    }
  };
  await Promise.all([lane(), lane()]);
}

interface Wide {
  readonly what: string;
  readonly more: string | undefined;
  readonly isFocusable: boolean;
}

/** What scrolls sideways on a page, with all boxes open; not what only screen readers read. */
const wideOn = (page: Page): Promise<Wide[]> =>
  page.evaluate(async () => {
    for (const box of document.querySelectorAll('details')) box.open = true;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const wide = Array.from(document.querySelectorAll<HTMLElement>('.vp-doc *')).filter(
      (element) =>
        element.clientWidth > 4 &&
        element.scrollWidth > element.clientWidth + 2 &&
        getComputedStyle(element).overflowX !== 'visible' &&
        !element.closest('.visually-hidden, .katex-mathml'),
    );
    return wide.map((element) => ({
      what: `${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 60)}`,
      more: element.dataset.more,
      isFocusable: element.tabIndex === 0,
    }));
  });

testInBrowser(
  'every page opens without errors and other origins; axe finds nothing, and nothing is cut off',
  async () => {
    let scrolling = 0;
    await inTwoVisits(async (page, name) => {
      await showIn(page, ['light', 1440]);
      await page.goto(address() + name, { waitUntil: 'domcontentloaded' });
      await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!);
      if (name.startsWith('measure/'))
        await page.waitForFunction(() => crossOriginIsolated && document.querySelector('.measure')); // after its reload
      if (/^exercises\/\d/.test(name)) await page.waitForSelector('button.run');
      const isOfBook = !/^(api|source)\/|^(readme|contributing|changelog|security)\.html$/.test(name);
      if (isOfBook) expect([name, await wideOn(page)]).toEqual([name, []]);
      if (isOfBook) {
        await page.setViewportSize({ width: 1280, height: 900 }); // many readers' window: each equation is whole
        expect([name, 1280, await wideOn(page)]).toEqual([name, 1280, []]);
        await page.setViewportSize({ width: 1440, height: 900 });
      }
      if (isForAxe(name)) await expectGoodIn(page, ['light', 1440], isOfKind(name) ? 'everything' : 'colours');
      if (isOfKind(name)) await expectGoodIn(page, ['dark', 1440], 'colours');
      if (isOfKind(name)) await expectGoodIn(page, ['light', 360], 'colours');
      if (isForAxe(name)) await expectGoodIn(page, ['dark', 360], 'everything');
      if (!isOfBook) return;
      await page.setViewportSize({ width: 360, height: 900 });
      const wide = await wideOn(page); // it scrolls: its edge fades, and it takes the keyboard
      expect([name, wide.filter(({ more, isFocusable }) => more !== 'right' || !isFocusable)]).toEqual([name, []]);
      scrolling += wide.length;
    });
    expect(scrolling).toBeGreaterThan(100);
  },
);

testInBrowser('no file contains the base that the site was built for, or a script', () => expectNoBase(folder()));

testInBrowser('a host can show 404.html at any address: it leads to the site', async () => {
  const body = readFileSync(path.join(folder(), NOT_FOUND), 'utf8');
  const visit = await open('', {
    prepare: (page) =>
      page.route('**/such/page.html', (route) => route.fulfill({ status: 404, contentType: 'text/html', body })),
  });
  const { page } = visit;
  await page.goto(`${address()}no/such/page.html`);
  await page.waitForSelector('nav a:visible');
  const links = await page.locator('nav a').evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
  expect(links[0]).toBe(address());
  for (const link of links) expect([link, (await fetch(link)).status]).toEqual([link, 200]);
  visit.forgive(/status of 404/); // the address, and what the script looked for in its folders
});

testInBrowser('on paper a page has no navigation', async () => {
  const visit = await open('learn/lstm.html');
  const { page } = visit;
  const [text, paths] = ['.vp-doc h1, #train-heading', '.VPNav, .VPSidebar, .VPDoc .aside, .VPDocFooter, nav'];
  for (const place of ['learn/lstm.html', 'play/']) {
    await page.emulateMedia({ media: 'screen' });
    await page.goto(address() + place);
    await page.locator(paths).first().waitFor();
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator(`:is(${paths}):visible`).count()).toBe(0);
    expect(await page.locator(text).first().isVisible()).toBe(true);
  }
});

testInBrowser('a link to lines of a source file scrolls to them and highlights them, within the site too', async () => {
  const visit = await open('derivation.html');
  const { page } = visit;
  await page.click('a[href*="lstm.ts.html#L"]:text("(3)")');
  await page.waitForSelector('.line.linked');
  const lines = await page.locator('.line.linked').allInnerTexts();
  expect(lines.some((line) => line.includes('(3)'))).toBe(true);
  const number = Number(/#L(\d+)/.exec(page.url())![1]);
  expect(await page.locator('.line.linked').first().getAttribute('id')).toBe(`L${number}`);
  await page.waitForFunction(() => {
    const { top } = document.querySelector('.line.linked')!.getBoundingClientRect();
    return top > 0 && top < innerHeight;
  });
  // The frame's links still work in a page of another folder.
  await page.click('.VPNavBarMenu a:has-text("Use")');
  await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('Networks of your own'));
  expect(page.url()).toBe(`${address()}your-own.html`);
});

testInBrowser('the search finds an equation’s heading, and goes there', async () => {
  const visit = await open('');
  const { page } = visit;
  await page.click('.VPNavBarSearch button');
  await page.fill('#localsearch-input', 'softmax overflow');
  await page.waitForSelector('.results .result');
  await page.click('.results .result >> nth=0');
  await page.waitForURL(/\.html#/);
  expect(page.url().startsWith(address())).toBe(true);
  await page.waitForFunction(() => document.getElementById(decodeURIComponent(location.hash.slice(1))));
});

testInBrowser('the API reference shows shapes, has its own sidebar, and leads to the source', async () => {
  const visit = await open('');
  const { page } = visit;
  await page.click('.VPNavBarMenu a:has-text("API")');
  await page.click('.VPDoc a:text-is("longhand")');
  await page.click('.VPDoc a:text-is("Lstm")');
  const row = page.locator('tr', { has: page.locator('#property-dc') });
  expect(await row.innerText()).toMatch(/^dc\tTensor\t∂loss\/∂c, \[T\+1,B,H\]/);
  expect(await page.locator('.VPSidebar a.link:visible').allInnerTexts()).toContain('Lstm');
  expect(await page.locator('.VPSidebar :text("Networks of your own")').count()).toBe(0);
  await page.click('.VPDoc a:has-text("src/equations/lstm-tensors.ts")');
  await page.waitForSelector('.line.linked:has-text("export interface Lstm ")');
});

testInBrowser('/play is the page, isolated by a service worker, so it has threads', async () => {
  const visit = await open('');
  const { page } = visit;
  await page.click('.VPNavBarMenu a:has-text("Play")');
  await page.waitForSelector('#play:enabled');
  expect(page.url()).toBe(`${address()}play/`);
  const links = page.locator('nav[aria-label="Site"] a');
  expect(await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href))).toEqual(
    ['learn/what-an-rnn-is.html', 'exercises/', 'exercises/network.html'].map((place) => address() + place),
  );
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(await page.innerText('#backend')).toMatch(/[2-9]\d* threads/);
  await page.evaluate(() => localStorage.setItem('vitepress-theme-appearance', 'dark'));
  await page.reload();
  await page.waitForSelector('html.dark #play:enabled');
  await page.click('#experiments button >> nth=0');
  await page.click('#experiment summary:visible');
  await page.click('#experiment details a:visible');
  await page.waitForURL(/\/learn\/by-hand\.html#/);
  await page.goBack();
  await page.click('nav[aria-label="Site"] a:text-is("Exercises")');
  await page.waitForURL(`${address()}exercises/`);
  expect(await page.evaluate(() => document.documentElement.classList.contains('dark'))).toBe(true);
});

describe('the API reference', () => {
  let out: string;
  beforeAll(async () => void (out = await builtApi()));

  test('every entry has its name, and every name a short page', () => {
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> };
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json');
    const pages = filesOf(out, '.md');
    expect(pages.filter((name) => name.endsWith('/index.md')).sort()).toEqual(
      entries.map((entry) => path.posix.join('longhand', entry, 'index.md')).sort(),
    );
    const KINDS = '(functions|interfaces|classes|variables|type-aliases)';
    for (const name of pages) {
      expect(name).toMatch(new RegExp(`^(longhand/([a-z-]+/)?(${KINDS}/\\w+|index)|index)\\.md$`));
      const { size } = statSync(path.join(out, name));
      expect([name, size < 20_000 || name === 'longhand/index.md']).toEqual([name, true]);
    }
  });

  test('a page shows a tensor with its shape, and links to its place in the source', () => {
    const lstm = readFileSync(path.join(out, 'longhand/interfaces/Lstm.md'), 'utf8');
    expect(lstm).toMatch(/\| .*`?dc`?.* \| .*Tensor.* \| .*`\[T\+1,B,H\]`/);
    expect(lstm).toMatch(
      /\[src\/equations\/lstm-tensors\.ts:\d+\]\(\/source\/src\/equations\/lstm-tensors\.ts\.html#L\d+\)/,
    );
  });
});
