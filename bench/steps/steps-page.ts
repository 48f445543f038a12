/** A page of Chrome or Chromium that runs the steps of a document: a module of bench/steps. */
import type { News } from './gpu-measure.js';
import { launchChromiumOnGpu } from '../browser/chromium.js';
import { bundleSteps, serve } from '../browser/site.js';

export interface StepsPage {
  /** With its version. */
  readonly name: string;
  /** Calls the module's function with `given` and a function that passes on what it reports. */
  call(name: string, given: readonly unknown[], report: (news: News) => void): Promise<void>;
  close(): Promise<void>;
}

export async function openStepsPage(module: string): Promise<StepsPage> {
  const browser = await launchChromiumOnGpu();
  const server = await serve(await bundleSteps(module));
  return {
    name: `Chromium ${browser.version()}`,
    async call(name, given, report) {
      const page = await browser.newPage();
      await page.exposeFunction('report', report);
      await page.goto(server.url);
      const values = given.map((value) => JSON.stringify(value)).join(', ');
      await page.evaluate(`import('/${module}.js').then(({ ${name} }) => ${name}(${values}, report))`);
      await page.close();
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}
