/** What axe finds on a page. */
import AxeBuilder from 'axe-core';
import type { Page } from 'playwright-core';

/** A visit on which axe can run: its script needs a page without a Content-Security-Policy, and no moving parts. */
export const viewForAxe = (colorScheme: 'light' | 'dark', width: number) =>
  ({ colorScheme, viewport: { width, height: 900 }, reducedMotion: 'reduce', bypassCSP: true }) as const;

/** The serious and critical faults, with the elements that have them. */
export async function seriousFaultsOf(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.addScriptTag({ content: AxeBuilder.source });
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof AxeBuilder }).axe.run({ resultTypes: ['violations'] }),
  );
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
