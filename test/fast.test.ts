/** `npm run test:fast` can start, and opens no browser. */
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('./', import.meta.url);

test('test/fast.config.js lists files that exist, with every one that opens a browser', async () => {
  const file = './fast.config.js'; // throws if a file of its list is missing
  const { default: config } = (await import(file)) as { default: { testPathIgnorePatterns: string[] } };
  const isSlow = (name: string): boolean =>
    config.testPathIgnorePatterns.some((pattern) => new RegExp(pattern).test(`/test/${name}`));
  const browserFiles = readdirSync(folder).filter(
    (name) =>
      name.endsWith('.test.ts') &&
      /helpers\/(browser-page|chromium|longhand-page)\.js'/.test(readFileSync(new URL(name, folder), 'utf8')),
  );
  expect(browserFiles.length).toBeGreaterThan(5);
  expect(browserFiles.filter((name) => !isSlow(name))).toEqual([]);
});
