/** What the test files of a run share. */
import provideDisplay from './display.js';
import { shareBrowser } from './shared-browser.js';

export default async function provideAll() {
  await provideDisplay();
  globalThis.longhandShared = await shareBrowser();
}
