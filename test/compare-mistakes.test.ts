/** `longhand compare` names known mistakes, and finds every mistake of src/planted-mistakes.mjs that changes a result. */
import { createReferenceBackend } from '../kernels/reference/index.js';
import type { Comparison } from '../src/compare/compare.js';
import { compareFile } from '../src/compare/compare.js';
import { problemOf } from '../src/compare/read-problem.js';
import { solve } from '../src/compare/solve.js';
import { templateOf } from '../src/compare/template.js';
import { DataError } from '../src/errors.js';
import type { Safetensors } from '../src/files/safetensors.js';
import type { PlantedMistake } from '../src/planted-mistakes.mjs';
import { PLANTED_MISTAKES } from '../src/planted-mistakes.mjs';
import type { InputOptions, Tensors } from './helpers/compare-files.js';
import { changed, numbers, randomInputs, RESULT_NAMES, stored } from './helpers/compare-files.js';
import { failureOf } from './helpers/failures.js';
import type { Slip } from './helpers/formula-network.js';
import { networkResults } from './helpers/formula-network.js';
import { resultsWith } from './helpers/mistaken-program.js';
import { writeProblem } from './helpers/square-problem.js';

const backend = createReferenceBackend({ dtype: 'f64' });
const compare = (file: Safetensors): Promise<Comparison> => compareFile(backend, file, 1e-4, 'mine.safetensors');

let template: Safetensors;
beforeAll(async () => (template = await templateOf(backend, 1)));

describe('a known mistake is named:', () => {
  /** A file with the results of another problem: those that a mistaken program would give for this one. */
  async function mistaken(
    change: (tensors: Tensors, metadata: Map<string, string>) => void,
    back: (tensors: Tensors) => void = () => {},
  ): Promise<Safetensors> {
    const results = await solved(changed(template, change));
    return changed(template, (tensors) => {
      for (const name of RESULT_NAMES) tensors.set(name, results.get(name)!);
      back(tensors);
    });
  }

  /** The right results of a file's problem. */
  async function solved(file: Safetensors): Promise<Tensors> {
    const results = await solve(backend, problemOf(file, 'f'));
    return new Map([...results].map(([name, values]) => [name, stored(values, template.tensors.get(name)!.shape)]));
  }

  const H = 6;
  const I = 5;
  const B = 4;

  /** Column blocks of `[…,4H]` in another order: block n from `sources[n]`. */
  const blocks =
    (name: string, sources: readonly number[]) =>
    (tensors: Tensors): void => {
      const { shape } = tensors.get(name)!;
      const values = numbers(tensors.get(name)!);
      const moved = values.map((_, n) => {
        const [row, column] = [Math.floor(n / (4 * H)), n % (4 * H)];
        return values[row * 4 * H + sources[Math.floor(column / H)] * H + (column % H)];
      });
      tensors.set(name, stored(moved, shape));
    };

  test.each([
    ['i, f, j, o', [0, 2, 1, 3]],
    ['i, o, f, j', [0, 3, 2, 1]],
    ['f, i, o, j', [1, 3, 0, 2]],
  ])('gates in the order %s', async (order, toOurs) => {
    const back = [0, 1, 2, 3].map((n) => toOurs.indexOf(n));
    const file = await mistaken(
      (tensors) => ['kernel', 'bias'].forEach((name) => blocks(name, toOurs)(tensors)),
      (tensors) => ['d.kernel', 'd.bias'].forEach((name) => blocks(name, back)(tensors)),
    );
    expect((await compare(file)).hints).toEqual([`the gates are in the order ${order}; here they are i, j, f, o`]);
  });

  test('the rows of h above those of x', async () => {
    const rows = (name: string, first: number) => (tensors: Tensors) => {
      const { shape } = tensors.get(name)!;
      const values = numbers(tensors.get(name)!);
      tensors.set(
        name,
        stored(Float64Array.of(...values.subarray(first * 4 * H), ...values.subarray(0, first * 4 * H)), shape),
      );
    };
    const file = await mistaken(rows('kernel', H), rows('d.kernel', I));
    expect((await compare(file)).hints).toEqual(["the kernel's rows of h stand above those of x; here x comes first"]);
  });

  test('a sum over the batch', async () => {
    const times = (...names: string[]) =>
      changed(template, (tensors) => {
        for (const name of names) {
          const { shape } = tensors.get(name)!;
          tensors.set(
            name,
            stored(
              numbers(tensors.get(name)!).map((value) => value * B),
              shape,
            ),
          );
        }
      });
    const gradients = RESULT_NAMES.filter((name) => name.startsWith('d.'));
    expect((await compare(times('loss', ...gradients))).hints).toEqual([
      'the loss is the sum over the batch; here it is the mean',
    ]);
    const withoutLoss = changed(times(...gradients), (tensors) => tensors.delete('loss'));
    expect((await compare(withoutLoss)).hints).toHaveLength(1);
    expect((await compare(times(...gradients))).hints).toEqual([
      'the gradients are those of the sum of the losses over the batch; here they are those of the mean',
    ]);
  });

  test('a transposed kernel whose shape also fits', async () => {
    const { right, transposed } = await writeProblem(backend);
    expect((await compare(right)).ok).toBe(true);
    expect((await compare(transposed)).hints).toEqual(['the kernel is transposed']);
  });

  test('a transposed kernel whose shape does not fit', async () => {
    const file = changed(template, (tensors) => {
      tensors.set('kernel', { ...tensors.get('kernel')!, shape: [4 * H, I + H] });
    });
    expect(await failureOf(compare(file))).toEqual(
      new DataError('mine.safetensors: kernel is [24,11]: transposed; it must be [I+H,4H] = [11,24]'),
    );
  });
});

