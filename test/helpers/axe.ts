/** What axe finds on a page. On the page of `longhand page`, as many parts as possible are shown at once, in light and dark. */
import type axe from 'axe-core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import type { LonghandPage, Visit } from './longhand-page.js';
import { SMALL } from './longhand-page.js';

/** Of half the size: each page that axe checks gets it. */
const SCRIPT = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A visit on which axe can run: its script needs a page without a Content-Security-Policy, and no moving parts. */
export const viewForAxe = (colorScheme: 'light' | 'dark', width: number) =>
  ({ colorScheme, viewport: { width, height: 900 }, reducedMotion: 'reduce', bypassCSP: true }) as const;

/** The rules whose result depends on colours: all that light and dark differ in. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/** Rules of less impact that count too: what a screen reader announces must have a name of its own. */
const NAMES: readonly string[] = ['landmark-unique', 'empty-table-header', 'empty-heading', 'frame-title-unique'];

/**
 * The serious and critical faults and those of names, with the elements that have them. `about` 'colours': only those of colours, on a page of
 * which axe has checked everything in other colours.
 */
export async function faultsOf(page: Page, about: About = 'everything'): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(SCRIPT);
  const rules = about === 'colours' ? { runOnly: OF_COLOURS } : {};
  const { violations } = await page.evaluate(
    (chosen) => (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'], ...chosen }),
    rules,
  );
  const counting = violations.filter(
    ({ id, impact }) => impact === 'serious' || impact === 'critical' || NAMES.includes(id),
  );
  return counting.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
type About = 'everything' | 'colours';

type View = readonly [colorScheme: Scheme, width: number];

/** The views of a page of the site: narrow, where more of it scrolls, and wide. */
export const NARROW: View = ['dark', 390];
const WIDE: View = ['light', 1440];

/** A page of the site, narrow and then wide: axe finds nothing, and nothing scrolls sideways. The rules that are not about colours are checked once. */
export async function expectGood(page: Page): Promise<void> {
  await expectGoodIn(page, NARROW, 'everything');
  await expectGoodIn(page, WIDE, 'colours');
}

export async function showIn(page: Page, [colorScheme, width]: View): Promise<void> {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme });
  await page.waitForSelector(colorScheme === 'dark' ? 'html.dark' : 'html:not(.dark)');
  await untilDrawn(page);
}

export async function expectGoodIn(page: Page, view: View, about: About): Promise<void> {
  await showIn(page, view);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth);
  expect([page.url(), view[0], sideways, await faultsOf(page, about)]).toEqual([page.url(), ...view, []]);
}

type Site = Pick<LonghandPage, 'visit'>;
type Scheme = 'light' | 'dark';
/** Of the window, in pixels. */
type Widths = readonly [number, ...number[]];

/** Axe finds nothing on the digits' page, and nothing scrolls sideways. The page opens at the first of the widths. Resolves to the visit. */
export async function expectAccessToDigits(
  { visit }: Site,
  widths: Widths,
  schemes: readonly Scheme[],
): Promise<Visit> {
  const query = `${SMALL}&layers=2&bidirectional=true&lstm=1&steps=20&mistake=swapped-gate&planted=swapped-gate&experiment=forget-bias`;
  const opened = await visit(query, viewForAxe(schemes[0], widths[0]));
  await opened.playToTheEnd();
  await opened.page.waitForSelector('#lstm-choice:not([hidden])');
  await opened.openSettings();
  await opened.page.click('#experiment summary:visible');
  await opened.page.click('#open-cells');
  await opened.page.waitForSelector('#two-cells-chart[aria-label^="Accuracy"]');
  await opened.page.click('#train-cells');
  await opened.waitForText('#train-cells', 'Train both');
  await opened.page.click('#two-cells summary');
  await opened.page.click('#run-check');
  await opened.page.waitForSelector('#check-table:not([hidden])');
  await expectAccess(opened, widths, schemes);
  return opened;
}

/** The same for the text's page. */
export async function expectAccessToText({ visit }: Site, widths: Widths, schemes: readonly Scheme[]): Promise<Visit> {
  const opened = await visit(
    '?subject=text&threads=1&hidden=32&batchSize=8&T=20&steps=20',
    viewForAxe(schemes[0], widths[0]),
  );
  const { page } = opened;
  await opened.playToTheEnd();
  await page.click('#paste');
  await page.click('#sort-units');
  await page.waitForSelector('#units .unit');
  await page.click('#write-text');
  await page.waitForSelector('#written-choices .choice');
  await page.waitForSelector('#write-one:enabled');
  await page.focus('#written');
  await page.keyboard.press('Home');
  await expectAccess(opened, widths, schemes);
  return opened;
}

/** Colours do not depend on the width: axe compares them at the first one in all schemes, at the others in the first scheme. */
async function expectAccess({ page }: Visit, widths: Widths, schemes: readonly Scheme[]): Promise<void> {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    await untilDrawn(page);
    for (const [n, colorScheme] of (width === widths[0] ? schemes : schemes.slice(0, 1)).entries()) {
      await page.emulateMedia({ colorScheme });
      const isSideways = await page.evaluate((most) => document.documentElement.scrollWidth > most, width);
      const faults = await faultsOf(page, n === 0 ? 'everything' : 'colours');
      expect([width, colorScheme, isSideways, faults]).toEqual([width, colorScheme, false, []]);
    }
  }
}

/** The page has drawn what fits a new width: its canvases follow before the second frame. */
const untilDrawn = (page: Page): Promise<unknown> =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
