/** Mistakes with layers, directions, lengths and losses, and files with the numbers of a program that makes them. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Comparison } from '../../src/compare/compare.js';
import { compareFile } from '../../src/compare/compare.js';
import type { Safetensors } from '../../src/files/safetensors.js';
import { changed } from './changed-files.js';
import type { InputOptions } from './compare-files.js';
import { randomInputs } from './compare-files.js';
import type { Slip } from './formula-network.js';
import { networkResults } from './formula-network.js';

const backend = createReferenceBackend({ dtype: 'f64' });
export const compare = (file: Safetensors): Promise<Comparison> => compareFile(backend, file, 1e-4, 'mine.safetensors');

export const EVERY = { reads: 'every' };
const SQUARED = { loss: 'squaredError' };
const LENGTHS = [1, 3, 2];
/** `[T,B]`: one label inside is -1, and the three in the padding of LENGTHS are classes. */
const LABELS = [0, 2, 1, 2, -1, 0, 1, 2, 0];
export const ragged: InputOptions = { lengths: LENGTHS };
export const labelled: InputOptions = { ...ragged, metadata: EVERY, labels: LABELS };
const masked: InputOptions = { ...labelled, labels: LABELS.map((label, row) => (row === 3 || row > 7 ? -1 : label)) };
export const squared: InputOptions = { ...ragged, metadata: { ...EVERY, ...SQUARED } };
const forward: InputOptions = { bidirectional: false, hidden: [4, 4] };
export const three: InputOptions = { bidirectional: false, hidden: [4, 4, 4], metadata: SQUARED };

/** A file with the results of a program that makes the mistake. `kept`: only these results. */
export function fileOf(
  options: InputOptions,
  slip: Slip = {},
  kept: (name: string) => boolean = () => true,
): Safetensors {
  const inputs = randomInputs(7, options);
  const results = [...networkResults(inputs, slip)].filter(([name]) => kept(name));
  return changed(inputs, (tensors) => results.forEach(([name, tensor]) => tensors.set(name, tensor)));
}

const other = (suffix: string): string =>
  suffix.endsWith('.reverse') ? suffix.replace('.reverse', '') : `${suffix}.reverse`;
const layers = (...order: number[]) => ({
  weights: (suffix: string): string => suffix.replace(/\d/, (digit) => String(order[Number(digit)])),
});
export const states = (...order: number[]): Slip => ({ state: (n) => order[n] });
export const PYTORCH = 'here the order is that of PyTorch';

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
  [
    "the reverse direction's outputs are not turned back: its first one stands at step 0",
    labelled,
    { notTurnedBack: true },
  ],
  [
    "the reverse direction's outputs are not turned back: its first one stands at step 0",
    ragged,
    { notTurnedBack: true },
  ],
  [
    "the output layer reads the reverse direction's state at the sequence's end; here it reads that at step 0",
    ragged,
    { readsFirst: true },
  ],
  [
    "the reverse direction's outputs are not turned back, but the output layer reads them at step 0",
    {},
    { notTurnedBack: true, readsFirst: true },
  ],
  ['the lengths are ignored: the padding is read', ragged, { ignoresLengths: true }],
  ['the lengths are ignored: the padding is read, and counts in the loss', labelled, { ignoresLengths: true }],
  ['the LSTM ignores the lengths: its reverse direction starts in the padding', squared, { readsPadding: true }],
  ['the padding counts in the loss, with h = 0 there', labelled, { countsPadding: true }],
  ['the padding counts in the loss, with h = 0 there', squared, { countsPadding: true }],
  ['the loss is the sum over the steps and the batch; here it is the mean', labelled, { factor: (count) => count }],
  [
    'the loss is the sum over the steps, averaged over the batch; here it is the mean',
    squared,
    { factor: (count) => count / 3 },
  ],
  [
    'the gradients are those of the sum of the losses over the steps and the batch; here they are those of the mean',
    { ...forward, metadata: EVERY },
    { factor: (count) => count, onlyGradients: true },
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
  [
    'the loss is the sum over the batch; here it is the mean',
    { ...forward, labels: [1, -1, 0] },
    { factor: (count) => count },
  ],
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

/** Each mistake of the table whose place in it `isChosen` accepts is found, and named. */
export function testMistakes(isChosen: (place: number) => boolean = () => true): void {
  test.each(MISTAKES.filter((_, place) => isChosen(place)))(
    'a program in which %s is found',
    async (words, options, slip) => {
      const { ok, hints } = await compare(fileOf(options, slip));
      expect({ ok, hints }).toEqual({ ok: false, hints: [words] });
    },
  );
}
