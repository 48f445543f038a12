/** The check of the English itself: `npm run english` reads every document, comment and message. */
import { longSentencesIn } from '../english.mjs';

/** A sentence of this many words, on two lines. */
const words = (count: number): string => `${'word '.repeat(count - 1)}\nend.`;

test('it finds sentences of more than 30 words, and counts neither numbers nor signs', () => {
  expect(longSentencesIn('a.md', `1 + 2 = 3 ${words(30)} A short one; ${words(30)}`)).toEqual([]);
  expect(longSentencesIn('a.md', `Title\n\nA short one. ${words(31)}`)).toEqual([
    `a.md:3: 31 words: ${words(31).replace('\n', '')}`,
  ]);
});

test('in a program it reads comments and texts, and no code and no formulas', () => {
  const long = 'word '.repeat(31);
  const program = `
/**
 * A first sentence. ${long}
 *
 *     formula ${long}
 *
 * The name \`${long}\` is code.
 */
const told = '${long}'; // ${long}
throw new Error(\`\${told} ${long}\`);`;
  const found = longSentencesIn('a.ts', program).map((fault) => fault.slice(0, 15));
  expect(found.sort()).toEqual(['a.ts:10: 31 wor', 'a.ts:3: 31 word', 'a.ts:9: 31 word', 'a.ts:9: 31 word']);
});

test('in a document it reads paragraphs, items and cells, and no code and no formulas', () => {
  const long = 'word '.repeat(31).trim();
  const document = `
# Title

A line
${long}

- ${long}
- \`${long}\`
- $${long}$

$$
${long}
$$

| a cell | ${long} |
| ------ | ------- |

    ${long}
\`\`\`
${long}
\`\`\`
`;
  const found = longSentencesIn('a.md', document).map((fault) => fault.slice(0, 17));
  expect(found).toEqual(['a.md:4: 33 words:', 'a.md:7: 31 words:', 'a.md:15: 31 words']);
});
