/** The check of the English itself: `npm run english` reads every document, comment and message. */
import { faultsIn, faultsOf } from '../english.mjs';

test.each([
  ['The nonlinearities know their own slopes.', '“slopes” (gradient)'],
  ['Each of these is told in a sentence.', '“told” (describes, reports, says)'],
  ['Saved every so many steps.', '“so many” (n, or the name of the option)'],
  ['null where there is none', '“where there is” (if, when)'],
  ['Of the names and the contents of files.', '“Of” (a sentence with a subject and a verb)'],
  [`It ${'was long and '.repeat(9)}ended.`, '29 words, at most 25'],
])('finds: %s', (sentence, fault) => {
  expect(faultsOf(sentence)).toEqual([fault]);
});

test.each([
  'We add, because c is used twice: by h, and by the next c.',
  'The folder where the file was found.',
  '1 + 2 × 3 = 7 '.repeat(20),
])('lets pass: %s', (sentence) => {
  expect(faultsOf(sentence)).toEqual([]);
});

test('in a program it reads comments and texts of four words or more, and no code and no formulas', () => {
  const program = `
/**
 * A first sentence. The run goes on
 * after it.
 *
 *     told = slope, a formula
 *
 * The name \`slope\` is code.
 */
const told = 'goes on'; // of its kind
throw new Error(\`\${told} is told in one line\`);`;
  expect(faultsIn('a.ts', program).sort()).toEqual([
    'a.ts:10: “of its kind” (of which kind?): of its kind',
    'a.ts:11: “told” (describes, reports, says): is told in one line',
    'a.ts:3: “goes on” (continue, resume): The run goes on after it.',
  ]);
});

test('in a document it reads paragraphs, items and cells, and no code and no formulas', () => {
  const document = `
# Title

A run
goes on.

- an item that is told
- \`so many\`
- $so many$

$$
so many
$$

| a cell | or else |
| ------ | ------- |

    so many
\`\`\`
so many
\`\`\`
`;
  expect(faultsIn('a.md', document)).toEqual([
    'a.md:4: “goes on” (continue, resume): A run goes on.',
    'a.md:7: “told” (describes, reports, says): - an item that is told',
    'a.md:15: “or else” (otherwise): or else',
  ]);
});
