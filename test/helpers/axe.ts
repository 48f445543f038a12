/** What axe finds on a page. */
import AxeBuilder from 'axe-core';
import type { Page } from 'playwright-core';

/** A visit on which axe can run: its script needs a page without a Content-Security-Policy, and no moving parts. */
export const viewForAxe = (colorScheme: 'light' | 'dark', width: number) =>
  ({ colorScheme, viewport: { width, height: 900 }, reducedMotion: 'reduce', bypassCSP: true }) as const;

/** The rules whose result depends on colours: all that light and dark differ in. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/**
 * The serious and critical faults, with the elements that have them. `about` 'colours': only those of colours, on a page of
 * which axe has checked everything in other colours.
 */
export async function seriousFaultsOf(page: Page, about: 'everything' | 'colours' = 'everything'): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.addScriptTag({ content: AxeBuilder.source });
  const rules = about === 'colours' ? { runOnly: OF_COLOURS } : {};
  const { violations } = await page.evaluate(
    (chosen) =>
      (globalThis as unknown as { axe: typeof AxeBuilder }).axe.run({ resultTypes: ['violations'], ...chosen }),
    rules,
  );
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
