/** Mistakes with layers, directions, lengths and losses: `longhand compare` names each, in the numbers of a program that makes it. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Comparison } from '../../src/compare/compare.js';
import { compareFile } from '../../src/compare/compare.js';
import { problemOf } from '../../src/compare/read-problem.js';
import { solve } from '../../src/compare/solve.js';
import { passesWith } from '../../src/compare/output-mistakes.js';
import type { Safetensors } from '../../src/files/safetensors.js';
import { changed } from '../helpers/changed-files.js';
import type { InputOptions } from '../helpers/compare-files.js';
import { randomInputs, storedZeros } from '../helpers/compare-files.js';
import type { Slip } from '../helpers/formula-network.js';
import { networkResults } from '../helpers/formula-network.js';
import { inTier } from '../helpers/needs.js';

const backend = createReferenceBackend({ dtype: 'f64' });
const compare = (file: Safetensors): Promise<Comparison> => compareFile(backend, file, 1e-4, 'mine.safetensors');

const EVERY = { reads: 'every' };
const SQUARED = { loss: 'squaredError' };
const LENGTHS = [1, 3, 2];
/** `[T,B]`: one label inside is -1, and the three in the padding of LENGTHS are classes. */
const LABELS = [0, 2, 1, 2, -1, 0, 1, 2, 0];
const ragged: InputOptions = { lengths: LENGTHS };
const labelled: InputOptions = { ...ragged, metadata: EVERY, labels: LABELS };
const masked: InputOptions = { ...labelled, labels: LABELS.map((label, row) => (row === 3 || row > 7 ? -1 : label)) };
const squared: InputOptions = { ...ragged, metadata: { ...EVERY, ...SQUARED } };
const forward: InputOptions = { bidirectional: false, hidden: [4, 4] };
const three: InputOptions = { bidirectional: false, hidden: [4, 4, 4], metadata: SQUARED };

/** A file with the results of a program that makes the mistake. */
function fileOf(options: InputOptions, slip: Slip = {}): Safetensors {
  const inputs = randomInputs(7, options);
  return changed(inputs, (tensors) =>
    networkResults(inputs, slip).forEach((tensor, name) => tensors.set(name, tensor)),
  );
}

const other = (suffix: string): string =>
  suffix.endsWith('.reverse') ? suffix.replace('.reverse', '') : `${suffix}.reverse`;
const layers = (...order: number[]) => ({
  weights: (suffix: string): string => suffix.replace(/\d/, (digit) => String(order[Number(digit)])),
});
const states = (...order: number[]): Slip => ({ state: (n) => order[n] });
/** The factor that turns a mean into a sum. */
const sum = (count: number): number => count;
const PYTORCH = 'here the order is that of PyTorch';

const NOT_TURNED = "the reverse direction's outputs are not turned back";

