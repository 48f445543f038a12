/** The list of slow test files, which `npm run test:fast` leaves out. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

test('test/fast.config.js lists only test files that exist', async () => {
  const file = path.resolve('test/fast.config.js');
  const { default: config } = (await import(pathToFileURL(file).href)) as {
    default: { readonly testPathIgnorePatterns: readonly string[] };
  };
  expect(config.testPathIgnorePatterns.length).toBeGreaterThan(20);
});
