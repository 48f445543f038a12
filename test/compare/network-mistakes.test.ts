/** Mistakes with layers, directions, lengths and losses: `longhand compare` names each, in the numbers of a program that makes it. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { compareFile } from '../../src/compare/compare.js';
import { RIGHT, solveMistaken } from '../../src/compare/mistaken-network.js';
import { problemOf } from '../../src/compare/read-problem.js';
import { withoutPadding } from '../../src/compare/sequences.js';
import { solve } from '../../src/compare/solve.js';
import { changed } from '../helpers/changed-files.js';
import type { InputOptions } from '../helpers/compare-files.js';
import { randomInputs, stored } from '../helpers/compare-files.js';
import { networkResults } from '../helpers/formula-network.js';
import {
  compare,
  EVERY,
  fileOf,
  labelled,
  PYTORCH,
  ragged,
  squared,
  states,
  testMistakes,
  three,
} from '../helpers/network-mistakes.js';

const backend = createReferenceBackend({ dtype: 'f64' });

describe('a network of layers by another program', () => {
  test.each<[string, InputOptions]>([
    ['two bidirectional layers', {}],
    ['lengths', { ...ragged, metadata: { forgetBias: '0.3' } }],
    ['lengths, and a loss at every step', labelled],
    ['squared errors at every step, and layers of different sizes', { ...squared, hidden: [3, 2], states: false }],
    ['three layers of one direction', three],
  ])('with %s agrees if it makes no mistake', async (_, options) => {
    const file = fileOf(options);
    const { ok, differences } = await compareFile(backend, file, 1e-5, 'f');
    expect(differences.filter((one) => !one.ok)).toEqual([]);
    expect([ok, differences.length]).toEqual([true, file.tensors.size - randomInputs(7, options).tensors.size]);
  });

  testMistakes((place) => place % 3 === 0); // test/slow/compare/networks.test.ts makes the others

  test('in which a sum has two explanations gets both, since T = B', async () => {
    const over = (words: string): string => `the loss is the sum over ${words}; here it is the mean`;
    expect((await compare(fileOf({ metadata: EVERY }, { factor: () => 3 }))).hints).toEqual([
      over('the steps, averaged over the batch'),
      over('the batch, averaged over the steps'),
    ]);
  });

  test('in which only the gradients of initial states differ is found, without h0 and c0', async () => {
    const zero = changed(randomInputs(7), (tensors) => {
      for (const name of ['h0', 'c0']) tensors.set(name, stored(new Float64Array(24), [4, 3, 2]));
    });
    const results = networkResults(zero, states(0, 2, 1, 3));
    const file = changed(zero, (tensors) => {
      for (const name of ['h0', 'c0']) tensors.delete(name);
      tensors.set('d.c0', results.get('d.c0')!);
    });
    const { ok, hints } = await compare(file);
    expect({ ok, hints }).toEqual({
      ok: false,
      hints: [`h0 and c0 are stacked with all forward directions first; ${PYTORCH}`],
    });
  });

  test('is made of the same LSTMs as the right one: without a mistake, both give the same numbers', async () => {
    for (const options of [{}, labelled, squared]) {
      const problem = problemOf(randomInputs(7, options), 'f');
      const [right, mistaken] = [await solve(backend, problem), await solveMistaken(backend, problem, RIGHT, () => {})];
      expect([...mistaken.keys()]).toEqual([...right.keys()]);
      for (const [name, values] of right) {
        const expected = withoutPadding(name, values, problem);
        const actual = withoutPadding(name, mistaken.get(name)!, problem);
        const errors = expected.map((value, n) => Math.abs(value - actual[n]));
        expect({ name, isEqual: Math.max(...errors) < 1e-15 }).toEqual({ name, isEqual: true });
      }
    }
  });
});
