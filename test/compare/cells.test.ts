/** `longhand compare` of GRUs and RNNs. test/compare/refusals.test.ts has their faulty files. */
import path from 'node:path';
import { templateOf } from '../../src/compare/template.js';
import { writeSafetensors } from '../../src/files/safetensors.js';
import { type Change, type Tensors, changed } from '../helpers/changed-files.js';
import { type InputOptions, type Slip, backend, compare, fileOf, other } from '../helpers/compare-files.js';
import { longhand } from '../helpers/longhand.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const CELLS = ['gru', 'rnn'] as const;

test.each(CELLS)('an example of a %s agrees to the last bit, with every option', async (cell) => {
  const options = { cell, layers: 2, bidirectional: true, lengths: true, reads: 'every' } as const;
  for (const example of [{ cell }, options, { ...options, withoutBias: true, loss: 'squaredError' } as const]) {
    const template = await templateOf(backend, 1, example);
    const { ok, differences } = await compare(template, 1e-300);
    expect(differences.filter(({ largestAbsolute }) => largestAbsolute !== 0)).toEqual([]);
    expect([ok, [...template.tensors.keys()].filter((name) => /^(d\.)?c0?$/.test(name))]).toEqual([true, []]);
  }
});

const EVERY = { reads: 'every' };
const one = { bidirectional: false, hidden: [2] };
test.each(CELLS)('a network of %ss by another program agrees if it makes no mistake', async (cell) => {
  for (const options of [{ cell }, { cell, lengths: [1, 3, 2], metadata: EVERY }]) {
    const { differences } = await compare(fileOf(options), 1e-5);
    expect(differences.filter(({ ok }) => !ok)).toEqual([]);
  }
});

/** The columns' blocks of all parameters, and of their gradients, in another order: block n from `order[n]`. */
const inOrder =
  (...order: number[]): Change =>
  (tensors) =>
    eachParameter(tensors, (values, [, columns], n) => {
      const H = columns / order.length;
      const k = n % columns;
      return values[n - k + order[Math.floor(k / H)] * H + (k % H)];
    });
/** The rows of h first: of a kernel with I rows of x. */
const hiddenFirst =
  (I: number): Change =>
  (tensors) =>
    eachParameter(tensors, (values, [rows, columns], n) =>
      rows === 1 ? values[n] : values[(n + I * columns) % values.length],
    );

function eachParameter(
  tensors: Tensors,
  change: (values: Float64Array, shape: readonly number[], n: number) => number,
): void {
  for (const [name, { dtype, shape, bytes }] of tensors) {
    if (!/^(d\.)?(kernel|bias|recurrentBias)/.test(name)) continue;
    const values = new Float64Array(Uint8Array.from(bytes).buffer);
    const changed = values.map((_, n) => change(values, [1, ...shape].slice(-2), n));
    tensors.set(name, { dtype, shape, bytes: new Uint8Array(changed.buffer) });
  }
}

const exchangedZ = 'z and 1-z are exchanged: h = (1-z)*hPrev + z*n';
const resets = 'r multiplies hPrev before the product: n = tanh(x·Wxn + (r*hPrev)·Whn + …), reset_after=False in Keras';
const rows = (kernel: string): string => `${kernel}; here the inputs come first`;

test.each<[string, InputOptions, Slip, Change]>([
  [exchangedZ, { cell: 'gru' }, { zTakesIn: true }, () => {}],
  [resets, { cell: 'gru' }, { resetsBefore: true }, () => {}],
  [resets, { cell: 'gru', lengths: [1, 3, 2], metadata: EVERY }, { resetsBefore: true }, () => {}],
  ['the gates are in the order z, r, n; here they are r, z, n', { cell: 'gru' }, {}, inOrder(1, 0, 2)],
  ['the gates are in the order n, r, z; here they are r, z, n', { cell: 'gru', ...one }, {}, inOrder(2, 0, 1)],
  [rows("each kernel's rows of h stand above those of its inputs"), { cell: 'rnn' }, {}, hiddenFirst(4)],
  [rows("each kernel's rows of h stand above those of its inputs"), { cell: 'gru' }, {}, hiddenFirst(4)],
  ['the weights of the two directions are exchanged', { cell: 'gru', metadata: EVERY }, { weights: other }, () => {}],
  [
    'h0 is stacked with the top layer first; here the order is that of PyTorch',
    { cell: 'rnn' },
    { state: (n) => [2, 3, 0, 1][n] },
    () => {},
  ],
  [
    'the RNN ignores the lengths: its reverse direction starts in the padding',
    { cell: 'rnn', lengths: [1, 3, 2], metadata: EVERY },
    { readsPadding: true },
    () => {},
  ],
])('a known mistake is named: %s', async (words, options, slip, change) => {
  const { ok, hints } = await compare(changed(fileOf(options, slip), change));
  expect({ ok, hints }).toEqual({ ok: false, hints: [words] });
});

test('square kernels of a GRU that are transposed are named', async () => {
  const file = changed(fileOf({ cell: 'gru' }), (tensors) =>
    eachParameter(tensors, (values, [rows, columns], n) =>
      rows === columns ? values[(n % columns) * columns + Math.floor(n / columns)] : values[n],
    ),
  );
  expect(await compare(file)).toMatchObject({ cell: 'gru', ok: false, hints: ['the square kernels are transposed'] });
});

test('the command writes an example of a GRU, finds that it agrees, and names its cell with a mistake', async () => {
  const file = path.join(directoryOf(), 'mine.safetensors');
  expect(await longhand(['compare', '--template', file, '--cell', 'gru'])).toMatchObject({ code: 0 });
  expect(await longhand(['compare', file])).toMatchObject({ code: 0 });
  expect(await longhand(['compare', file, '--cell', 'gru'])).toMatchObject({ code: 2 });
  const wrong = writeSafetensors(fileOf({ cell: 'gru' }, { zTakesIn: true }));
  const { code, stdout } = await longhand(['compare', path.join(directoryOf({ wrong }), 'wrong')]);
  expect(code).toBe(1);
  expect(stdout).toContain(`Your numbers match a GRU in which ${exchangedZ}.`);
});
