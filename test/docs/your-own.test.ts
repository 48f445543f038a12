/** The programs of docs/your-own.md are short, and the quickest of them learns what its output claims. */
import { programs, testPrograms } from '../helpers/your-own.js';

test('there are five programs, each under 40 lines', () => {
  expect(programs).toHaveLength(5);
  for (const { code } of programs) expect(code.trimEnd().split('\n').length).toBeLessThan(40);
});

testPrograms([4]);
