/**
 * The figures of docs/learn/loss-and-update.md that the reader moves: their numbers by other formulas, and what they draw. And the programs that
 * the site runs below a chapter's commands; test/slow/docs runs all of them in a browser.
 */
import { topOf } from '../../docs/.vitepress/theme/spike-live.js';
import { spikeDiagram } from '../../docs/learn/pictures/diagrams.mjs';
import { engineOf } from '../../docs/learn/programs/one-softmax.mjs';
import { afterSpike, algorithm1, clipped, effectOn, SPIKE } from '../../docs/learn/programs/one-spike.mjs';
import { adamUpdates } from '../../docs/learn/programs/updates.mjs';
import { tensorFrom } from '../../src/core/tensor.js';
import { clipByNorm } from '../../src/equations/clipping.js';
import path from 'node:path';
import { readdirSync } from 'node:fs';
import { differing, isRunnable, outputIn, programsIn, RUNNABLE } from '../../docs/.vitepress/theme/places.js';
import { programsInBrowser } from '../../docs/.vitepress/plugins.js';
import { folder, placeOf, read } from '../helpers/chapter.js';

const after = (spike: number, beta1: number, beta2: number): ReturnType<typeof afterSpike> =>
  afterSpike(spike, (gradients) => algorithm1(gradients, beta1, beta2));

test('with the engine’s β, Algorithm 1 makes the engine’s updates after a spike', () => {
  const [own, engine] = [after(SPIKE, 0.9, 0.999), afterSpike(SPIKE, adamUpdates)];
  expect(own).toHaveLength(5001);
  for (const k of [0, 1, 14, 100, 1000, 5000])
    for (const name of ['m', 'root', 'update'] as const) expect(own[k][name]).toBeCloseTo(engine[k][name], 7);
});

test.each([
  [100, 0.9, 0.999],
  [1000, 0.5, 0.99],
  [10_000, 0, 0.9],
  [3, 0.99, 0.995],
])('a spike of %d with β₁ = %d and β₂ = %d: m, √v and the update by their sums', (spike, beta1, beta2) => {
  const states = after(spike, beta1, beta2);
  for (const k of [0, 1, 10, 300, 1000]) {
    const m = 1 + (1 - beta1) * (spike - 1) * beta1 ** k;
    const root = Math.sqrt(1 + (1 - beta2) * (spike ** 2 - 1) * beta2 ** k);
    const shown = states[k];
    for (const [value, expected] of [
      [shown.m, m],
      [shown.root, root],
      [shown.update, m / root],
    ])
      expect(Math.abs(value / expected - 1)).toBeLessThan(1e-4); // v before the spike is 1 to 5 digits
  }
});

test('what a spike does to the updates, and that clipping prevents it', () => {
  const effect = effectOn(afterSpike(SPIKE, adamUpdates), 1000);
  expect([effect.tooLarge, effect.largest.toFixed(3), effect.sum.toFixed(1)]).toEqual([14, '3.287', '408.5']);
  expect(effect.smallest).toBe(afterSpike(SPIKE, adamUpdates)[effect.smallestAt].update);
  const byTheEngine = (gradient: number): number => {
    const tensor = tensorFrom([gradient], [1], 'f64');
    clipByNorm([tensor], 1);
    return tensor.get(0);
  };
  const gradients = [100, -100, 0.5];
  expect(gradients.map((gradient) => clipped(gradient, 1))).toEqual(gradients.map(byTheEngine));
  const none = effectOn(after(clipped(1e4, 1), 0.9, 0.999), 1000);
  expect([none.tooLarge, none.largest.toFixed(4), none.smallest.toFixed(4)]).toEqual([0, '1.0000', '1.0000']);
  // the chapter's answers: the largest update hardly changes with the spike, the tail becomes deeper, and a smaller β₂ makes it shorter
  const larger = effectOn(after(1000, 0.9, 0.999), 1000);
  expect([larger.largest.toFixed(2), effect.largest.toFixed(2)]).toEqual(['3.19', '3.29']);
  expect([larger.smallest.toFixed(2), effect.smallest.toFixed(2)]).toEqual(['0.03', '0.31']);
  expect(Math.abs(after(100, 0.9, 0.99)[1000].update - 1)).toBeLessThan(0.01);
  expect(after(100, 0.5, 0.999)[1000].update).toBeLessThan(0.5);
});

