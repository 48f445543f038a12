/** What docs/learn/programs/which-came-first.mjs prints, beside the page. Sequences of 24 steps take much longer than those of 8. */
import { outputOf, read } from './chapter.js';

export const differences = (output: string): Record<string, number> =>
  Object.fromEntries(
    [...output.matchAll(/^(\w+): \d+ gradients, largest difference (.+)$/gm)].map(([, name, value]) => [
      name,
      Number(value),
    ]),
  );

const masked = (text: string): string => text.replace(/\d+\.\d+|\d+e-\d+|\d+ of/g, '#');

/** The loss after the last update: the network learns it with 8 steps, and not with 24. */
const LAST = { 8: (last: number) => last < 0.02, 24: (last: number) => last > 0.5 };

export function testWhichCameFirst(steps: 8 | 24): void {
  const argument = steps === 8 ? '' : ` ${steps}`; // 8 is the program's default
  test(`which-came-first.mjs${argument} prints what the page shows`, () => {
    const shown = read('plain-rnn.md')
      .split(`$ node docs/learn/programs/which-came-first.mjs${argument}\n`)[1]
      .split('```')[0];
    const output = outputOf('which-came-first.mjs', argument.trim().split(' ').filter(Boolean));
    expect(masked(output)).toBe(masked(shown));
    for (const text of [output, shown]) {
      expect(Object.keys(differences(text))).toEqual(['Wx', 'Wh', 'bias', 'Wy', 'biasY']);
      for (const difference of Object.values(differences(text))) expect(difference).toBeLessThan(1e-9);
      expect(LAST[steps](Number(/update 300: loss ([\d.]+)/.exec(text)![1]))).toBe(true);
    }
    const ratio = (text: string): number => Number(/norm of dh.*: (.+)/.exec(text)![1]);
    expect(ratio(output)).toBeCloseTo(ratio(shown), 6);
  });
}