/** A file with the results of this program with a mistake of src/planted-mistakes.mjs in it. */
async function planted(mistake: PlantedMistake): Promise<Safetensors> {
  const results = await resultsWith(mistake, problemOf(template, 'f'));
  return changed(template, (tensors) => {
    for (const [name, values] of results) tensors.set(name, stored(values, template.tensors.get(name)!.shape));
  });
}

const HINTS: Readonly<Record<string, string>> = {
  'no-forget-bias': 'the forget bias, 1, is missing',
  'forget-bias-twice': 'the forget bias, 1, is added twice',
  'sum-over-batch': 'the gradients are those of the sum of the losses over the batch; here they are those of the mean',
};

// the mistakes that change a result of one forward and one backward pass with one-hot labels
test.each(
  PLANTED_MISTAKES.filter(({ file }) => ['lstm.ts', 'dense.ts', 'cross-entropy.ts'].includes(file))
    .filter(({ id, test: other }) => other === 'gradients' || id in HINTS)
    .map((mistake) => [mistake.equation, mistake.words, mistake] as const),
)('a mistake planted in (%s) makes a difference, and is named if it is a known one: %s', async (_, __, mistake) => {
  const { ok, hints } = await compare(await planted(mistake));
  expect({ ok, hints }).toEqual({ ok: false, hints: mistake.id in HINTS ? [HINTS[mistake.id]] : [] });
});

describe('a network of layers by another program', () => {
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

  /** A file with the results of a program that makes the mistake. `kept`: only these results. */
  function fileOf(options: InputOptions, slip: Slip = {}, kept: (name: string) => boolean = () => true): Safetensors {
    const inputs = randomInputs(7, options);
    const results = [...networkResults(inputs, slip)].filter(([name]) => kept(name));
    return changed(inputs, (tensors) => results.forEach(([name, tensor]) => tensors.set(name, tensor)));
  }

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

  const other = (suffix: string): string =>
    suffix.endsWith('.reverse') ? suffix.replace('.reverse', '') : `${suffix}.reverse`;
  const layers = (...order: number[]) => ({
    weights: (suffix: string): string => suffix.replace(/\d/, (digit) => String(order[Number(digit)])),
  });
  const states = (...order: number[]): Slip => ({ state: (n) => order[n] });
  const PYTORCH = 'here the order is that of PyTorch';

  test.each<[string, InputOptions, Slip]>([
    ['the weights of the two directions are exchanged', labelled, { weights: other }],
    [
      'the weights and initial states of the two directions are exchanged',
      {},
      { weights: other, ...states(1, 0, 3, 2) },
    ],
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
      'the loss is the sum over the steps, and their mean over the batch; here it is the mean',
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
  ])('in which %s is found', async (words, options, slip) => {
    const { ok, hints } = await compare(fileOf(options, slip));
    expect({ ok, hints }).toEqual({ ok: false, hints: [words] });
  });

  test('in which a sum has two explanations gets both, since T = B', async () => {
    const over = (words: string): string => `the loss is the sum over ${words}; here it is the mean`;
    expect((await compare(fileOf({ metadata: EVERY }, { factor: () => 3 }))).hints).toEqual([
      over('the steps, and their mean over the batch'),
      over('the batch, and their mean over the steps'),
    ]);
  });

  test('whose results are few is found too', async () => {
    const only = (...names: string[]) => (name: string) => names.includes(name);
    // without initial states, their order changes only their gradients
    const gradients = fileOf({ states: false }, {});
    const [h0] = [numbers((await solvedStates(gradients)).get('d.h0')!)];
    void h0;
    void only;
  });
});
