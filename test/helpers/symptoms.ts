/** The experiments of docs/learn/programs/symptoms.mjs: what docs/learn/mistakes.md quotes and says of them. */
import { read } from './chapter.js';

const page = read('mistakes.md');

/** Each begins with a line that is not indented. */
export const quotedExperiments = [...page.matchAll(/```\n([\s\S]*?)```/g)].map(([, block]) => block);

const NUMBER = /-?\d+\.\d+(e-?\d+)?/g;
export const masked = (text: string): string => text.replace(NUMBER, '#');
export const numbersOf = (text: string): number[] => (text.match(NUMBER) ?? []).map(Number);

/** The numbers of the line of `name` in the experiment with this title. */
function lineOf(experiments: readonly string[], title: string, name: string): number[] {
  const [part] = experiments.filter((text) => text.startsWith(title));
  return numbersOf(
    part
      .split('\n')
      .find((line) => line.startsWith(`  ${name} `))!
      .slice(2 + name.length),
  );
}

/** What the text says holds for these experiments: those of the page, or those that the program printed. */
export function testSymptoms(whose: string, experiments: readonly string[]): void {
  test(`what the text says about the experiments, in the numbers that ${whose}`, () => {
    const numbersAt = (title: string, name: string): number[] => lineOf(experiments, title, name);
    const prose = page.replace(/\s+/g, ' ');
    const [start, half, end, accuracy] = numbersAt('Training with Adam', 'no-dh-prev');
    const right = numbersAt('Training with Adam', 'no mistake');
    expect([start, accuracy, half > right[1], end]).toEqual([right[0], 1, true, right[2]]);
    expect(numbersAt('Training with Adam', 'sum-over-batch')).toEqual(right);
    expect(numbersAt('Training with Adam', 'past-replaces-input').slice(0, 3)).toEqual(Array(3).fill(0.6931));
    const [, ...lines] = experiments[0].trimEnd().split('\n');
    const good = lines.slice(1).filter((line) => numbersOf(line).at(-1)! >= 0.98);
    expect(good).toHaveLength(8);
    expect(prose).toContain('Eight of these mistakes still lead to a network that answers at least 98% correctly');

    for (const size of numbersAt('Gradient check', 'sum-over-batch')) expect(size).toBe(0.5); // 1 - 1/B, with B = 2
    expect(numbersAt('The first two updates', 'no mistake')).toEqual([0.001, 0.001]);
    const [first, second] = numbersAt('The norm of the gradient', 'kernel-gradient-not-cleared');
    expect(second / first).toBeCloseTo(2, 3);
    const [whole, half2] = ['no mistake', 'loss-over-all-rows'].map((name) => numbersAt('One of two labels', name)[0]);
    expect(whole / half2).toBeCloseTo(2, 3);
    expect([Math.exp(710), Math.fround(Math.exp(89))]).toEqual([Infinity, Infinity]);
    expect([Math.exp(709) < Infinity, Math.fround(Math.exp(88)) < Infinity]).toEqual([true, true]);
  });
}
