/** `longhand compare` of GRUs and RNNs, and `checkGradients` of a GRU of one's own. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { type Comparison, compareFile } from '../../src/compare/compare.js';
import { templateOf } from '../../src/compare/template.js';
import { DataError } from '../../src/core/errors.js';
import { checkGradients } from '../../src/equations/gradcheck.js';
import { type Safetensors, parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { type Change, type Tensors, changed } from '../helpers/changed-files.js';
import { type InputOptions, type Slip, networkResults, randomInputs, storedZeros } from '../helpers/compare-files.js';
import { failureOf } from '../helpers/failures.js';
import { longhand } from '../helpers/longhand.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const backend = createReferenceBackend({ dtype: 'f64' });
const compare = (file: Safetensors, tolerance = 1e-4): Promise<Comparison> =>
  compareFile(backend, file, tolerance, 'f');
const CELLS = ['gru', 'rnn'] as const;

test.each(CELLS)('PyTorch’s packed, stacked, bidirectional %s agrees at 1e-9 in every result', async (cell) => {
  const file = readFileSync(new URL(`../fixtures/compare-${cell}.safetensors`, import.meta.url));
  const { ok, differences } = await compare(parseSafetensors(file, 'f'), 1e-9);
  expect([ok, differences.length]).toEqual([true, cell === 'gru' ? 19 : 15]);
});

test.each(CELLS)('an example of a %s agrees to the last bit, with every option', async (cell) => {
  const options = { cell, layers: 2, bidirectional: true, lengths: true, reads: 'every' } as const;
  for (const example of [{ cell }, options, { ...options, withoutBias: true, loss: 'squaredError' } as const]) {
    const template = await templateOf(backend, 1, example);
    const { ok, differences } = await compare(template, 1e-300);
    expect(differences.filter(({ largestAbsolute }) => largestAbsolute !== 0)).toEqual([]);
    expect([ok, [...template.tensors.keys()].filter((name) => /^(d\.)?c0?$/.test(name))]).toEqual([true, []]);
  }
});

/** A file with the results of a program that makes the mistake. */
function fileOf(options: InputOptions, slip: Slip = {}): Safetensors {
  const inputs = randomInputs(7, options);
  return changed(inputs, (tensors) => networkResults(inputs, slip).forEach((one, name) => tensors.set(name, one)));
}

const EVERY = { reads: 'every' };
const one = { bidirectional: false, hidden: [2] };
const other = (suffix: string): string =>
  suffix.endsWith('.reverse') ? suffix.replace('.reverse', '') : `${suffix}.reverse`;

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