const MISTAKES: readonly (readonly [words: string, options: InputOptions, slip: Slip])[] = [
  ['the weights of the two directions are exchanged', labelled, { weights: other }],
  ['the weights and initial states of the two directions are exchanged', {}, { weights: other, ...states(1, 0, 3, 2) }],
  [
    "the reverse direction's outputs come before the forward ones; here the forward ones come first",
    ragged,
    { reverseFirst: true },
  ],
  [
    'the two directions are exchanged: the one named reverse reads the sequence from its start',
    ragged,
    { fromEnd: true },
  ],
  [`${NOT_TURNED}: its first one stands at step 0`, labelled, { notTurnedBack: true }],
  [`${NOT_TURNED}: its first one stands at step 0`, ragged, { notTurnedBack: true }],
  [
    "the output layer reads the reverse direction's state at the sequence's end; here it reads that at step 0",
    ragged,
    { readsFirst: true },
  ],
  [`${NOT_TURNED}, but the output layer reads them at step 0`, {}, { notTurnedBack: true, readsFirst: true }],
  ['the lengths are ignored: the padding is read', ragged, { ignoresLengths: true }],
  ['the lengths are ignored: the padding is read, and counts in the loss', labelled, { ignoresLengths: true }],
  ['the LSTM ignores the lengths: its reverse direction starts in the padding', squared, { readsPadding: true }],
  ['the padding counts in the loss, with h = 0 there', labelled, { countsPadding: true }],
  ['the padding counts in the loss, with h = 0 there', squared, { countsPadding: true }],
  ['the loss is the sum over the steps and the batch; here it is the mean', labelled, { factor: sum }],
  [
    'the loss is the sum over the steps, averaged over the batch; here it is the mean',
    squared,
    { factor: (count) => count / 3 },
  ],
  [
    'the gradients are those of the sum of the losses over the steps and the batch; here they are those of the mean',
    { ...forward, metadata: EVERY },
    { factor: sum, onlyGradients: true },
  ],
  [
    'the loss is divided by all 9 labels, also those that do not count; here it is the mean',
    masked,
    { factor: (count) => count / 9 },
  ],
  [
    'the loss is divided by all 9 steps, also those beyond the ends; here it is the mean',
    squared,
    { factor: (count) => count / 9 },
  ],
  [
    'the loss is divided by all steps up to the ends, also those of label -1; here it is the mean',
    masked,
    { factor: (count) => count / 6 },
  ],
  ['the loss is the sum over the batch; here it is the mean', { ...forward, labels: [1, -1, 0] }, { factor: sum }],
  ['the loss is half of the mean squared error; here it is the mean', three, { factor: () => 0.5 }],
  ['the loss is the mean of the sum over the outputs; here it is the mean', three, { factor: () => 4 }],
  ['the loss is the sum over all elements; here it is the mean', three, { factor: (count) => 4 * count }],
  ['the weights of layers 0 and 1 are exchanged', labelled, layers(1, 0)],
  ['the weights of layers 0 and 2 are exchanged', three, layers(2, 1, 0)],
  [`h0 and c0 are stacked with all forward directions first; ${PYTORCH}`, labelled, states(0, 2, 1, 3)],
  [`h0 and c0 are stacked with the top layer first; ${PYTORCH}`, {}, states(2, 3, 0, 1)],
  [`h0 and c0 are stacked with the top layer first; ${PYTORCH}`, three, states(2, 1, 0)],
  [`h0 and c0 are stacked with the reverse direction of each layer first; ${PYTORCH}`, ragged, states(1, 0, 3, 2)],
];

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

  /** A third of the mistakes are in the first tier, and the others in the second. */
  const chosen = MISTAKES.filter((_, place) => (place % 3 === 0) === inTier(true, false));

  test.each(chosen)('in which %s is found', async (words, options, slip) => {
    const { ok, hints } = await compare(fileOf(options, slip));
    expect({ ok, hints }).toEqual({ ok: false, hints: [words] });
  });

  test('in which a sum has two explanations gets both, since T = B', async () => {
    const over = (words: string): string => `the loss is the sum over ${words}; here it is the mean`;
    expect((await compare(fileOf({ metadata: EVERY }, { factor: () => 3 }))).hints).toEqual([
      over('the steps, averaged over the batch'),
      over('the batch, averaged over the steps'),
    ]);
  });

  test('in which only the gradients of initial states differ is found, without h0 and c0', async () => {
    const zero = changed(randomInputs(7), (tensors) => {
      for (const name of ['h0', 'c0']) tensors.set(name, storedZeros(4, 3, 2));
    });
    const results = networkResults(zero, states(0, 2, 1, 3));
    const file = changed(zero, (tensors) => {
      for (const name of ['h0', 'c0']) tensors.delete(name);
      tensors.set('d.c0', results.get('d.c0')!);
    });
    const { ok, hints } = await compare(file);
    expect([ok, hints]).toEqual([false, [`h0 and c0 are stacked with all forward directions first; ${PYTORCH}`]]);
  });

  test('whose passes can be mistaken has the right numbers, to the last bit, if they make no mistake', async () => {
    const passes = passesWith({});
    for (const options of [{}, labelled, squared]) {
      const problem = problemOf(randomInputs(7, options), 'f');
      expect(await solve(backend, problem, () => {}, passes)).toEqual(await solve(backend, problem));
    }
  });
});
