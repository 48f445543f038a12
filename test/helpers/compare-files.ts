/** For `longhand compare`: tensors and files of random inputs, and a network as another program would compute it. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { type Comparison, compareFile } from '../../src/compare/compare.js';
import { Random } from '../../src/core/rng.js';
import type { Safetensors, StoredTensor } from '../../src/files/safetensors.js';
import { storedFloats } from '../../src/files/stored-tensors.js';
import { type Tensors, changed } from './changed-files.js';

/** The results of one layer and direction with cross-entropy, in the order of a report. */
export const RESULT_NAMES: readonly string[] = [
  ...['loss', 'logits', 'h', 'c'],
  ...['kernel', 'bias', 'outKernel', 'outBias', 'x', 'h0', 'c0'].map((name) => `d.${name}`),
];

/** The numbers of a tensor in F64. */
export const numbers = ({ bytes }: StoredTensor): Float64Array => new Float64Array(new Uint8Array(bytes).buffer);
/** A tensor in F64. */
export const stored = (values: Float64Array, shape: readonly number[]): StoredTensor =>
  storedFloats(values.slice(), shape);
/** A tensor of zeros in F64. */
export const storedZeros = (...shape: number[]): StoredTensor =>
  stored(new Float64Array(shape.reduce((size, extent) => size * extent, 1)), shape);

/** Changes the numbers of a tensor in F64: in place, or into those that `change` returns. */
export function changeNumbers(
  tensors: Tensors,
  name: string,
  change: (values: Float64Array) => Float64Array | undefined,
): void {
  const values = numbers(tensors.get(name)!);
  tensors.set(name, stored(change(values) ?? values, tensors.get(name)!.shape));
}