test('a diagram’s top is above all values, and its curve lies where the numbers are', () => {
  for (const most of [1, 1.01, 1.9, 3.3, 10.9, 99, 1000.9]) {
    const top = topOf([1, most]);
    expect([most, top > most, top < 3 * most]).toEqual([most, true, true]);
  }
  const values = Array.from({ length: 1101 }, (_, k) => (k === 0 ? 3 : 1));
  const svg = spikeDiagram({ x: 40, y: 10, width: 240, height: 100 }, 4, 'title', [{ of: 'third', dash: '', values }]);
  const drawn = (svg.flat(Infinity as 1) as string[]).join('\n');
  expect(drawn).toContain('d="M40.0 85.0L59.8 85.0L60.0 35.0L60.2 85.0');
  expect(drawn).toMatch(/L280\.0 85\.0"/);
});

test('softmax: a number added to all logits changes nothing, and the dLogits add up to 0', () => {
  for (const logits of [
    [2, 1, 0],
    [-10, 10, 3.3],
    [0.1, 0.2, -0.3],
  ])
    for (const label of [0, 1, 2]) {
      const own = engineOf(logits, label);
      const powers = logits.map((logit) => Math.exp(logit - logits[label]));
      const sum = powers.reduce((total, power) => total + power);
      own.p.forEach((p, k) => expect(p).toBeCloseTo(powers[k] / sum, 12));
      expect(own.loss).toBeCloseTo(Math.log(sum), 12);
      expect(own.dLogits.reduce((total, value) => total + value)).toBeCloseTo(0, 12);
      for (const added of [-100, 50, 100]) {
        const moved = engineOf(
          logits.map((logit) => logit + added),
          label,
        );
        expect(moved.loss).toBeCloseTo(own.loss, 12);
        moved.dLogits.forEach((value, k) => expect(value).toBeCloseTo(own.dLogits[k], 12));
      }
    }
});

describe('programs in the browser', () => {
  /** Why a page does not run a program that a chapter names. */
  const ONLY_IN_A_CHECKOUT = {
    fast: 'it measures this computer, with threads',
    networks: 'it reads a book from a file, and takes more than a minute',
    'other-cells': 'it takes most of an hour',
    symptoms: 'it makes copies of the library with mistakes, with a bundler',
  };

  const chapters = ['', '../questions/'].flatMap((room) =>
    readdirSync(path.join(folder, room)).flatMap((file) => (file.endsWith('.md') ? room + file : [])),
  );
  /** Code blocks: indented, or between fences. */
  const blocksOf = (file: string): string[] => [
    ...Array.from(read(file).matchAll(/^```.*\n([^]*?)^```/gm), ([, block]) => block),
    ...Array.from(read(file).matchAll(/(?<=\n\n)(?: {4}.*\n)+/g), ([block]) => block.replace(/^ {4}/gm, '')),
  ];

  test('every program that a chapter says to run has a button, or needs more than a browser', () => {
    const named = new Set(chapters.flatMap(blocksOf).flatMap(programsIn));
    expect([...named].sort()).toEqual([...RUNNABLE, ...Object.keys(ONLY_IN_A_CHECKOUT)].sort());
    for (const name of Object.keys(ONLY_IN_A_CHECKOUT)) expect([name, isRunnable(name)]).toEqual([name, false]);
  });

  test.each(RUNNABLE)('%s.mjs uses nothing of Node but what the worker has', (name) => {
    const plugin = programsInBrowser();
    const file = placeOf(`${name}.mjs`);
    const text = read(`${name}.mjs`);
    const modules = Array.from(text.matchAll(/from '(node:\w+)'/g), ([, id]) => id);
    for (const id of modules)
      expect([id, plugin.load(plugin.resolveId(id, file)!)]).toEqual([id, expect.stringContaining('export')]);
    expect(text.replace('process.argv[1] === ', '').replace(/process\.argv\[?[23]?/g, '')).not.toMatch(
      /process\.|Buffer|require/,
    );
    expect(plugin.transform(text, file)!.code).not.toContain('import.meta');
    expect(plugin.transform(text, '/other/file.mjs')).toBeNull();
  });

  test('a program reads the file that it reads in Node, and no other', async () => {
    const plugin = programsInBrowser();
    /** The browser’s node:fs of a program. */
    const filesOf = async (name: string): Promise<(file: string) => string> => {
      const code = plugin.load(plugin.resolveId('node:fs', placeOf(`${name}.mjs`))!)!;
      const files = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
        readFileSync: (file: string) => string;
      };
      return files.readFileSync;
    };
    const [gates, fitting, other] = await Promise.all(['gates', 'fitting-mistake', 'min-char-rnn'].map(filesOf));
    expect(gates('file:///gates.json')).toBe(read('programs/gates.json'));
    expect(JSON.parse(fitting('file:///test/fixtures/pytorch.json'))).toHaveProperty('cases');
    for (const readFile of [gates, other])
      for (const file of ['file:///other.json', '/', '']) expect(() => readFile(file)).toThrow('A browser has no file');
  });

  test('commands in a code block, the output below one, and how much of it differs', () => {
    const block = '$ node docs/learn/programs/one-state.mjs\nrow 0: h = 0  \nrow 1: h = 1\n';
    expect(programsIn(block)).toEqual(['one-state']);
    expect(programsIn('node docs/learn/programs/tutorial.mjs 100000\n  node docs/learn/programs/a.mjs')).toEqual([]);
    expect(outputIn(block, 'one-state')).toEqual(['row 0: h = 0  ', 'row 1: h = 1']);
    expect(outputIn('node docs/learn/programs/one-state.mjs', 'one-state')).toEqual([]);
    expect(differing(['row 0: h = 0', 'row 1: h = 1'], outputIn(block, 'one-state'))).toBe(0);
    expect(differing(['row 0: h = 0', 'row 1: h = 2'], outputIn(block, 'one-state'))).toBe(1);
  });
});
