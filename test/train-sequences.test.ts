/** Training and evaluation on sequences of every kind: what counts, what does not, and how batches are filled. */
import { createReferenceBackend } from '../kernels/reference/index.js';
import type { Sequences } from '../src/data/sequences.js';
import { Network } from '../src/network.js';
import { valuesByName } from '../src/parameters.js';
import { Random } from '../src/rng.js';
import type { Tensor } from '../src/tensor.js';
import { copyInto, tensorFrom, valuesOf, zeros } from '../src/tensor.js';
import { evaluate } from '../src/training/evaluate.js';
import { train } from '../src/training/loop.js';
import type { TrainOptions } from '../src/training/options.js';
import { TUTORIAL } from '../src/training/options.js';
import type { Line } from '../src/training/run.js';
import { Training } from '../src/training/run.js';
import type { Kind } from './helpers/small-sequences.js';
import { KINDS, sliceSequences, smallSequences, STEPS } from './helpers/small-sequences.js';

const OPTIONS = { hidden: 6, batchSize: 8, learningRate: 0.03, trainingIters: 8 * 60 };
const COUNT = 21; // the last batch of an evaluation is not full

const backend = createReferenceBackend();
const trained = (data: Sequences, options: Partial<TrainOptions> = {}): Promise<Network> =>
  train(backend, data, { ...OPTIONS, ...options });
const weightsOf = ({ parameters }: Network): Float64Array[] => parameters.map(({ value }) => valuesOf(value));

describe.each(KINDS)('sequences of $inputs with $answers, reads $reads, $ends', (kind) => {
  const data = smallSequences(kind, COUNT);
  let network: Network;
  beforeAll(async () => (network = await trained(data)));
  afterAll(() => network.dispose());

  test('training lowers the loss', async () => {
    const untrained = await trained(data, { trainingIters: 1 });
    const [before, after] = [await evaluate(untrained, data), await evaluate(network, data)];
    expect(before.loss).toBeGreaterThan(0.1);
    expect(after.loss).toBeLessThan(before.loss / 2);
    if (kind.answers === 'labels') expect(after.accuracy).toBeGreaterThan(0.7);
    else expect(after.accuracy).toBeNaN();
  });

  test('an evaluation in batches gives what each sequence alone gives', async () => {
    const whole = await evaluate(network, data);
    const one = new Network(backend, network.network, { T: STEPS, B: 1 });
    one.load(valuesByName(network.parameters));
    const sums = { loss: 0, right: 0, count: 0 };
    const rows = whole.correct.length / COUNT;
    for (let n = 0; n < COUNT; n++) {
      const alone = sliceSequences(data, n, n + 1);
      const [correct, predicted] = [whole.correct, whole.predicted].map((list) => [...list.subarray(n * rows, (n + 1) * rows)]);
      if (nothingCounts(alone)) {
        expect([correct, predicted]).toEqual([correct.map(() => 0), predicted.map(() => -1)]);
        continue;
      }
      const { loss, accuracy, count, ...lists } = await evaluate(one, alone);
      expect([[...lists.correct], [...lists.predicted]]).toEqual([correct, predicted]);
      sums.loss += loss * count;
      sums.right += Math.round(accuracy * count);
      sums.count += count;
    }
    one.dispose();
    expect(whole.count).toBe(sums.count);
    expect(whole.count).toBe(rowsThatCount(data));
    expect(whole.loss).toBeCloseTo(sums.loss / sums.count, 12);
    if (kind.answers === 'labels') expect(whole.accuracy).toBe(sums.right / sums.count);
  });

  test('what stands beyond the ends changes no bit of a run', async () => {
    expect(weightsOf(await trained(withoutRubbish(data)))).toEqual(weightsOf(network));
  });
});

const lengthOf = ({ x, lengths }: Sequences, n: number): number => lengths?.[n] ?? x.shape[1];

/** Counted here in another way: row by row. */
function rowsThatCount(data: Sequences): number {
  const { x, labels, targets } = data;
  const [count, T] = x.shape;
  const isEvery = targets ? targets.dimension === 3 : labels!.length > count;
  let rows = 0;
  for (let n = 0; n < count; n++) {
    for (let t = 0; t < (isEvery ? T : 1); t++) {
      if ((!isEvery || t < lengthOf(data, n)) && (!labels || labels[isEvery ? n * T + t : n] >= 0)) rows++;
    }
  }
  return rows;
}

const nothingCounts = (data: Sequences): boolean => rowsThatCount(data) === 0;

/** The same sequences with zeros beyond their ends. */
function withoutRubbish(data: Sequences): Sequences {
  const { x, labels, targets } = data;
  const [count, T] = x.shape;
  const isBeyond = (n: number, t: number): boolean => t >= lengthOf(data, n);
  const cleaned = (tensor: Tensor): Tensor => {
    const clean = zeros(tensor.shape);
    copyInto(clean, tensor);
    for (let n = 0; n < count; n++) {
      for (let t = 0; t < T; t++) if (isBeyond(n, t)) valuesOf(clean.pick(n, t)).forEach((_, i) => clean.set(n, t, i, 0));
    }
    return clean;
  };
  const isEvery = labels && labels.length > count;
  return {
    ...data,
    x: cleaned(x),
    ...(targets?.dimension === 3 && { targets: cleaned(targets) }),
    ...(isEvery && { labels: Array.from(labels, (label, n) => (isBeyond(Math.floor(n / T), n % T) ? 0 : label)) }),
  };
}

const LABELLED: Kind = { inputs: 'numbers', answers: 'labels', reads: 'last', ends: 'one length' };

test.each(['an Array', 'an Int8Array', 'a Float64Array'])('labels can be %s', async (name) => {
  const data = smallSequences(LABELLED, COUNT);
  const labels = { 'an Array': Array.from, 'an Int8Array': Int8Array.from, 'a Float64Array': Float64Array.from } as const;
  const make = labels[name as keyof typeof labels] as (values: ArrayLike<number>) => ArrayLike<number>;
  const expected = weightsOf(await trained(data));
  expect(weightsOf(await trained({ ...data, labels: make.call(globalThis[name.split(' ')[1] as 'Array'], data.labels!) }))).toEqual(expected);
});