test.each<[string, InputOptions, Change]>([
  ['metadata cell is "peephole", must be lstm or gru or rnn', {}, (_, metadata) => metadata.set('cell', 'peephole')],
  [
    'tensor "c0" is [4,3,2], but a GRU has none: leave it out, or set metadata cell to lstm',
    { cell: 'gru' },
    (tensors) => tensors.set('c0', storedZeros(4, 3, 2)),
  ],
  [
    'tensor "c" is [3,3,4], but an RNN has none: leave it out, or set metadata cell to lstm',
    { cell: 'rnn' },
    (tensors) => tensors.set('c', storedZeros(3, 3, 4)),
  ],
  [
    'tensor "recurrentBias.0" is [6], but an LSTM has none: leave it out, or set metadata cell to gru',
    { cell: 'gru' },
    (_, metadata) => metadata.delete('cell'),
  ],
  [
    'tensor "projection.0" is [2,1], but a GRU has none: leave it out, or set metadata cell to lstm',
    { cell: 'gru' },
    (tensors) => tensors.set('projection.0', storedZeros(2, 1)),
  ],
  [
    'metadata forgetBias is "1", but a GRU has no forget gate: leave it out',
    { cell: 'gru' },
    (_, metadata) => metadata.set('forgetBias', '1'),
  ],
  [
    'tensor "kernel.0" is [6,6], but the file has no "recurrentBias.0", which must be [6]',
    { cell: 'gru' },
    (tensors) => tensors.delete('recurrentBias.0'),
  ],
  [
    'tensor "kernel.1" is [6,5], must be [I+H,3H]: 5 columns are not 3 blocks',
    { cell: 'gru' },
    (tensors) => tensors.set('kernel.1', storedZeros(6, 5)),
  ],
  [
    'tensor "kernel.1.reverse" is [6,3], must be [6,2] = [I+H,H]: I is 4 from layer 0, H is 2 from kernel.1',
    { cell: 'rnn' },
    (tensors) => tensors.set('kernel.1.reverse', storedZeros(6, 3)),
  ],
  [
    'tensor "recurrentBias.1.back" is [6], must be named kernel.N, bias.N or recurrentBias.N, with .reverse at the end for the reverse direction',
    { cell: 'gru' },
    (tensors) => tensors.set('recurrentBias.1.back', storedZeros(6)),
  ],
])('refused: %s', async (message, options, change) => {
  const file = changed(randomInputs(3, options), (tensors) => tensors.set('loss', storedZeros()));
  const failure = await failureOf(compare(changed(file, change)));
  expect(failure).toEqual(new DataError(`f: ${message}`));
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

describe('checkGradients of a GRU of one unit, over two steps', () => {
  const inputs = {
    x: Float64Array.of(0.7, -0.4),
    w: Float64Array.of(0.3, -0.6, 0.9), // r, z, n
    u: Float64Array.of(-0.8, 0.5, 1.1),
    b: Float64Array.of(0.2, 0.1, -0.3),
    bR: Float64Array.of(-0.1, 0.4, 0.6),
    h0: Float64Array.of(0.45),
  };
  const { x, w, u, b, bR, h0 } = inputs;
  const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));

  function forward() {
    const steps: { r: number; z: number; n: number; q: number; h: number }[] = [];
    for (const [t, xt] of x.entries()) {
      const h = t === 0 ? h0[0] : steps[t - 1].h;
      const [r, z] = [0, 1].map((k) => sigmoid(xt * w[k] + b[k] + h * u[k] + bR[k]));
      const q = h * u[2] + bR[2];
      const n = Math.tanh(xt * w[2] + b[2] + r * q);
      steps.push({ r, z, n, q, h: (1 - z) * n + z * h });
    }
    return steps;
  }

  /** `slip` takes a term away. */
  function gradients(slip: 'none' | 'direct path' | 'r of dq' | 'ahn of dr') {
    const steps = forward();
    const d = { x: [0, 0], w: [0, 0, 0], u: [0, 0, 0], b: [0, 0, 0], bR: [0, 0, 0], h0: [0] };
    let dh = 2 * steps[1].h; // the loss is h²
    for (const t of [1, 0]) {
      const { r, z, n, q } = steps[t];
      const hPrev = t === 0 ? h0[0] : steps[0].h;
      const dan = dh * (1 - z) * (1 - n * n);
      const dr = slip === 'ahn of dr' ? dan : dan * q;
      const da = [dr * r * (1 - r), dh * (hPrev - n) * z * (1 - z), dan];
      const dq = [da[0], da[1], slip === 'r of dq' ? dan : dan * r];
      dh = slip === 'direct path' ? 0 : dh * z;
      for (const k of [0, 1, 2]) {
        d.x[t] += da[k] * w[k];
        d.w[k] += da[k] * x[t];
        d.b[k] += da[k];
        d.u[k] += dq[k] * hPrev;
        d.bR[k] += dq[k];
        dh += dq[k] * u[k];
      }
    }
    d.h0[0] = dh;
    return d;
  }

  const check = async (slip: Parameters<typeof gradients>[0]): Promise<string[]> => {
    const reports = await checkGradients({
      inputs,
      loss: () => forward()[1].h ** 2,
      gradients: () => gradients(slip),
    });
    return reports.filter(({ ok }) => !ok).map(({ name }) => name);
  };

  test('agrees, and a gradient that lacks a term differs', async () => {
    expect(await check('none')).toEqual([]);
    expect(await check('direct path')).toEqual(['x', 'w', 'u', 'b', 'bR', 'h0']);
    expect(await check('r of dq')).toEqual(expect.arrayContaining(['u', 'bR', 'h0']));
    expect(await check('ahn of dr')).toEqual(expect.arrayContaining(['w', 'b', 'x']));
  });
});