/** What a file of random inputs has. */
export interface InputOptions {
  /** Default: lstm. */
  readonly cell?: 'lstm' | 'gru' | 'rnn';
  /** H of each layer. Default: [2, 2]. */
  readonly hidden?: readonly number[];
  /** Default: true. */
  readonly bidirectional?: boolean;
  /** Default: T each. */
  readonly lengths?: readonly number[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Whole numbers, row by row. Default: with cross-entropy, random classes. */
  readonly labels?: readonly number[];
  /** Whether the file has h0, and of LSTMs c0. Default: true. */
  readonly states?: boolean;
}

/** I = 2·H, so that the kernels of both layers have one shape if both are bidirectional. */
const SIZES = { T: 3, B: 3, I: 4, C: 4 } as const;

/** Blocks of H columns in a kernel. */
const BLOCKS = { lstm: 4, gru: 3, rnn: 1 } as const;

/** The inputs of a comparison, without results. Its layers have numbers. */
export function randomInputs(seed: number, options: InputOptions = {}): Safetensors {
  const { hidden = [2, 2], bidirectional = true, lengths, labels, states = true, cell = 'lstm' } = options;
  const metadata: InputOptions['metadata'] = { ...options.metadata, ...(cell !== 'lstm' && { cell }) };
  const blocks = BLOCKS[cell];
  const { T, B, I, C } = SIZES;
  const random = new Random(seed);
  const normal = (...shape: number[]): StoredTensor =>
    stored(
      Float64Array.from({ length: shape.reduce((size, extent) => size * extent, 1) }, () => random.normal(0, 0.7)),
      shape,
    );
  const directions = bidirectional ? ['', '.reverse'] : [''];
  const tensors: Tensors = new Map([['x', normal(T, B, I)]]);
  hidden.forEach((H, n) => {
    const inputs = n === 0 ? I : hidden[n - 1] * directions.length;
    for (const direction of directions) {
      tensors.set(`kernel.${n}${direction}`, normal(inputs + H, blocks * H));
      tensors.set(`bias.${n}${direction}`, normal(blocks * H));
      if (cell === 'gru') tensors.set(`recurrentBias.${n}${direction}`, normal(blocks * H));
    }
  });
  const [H] = hidden.slice(-1);
  tensors.set('outKernel', normal(directions.length * H, C)).set('outBias', normal(C));
  if (states) {
    for (const name of cell === 'lstm' ? ['h0', 'c0'] : ['h0'])
      tensors.set(name, normal(hidden.length * directions.length, B, H));
  }
  const rows = metadata.reads === 'every' ? [T, B] : [B];
  if (metadata.loss === 'squaredError') tensors.set('targets', normal(...rows, C));
  else {
    const count = rows.reduce((product, extent) => product * extent, 1);
    tensors.set('labels', whole(labels ?? Array.from({ length: count }, () => random.below(C)), rows));
  }
  if (lengths) tensors.set('lengths', whole(lengths, [B]));
  return { metadata: new Map(Object.entries(metadata)), tensors };
}

/** A tensor in I32. */
export const whole = (values: readonly number[], shape: readonly number[]): StoredTensor => ({
  dtype: 'I32',
  shape,
  bytes: new Uint8Array(Int32Array.from(values).buffer),
});

/*
 * A network of LSTMs, GRUs or RNNs as another program would compute it: one sequence after another, in plain arrays, with gradients
 * by central differences. It shares no code with src, and can make mistakes on purpose.
 */

/** What the program does wrong. Nothing by default. */
export interface Slip {
  /** The name of the weights, such as `.0.reverse`, that it uses in place of those of `suffix`. */
  readonly weights?: (suffix: string) => string;
  /** The index in h0 and c0 that it uses in place of `n`. */
  readonly state?: (n: number) => number;
  /** The reverse direction's outputs stand before the forward ones. */
  readonly reverseFirst?: boolean;
  /** The forward direction reads from the end, and the reverse one from the start. */
  readonly fromEnd?: boolean;
  /** The reverse direction's outputs stay in processing order. */
  readonly notTurnedBack?: boolean;
  /** The output layer reads the reverse direction's state after its first step. */
  readonly readsFirst?: boolean;
  /** The cells run to the last step; the loss knows the lengths. */
  readonly readsPadding?: boolean;
  readonly ignoresLengths?: boolean;
  /** The loss counts the padding, with h = 0. */
  readonly countsPadding?: boolean;
  /** A factor of the loss, from the number of rows that count. */
  readonly factor?: (count: number) => number;
  /** Whether the factor is in the gradients only. */
  readonly onlyGradients?: boolean;
  /** A GRU: z takes in, and 1-z keeps. */
  readonly zTakesIn?: boolean;
  /** A GRU: r multiplies hPrev, before the product with n's weights. */
  readonly resetsBefore?: boolean;
}

type Vector = readonly number[];
interface States {
  readonly h: readonly Vector[];
  readonly c: readonly Vector[];
}

/** The results of a file's problem, for every input of it. The file's layers have numbers. */
export function networkResults({ metadata, tensors }: Safetensors, slip: Slip = {}): Tensors {
  const inputs = new Map(
    [...tensors].filter(([, { dtype }]) => dtype === 'F64').map(([name, t]) => [name, numbers(t)]),
  );
  const whole = (name: string): number[] | undefined => {
    const found = tensors.get(name);
    return found && [...new Int32Array(new Uint8Array(found.bytes).buffer)];
  };
  const shape = (name: string): readonly number[] => tensors.get(name)!.shape;
  const [T, B, I] = shape('x');
  const C = shape('outBias')[0];
  const layers: string[][] = [];
  for (let n = 0; tensors.has(`kernel.${n}`); n++)
    layers.push([`.${n}`, `.${n}.reverse`].filter((suffix) => tensors.has(`kernel${suffix}`)));
  const suffixes = layers.flat();
  const kind = (metadata.get('cell') ?? 'lstm') as 'lstm' | 'gru' | 'rnn';
  const hidden = (suffix: string): number => shape(`bias${suffix}`)[0] / BLOCKS[kind];
  const every = metadata.get('reads') === 'every';
  const forgetBias = Number(metadata.get('forgetBias') ?? 1);
  const lengths = (slip.ignoresLengths ? undefined : whole('lengths')) ?? Array<number>(B).fill(T);
  const labels = whole('labels');

  const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

  /** All states of a cell, in processing order; the initial state is not among them. */
  function cell(sequence: readonly Vector[], suffix: string, b: number): States {
    const H = hidden(suffix);
    const from = slip.weights?.(suffix) ?? suffix;
    const [kernel, bias] = [inputs.get(`kernel${from}`)!, inputs.get(`bias${from}`)!];
    const n = suffixes.indexOf(suffix);
    const start = ((slip.state?.(n) ?? n) * B + b) * H;
    const initial = (name: string): Vector => [
      ...(inputs.get(name)?.subarray(start, start + H) ?? new Float64Array(H)),
    ];
    let [h, c] = [initial('h0'), initial('c0')];
    const all: { h: Vector[]; c: Vector[] } = { h: [], c: [] };
    /** bias + values·rows of the kernel, from row `first`. */
    const sums = (bias: ArrayLike<number>, values: Vector, first: number): number[] => {
      const columns = bias.length;
      return Array.from(bias, (value, k) =>
        values.reduce((sum, one, row) => sum + one * kernel[(first + row) * columns + k], value),
      );
    };
    for (const x of sequence) {
      const [ofX, I] = [sums(bias, x, 0), x.length];
      if (kind === 'gru') {
        const recurrentBias = inputs.get(`recurrentBias${from}`)!;
        const ofH = sums(recurrentBias, h, I);
        const gate = (k: number): number => sigmoid(ofX[k] + ofH[k]);
        const reset = sums(
          recurrentBias,
          h.map((one, k) => gate(k) * one),
          I,
        );
        h = h.map((old, k) => {
          const ofN = slip.resetsBefore ? reset[2 * H + k] : gate(k) * ofH[2 * H + k];
          const [n, z] = [Math.tanh(ofX[2 * H + k] + ofN), gate(H + k)];
          return slip.zTakesIn ? z * n + (1 - z) * old : (1 - z) * n + z * old;
        });
      } else {
        const z = sums(ofX, h, I);
        if (kind === 'rnn') h = z.map(Math.tanh);
        else {
          c = c.map((old, k) => sigmoid(z[k]) * Math.tanh(z[H + k]) + sigmoid(z[2 * H + k] + forgetBias) * old);
          h = c.map((value, k) => sigmoid(z[3 * H + k]) * Math.tanh(value));
        }
      }
      all.h.push(h);
      all.c.push(c);
    }
    return all;
  }

  function topLayer(b: number): { states: States; last: Vector } {
    const length = slip.readsPadding ? T : lengths[b];
    const x = inputs.get('x')!;
    let sequence: Vector[] = Array.from({ length }, (_, t) => [...x.subarray((t * B + b) * I, (t * B + b + 1) * I)]);
    let [states, last]: [States, Vector] = [{ h: [], c: [] }, []];
    const beside = (parts: readonly Vector[]): Vector => (slip.reverseFirst ? [...parts].reverse() : parts).flat();
    for (const layer of layers) {
      const directions = layer.map((suffix, n) => {
        const isReverse = (n === 1) !== (slip.fromEnd ?? false);
        const all = cell(isReverse ? [...sequence].reverse() : sequence, suffix, b);
        const isFirst = n === 1 && slip.readsFirst;
        const read = all.h[isFirst ? 0 : length - 1];
        const isBack = isReverse && !slip.notTurnedBack;
        return { h: isBack ? [...all.h].reverse() : all.h, c: isBack ? [...all.c].reverse() : all.c, read };
      });
      const at = (t: number, key: 'h' | 'c'): Vector => beside(directions.map((one) => one[key][t]));
      sequence = sequence.map((_, t) => at(t, 'h'));
      states = { h: sequence, c: sequence.map((_, t) => at(t, 'c')) };
      last = beside(directions.map(({ read }) => read));
    }
    return { states, last };
  }

  const dense = (state: Vector | undefined): Vector =>
    Array.from(inputs.get('outBias')!, (value, k) =>
      (state ?? []).reduce((sum, one, row) => sum + one * inputs.get('outKernel')![row * C + k], value),
    );

  const lossOf = (logits: Vector, row: number): number => {
    const targets = inputs.get('targets')?.subarray(row * C, (row + 1) * C);
    if (targets) return logits.reduce((sum, value, k) => sum + (value - targets[k]) ** 2, 0) / C;
    return Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0)) - logits[labels![row]];
  };

  function forward() {
    const tops = Array.from({ length: B }, (_, b) => topLayer(b));
    const width = shape('outKernel')[0];
    const perStep = (value: (t: number, b: number) => Vector): Float64Array =>
      Float64Array.from(Array.from({ length: T * B }, (_, row) => value(Math.floor(row / B), row % B)).flat());
    const padded = (key: 'h' | 'c') =>
      perStep((t, b) => (t < lengths[b] ? tops[b].states[key][t] : Array<number>(width).fill(0)));
    let [sum, count] = [0, 0];
    const logits = Array.from({ length: every ? T * B : B }, (_, row) => {
      const [t, b] = [Math.floor(row / B), row % B];
      const isInside = !every || t < lengths[b];
      const z = every ? dense(isInside ? tops[b].states.h[t] : undefined) : dense(tops[row].last);
      if ((isInside || slip.countsPadding) && (!labels || labels[row] >= 0)) {
        sum += lossOf(z, row);
        count++;
      }
      return z;
    });
    const factor = slip.factor?.(count) ?? 1;
    return { loss: sum / count, factor, logits: Float64Array.from(logits.flat()), h: padded('h'), c: padded('c') };
  }

  const { loss, factor, logits, h, c } = forward();
  const width = shape('outKernel')[0];
  const results: Tensors = new Map([
    ['loss', stored(Float64Array.of(slip.onlyGradients ? loss : factor * loss), [])],
    ['logits', stored(logits, every ? [T, B, C] : [B, C])],
    ['h', stored(h, [T, B, width])],
  ]);
  if (kind === 'lstm') results.set('c', stored(c, [T, B, width]));
  const STEP = 1e-5;
  for (const [name, values] of inputs) {
    const gradient = Float64Array.from(values, (value, n) => {
      if (!Number.isFinite(value)) return 0;
      const [above, below] = [STEP, -STEP].map((step) => {
        values[n] = value + step;
        return forward().loss;
      });
      values[n] = value;
      return (factor * (above - below)) / (2 * STEP);
    });
    results.set(`d.${name}`, stored(gradient, shape(name)));
  }
  return results;
}

export const backend = createReferenceBackend({ dtype: 'f64' });
export const compare = (file: Safetensors, tolerance = 1e-4): Promise<Comparison> =>
  compareFile(backend, file, tolerance, 'f');

/** A file with the results of a program that makes the mistake. */
export function fileOf(options: InputOptions, slip: Slip = {}): Safetensors {
  const inputs = randomInputs(7, options);
  return changed(inputs, (tensors) => networkResults(inputs, slip).forEach((one, name) => tensors.set(name, one)));
}

/** The weights of the other direction. */
export const other = (suffix: string): string =>
  suffix.endsWith('.reverse') ? suffix.replace('.reverse', '') : `${suffix}.reverse`;
