/**
 * `longhand compare` of networks: layers, directions, lengths, losses and names, and the mistakes with these, each in the numbers of a program
 * that makes it. test/compare/refusals.test.ts has faulty files.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type TemplateOptions, templateOf } from '../../src/compare/template.js';
import { type Safetensors, parseSafetensors } from '../../src/files/safetensors.js';
import { type Tensors, changed } from '../helpers/changed-files.js';
import {
  type InputOptions,
  type Slip,
  backend,
  changeNumbers,
  compare,
  fileOf,
  networkResults,
  other,
  randomInputs,
  stored,
  storedZeros,
  whole,
} from '../helpers/compare-files.js';
import { inTier } from '../helpers/needs.js';
import { problemOf } from '../../src/compare/read-problem.js';
import { solve } from '../../src/compare/solve.js';
import { passesWith } from '../../src/compare/output-mistakes.js';

const read = (file: string): Buffer => readFileSync(fileURLToPath(new URL(file, import.meta.url)));

test.each([
  ['LSTM', '', 16],
  ['GRU', '-gru', 19],
  ['RNN', '-rnn', 15],
])('PyTorch’s packed, stacked, bidirectional nn.%s agrees at 1e-9 in every result', async (_, name, count) => {
  const file = parseSafetensors(read(`../fixtures/compare${name}.safetensors`), 'f');
  const { ok, differences } = await compare(file, 1e-9);
  expect([ok, differences.length]).toEqual([true, count]);
});

test('docs/files.md has the program that wrote this file', () => {
  const program = read('../fixtures/compare.py').toString();
  const [, code] = /^"""[\s\S]*?"""\n([\s\S]*)$/.exec(program) ?? [];
  expect(read('../../docs/files.md').toString()).toContain(`\`\`\`python\n${code}\`\`\``);
});

describe('an example of each kind', () => {
  const WHOLE = { layers: 2, bidirectional: true, lengths: true, reads: 'every' } as const;
  const kinds: [string, TemplateOptions][] = [
    ['one layer, a loss at every step', { reads: 'every' }],
    ['two directions, squared errors', { bidirectional: true, loss: 'squaredError' }],
    ['two layers, two directions, lengths, a loss at every step', WHOLE],
    ['two layers, two directions, lengths, squared errors at every step', { ...WHOLE, loss: 'squaredError' }],
    ['three layers, lengths', { layers: 3, lengths: true, loss: 'crossEntropy', reads: 'last' }],
  ];

  test.each(kinds)('agrees to the last bit: %s', async (_, options) => {
    const { ok, differences } = await compare(await templateOf(backend, 1, options), 1e-300);
    expect([ok, differences.map(({ largestAbsolute }) => largestAbsolute)]).toEqual([true, differences.map(() => 0)]);
  });

  test('one wrong element of a result is found, and its index is reported', async () => {
    const template = await templateOf(backend, 1, { ...WHOLE, loss: 'squaredError' });
    const all = (await compare(template)).differences.map(({ name }) => name);
    expect(all).toHaveLength(4 + 2 * 4 + 2 + 4);
    const some = ['loss', 'h', 'd.kernel.0.reverse', 'd.h0'];
    expect(all).toEqual(expect.arrayContaining(some));
    for (const name of inTier(some, all)) {
      const { shape } = template.tensors.get(name)!;
      const file = changed(template, (tensors) =>
        // the last sequence has T steps
        changeNumbers(tensors, name, (values) => void (values[values.length - 1] += 0.5)),
      );
      const wrong = (await compare(file)).differences.filter((one) => !one.ok);
      expect(wrong).toMatchObject([{ name, shape, element: shape.map((extent) => extent - 1) }]);
    }
  });
});

describe('the names and shapes of one layer and direction', () => {
  const numbered = (template: Safetensors): Safetensors =>
    changed(template, (tensors) => {
      for (const name of ['kernel', 'bias', 'd.kernel', 'd.bias'])
        tensors.set(`${name}.0`, tensors.get(name)!).delete(name);
    });
  const reshaped = (tensors: Tensors, name: string, shape: number[]): Tensors =>
    tensors.set(name, { ...tensors.get(name)!, shape });

  test('kernel.0 and bias.0 are other names of kernel and bias', async () => {
    const template = await templateOf(backend, 1);
    const plain = await compare(template);
    const { differences } = await compare(numbered(template));
    expect(differences).toEqual(
      plain.differences.map((one) => ({ ...one, name: one.name.replace(/^d\.(kernel|bias)$/, '$&.0') })),
    );
  });

  test.each<[string, (tensors: Tensors) => unknown, number[]]>([
    ['h0 is [1,B,H]', (tensors) => ['h0', 'd.h0'].map((name) => reshaped(tensors, name, [1, 4, 6])), [1, 4, 6]],
    [
      'h0 is missing and d.h0 is [1,B,H]',
      (tensors) => tensors.delete('h0') && reshaped(tensors, 'd.h0', [1, 4, 6]),
      [1, 4, 6],
    ],
    ['h0 is missing and d.h0 is [B,H]', (tensors) => tensors.delete('h0'), [4, 6]],
  ])('%s', async (_, change, shape) => {
    const { differences } = await compare(changed(await templateOf(backend, 1), change));
    expect(differences.find(({ name }) => name === 'd.h0')).toMatchObject({ shape });
    expect(differences.find(({ name }) => name === 'd.c0')).toMatchObject({ shape: [4, 6] });
  });
});

describe('beyond a sequence’s end', () => {
  /** The template has lengths 2, 3, 1, 3: two steps of sequence 2 and one of sequence 0 are beyond. */
  const BEYOND = [2 * 4 + 0, 1 * 4 + 2, 2 * 4 + 2]; // t·B + b
  const fillBeyond = (tensors: Tensors, name: string, value: number): void =>
    changeNumbers(tensors, name, (values) => {
      const width = tensors.get(name)!.shape[2];
      for (const row of BEYOND) values.fill(value, row * width, (row + 1) * width);
      return values;
    });
  const options = { layers: 2, bidirectional: true, lengths: true, reads: 'every' } as const;

  test.each([NaN, Infinity, 1e300])('%d in x, targets, h, c and logits changes nothing', async (value) => {
    const template = await templateOf(backend, 2, { ...options, loss: 'squaredError' });
    const file = changed(template, (tensors) => {
      for (const name of ['x', 'targets', 'h', 'c', 'logits']) fillBeyond(tensors, name, value);
    });
    expect(await compare(file, 1e-300)).toEqual(await compare(template, 1e-300));
  });

  test.each([0, 99, -5])('label %d changes nothing', async (label) => {
    const template = await templateOf(backend, 2, options);
    const labels = [...new Int32Array(new Uint8Array(template.tensors.get('labels')!.bytes).buffer)];
    for (const row of BEYOND) labels[row] = label;
    const file = changed(template, (tensors) => tensors.set('labels', whole(labels, [3, 4])));
    expect(await compare(file, 1e-300)).toEqual(await compare(template, 1e-300));
  });

  test.each([NaN, 1e300])('%d and label 99 do not stop the search for mistakes', async (value) => {
    for (const loss of ['crossEntropy', 'squaredError'] as const) {
      const file = changed(await templateOf(backend, 2, { ...options, layers: 1, loss }), (tensors) => {
        for (const name of ['x', 'targets']) if (tensors.has(name)) fillBeyond(tensors, name, value);
        if (loss === 'crossEntropy') tensors.set('labels', whole(Array<number>(12).fill(1).fill(99, 10, 11), [3, 4]));
        tensors.set('loss', stored(Float64Array.of(9), []));
      });
      const { ok, hints, search } = await compare(file);
      expect({ ok, hints, isComplete: search.tried === search.of }).toEqual({ ok: false, hints: [], isComplete: true });
    }
  });

  test('d.x must be 0', async () => {
    const template = await templateOf(backend, 2, options);
    const file = changed(template, (tensors) => fillBeyond(tensors, 'd.x', 1e-3));
    const wrong = (await compare(file)).differences.filter((one) => !one.ok);
    expect(wrong).toMatchObject([{ name: 'd.x', theirs: 1e-3, ours: 0, element: [1, 2, 0] }]);
  });
});

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
    const { ok, differences } = await compare(file, 1e-5);
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
