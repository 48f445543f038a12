/** A network: its sizes, its batches and what counts in them, its states, its memory, and the errors for wrong ones. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { DataError, OutOfMemoryError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { copyInto, fill, rowsOf, tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { assertClassesFit, completeConfig, networkParameterShapes } from '../../src/network/config.js';
import { allocateLstm, bindLstm } from '../../src/equations/lstm-tensors.js';
import { lstmForward } from '../../src/equations/lstm.js';
import { Model } from '../../src/network/model.js';
import type { Batch, BatchInputs } from '../../src/network/network.js';
import { Network } from '../../src/network/network.js';
import { valuesByName } from '../../src/network/parameters.js';
import type { Targets } from '../../src/network/targets.js';
import { countingBackend } from '../helpers/counting-backend.js';
import { failureOf } from '../helpers/failures.js';
import { fillNormal } from '../helpers/random-model.js';

const backend = createReferenceBackend({ dtype: 'f64' });

const STACK: NetworkConfig = {
  inputs: 2,
  layers: [{ hidden: 3, bidirectional: true }, { hidden: 4 }],
  outputs: 3,
  reads: 'every',
  dropout: 0.5,
};

/** A network with random parameters, initial states and x. */
function randomNetwork(sizes: NetworkConfig, { T = 4, B = 2 } = {}): Network {
  const network = new Network(backend, sizes, { T, B }, { inputGradient: true });
  fillNormal(Object.values(valuesByName(network.parameters)));
  fillNormal(network.layers.flat().flatMap(({ initial }) => [initial.h, initial.c]));
  if (network.config.inputKind === 'numbers') fillNormal([network.activations.x]);
  return network;
}

const tensor = (values: readonly number[], ...shape: number[]): Tensor => tensorFrom(values, shape, 'f64');

describe('sizes', () => {
  test('defaults are filled in', () => {
    expect(completeConfig({ inputs: 2, layers: [{ hidden: 3 }], outputs: 4 })).toEqual({
      inputs: 2,
      layers: [{ hidden: 3, bidirectional: false, projection: 0, bias: true }],
      outputs: 4,
      inputKind: 'numbers',
      loss: 'crossEntropy',
      delta: 1,
      quantiles: [],
      reads: 'last',
      dropout: 0,
      forgetBias: 1,
      classNames: [],
    });
  });
  /** The parameters of a layer in both directions. */
  const BOTH = { 'kernel.0': [5, 12], 'bias.0': [12], 'kernel.0.reverse': [5, 12], 'bias.0.reverse': [12] };

  test.each<[NetworkConfig['layers'], Record<string, number[]>]>([
    [[{ hidden: 3 }], { kernel: [5, 12], bias: [12], outKernel: [3, 4], outBias: [4] }],
    [[{ hidden: 3, bidirectional: true }], { ...BOTH, outKernel: [6, 4], outBias: [4] }],
    [
      [{ hidden: 3, bidirectional: true }, { hidden: 1 }],
      { ...BOTH, 'kernel.1': [7, 4], 'bias.1': [4], outKernel: [1, 4], outBias: [4] },
    ],
    [
      [
        { hidden: 3, projection: 2 },
        { hidden: 1, bias: false },
      ],
      {
        'kernel.0': [4, 12],
        'bias.0': [12],
        'projection.0': [3, 2],
        'kernel.1': [3, 4],
        outKernel: [1, 4],
        outBias: [4],
      },
    ],
  ])('layers %j have the parameters %j', (layers, shapes) => {
    const network = { inputs: 2, layers, outputs: 4 };
    expect(Object.entries(networkParameterShapes(network))).toEqual(Object.entries(shapes));
    expect(Object.entries(networkParameterShapes(completeConfig(network)))).toEqual(Object.entries(shapes));
  });
  test.each<[object, string]>([
    [{ inputs: 0 }, 'network: inputs is 0: must be a whole number ≥ 1'],
    [{ outputs: 1.5 }, 'network: outputs is 1.5: must be a whole number ≥ 1'],
    [{ layers: [] }, 'network: layers is an Array: must be a list of one layer or more'],
    [{ layers: { hidden: 3 } }, 'network: layers is an Object: must be a list of one layer or more'],
    [{ layers: [3] }, 'network: layers[0]: 3: must be an object'],
    [{ layers: [{ hidden: 3 }, {}] }, 'network: layers[1]: hidden is undefined: must be a whole number ≥ 1'],
    [{ layers: [{ hidden: 3, bidirectonal: true }] }, 'network: layers[0]: bidirectonal: unknown option'],
    [{ layers: [{ hidden: 3, bidirectional: 1 }] }, 'network: layers[0]: bidirectional 1: must be a boolean'],
    [
      { outputs: 2 ** 24 + 1 },
      'network: outputs is 16777217 classes: must be at most 16777216, which f32 can tell apart',
    ],
    [{ inputs: 2 ** 24 + 1, inputKind: 'classes' }, 'network: inputs is 16777217 classes: must be at most 16777216'],
    [
      { loss: 'mse' },
      'network: loss is "mse": must be one of crossEntropy, squaredError, absoluteError, huber, pinball',
    ],
    [{ reads: 'all' }, 'network: reads is "all": must be one of last, every'],
    [{ inputKind: 'words' }, 'network: inputKind is "words": must be one of numbers, classes'],
    [{ dropout: 1 }, 'network: dropout is 1: must be in 0 … 0.99'],
    [{ dropout: -0.1 }, 'network: dropout is -0.1: must be in 0 … 0.99'],
    [{ dropout: NaN }, 'network: dropout is NaN: must be in 0 … 0.99'],
    [{ dropout: 0.5 }, 'network: dropout is 0.5: must be 0 with one layer: it drops numbers between two layers'],
    [{ forgetBias: Infinity }, 'network: forgetBias is Infinity: must be finite'],
    [{ hidden: 3 }, 'network: hidden: unknown option'],
  ])('%j are refused', (change, message) => {
    const sizes = { inputs: 2, layers: [{ hidden: 3 }], outputs: 4, ...change } as NetworkConfig;
    expect(() => new Network(createReferenceBackend(), sizes, { T: 2, B: 2 })).toThrow(message);
  });

  test('more numbers than f32 has class indices may be read and predicted, and f64 has more of these', () => {
    const layers = [{ hidden: 1, bidirectional: false, projection: 0, bias: true }];
    const classes = { ...completeConfig({ inputs: 2 ** 25, outputs: 2 ** 25, layers }), inputKind: 'classes' } as const;
    expect(() => assertClassesFit(classes, backend)).not.toThrow();
    const numbers = { ...classes, inputKind: 'numbers', loss: 'squaredError' } as const;
    expect(() => assertClassesFit(numbers, createReferenceBackend())).not.toThrow();
  });
});

test('a network, a model and an LSTM keep their sizes and lists, though the caller changes the given objects', () => {
  const sizes = { T: 4, B: 2, I: 2, H: 3, C: 3 };
  const config = { inputs: 2, layers: [{ hidden: 3 }], outputs: 3 };
  const lstm = allocateLstm(backend, sizes);
  const inputs = [lstm.x];
  const bound = bindLstm(sizes, { ...lstm, inputs, dInputs: [] });
  const owners = [new Network(backend, config, sizes), new Model(backend, sizes), lstm, bound];
  const before = owners.map((owner) => ({ ...owner.sizes }));
  Object.assign(sizes, { T: 7, B: 9, H: 1 });
  config.layers[0].hidden = 5;
  inputs.push(lstm.x);
  expect(owners.map((owner) => owner.sizes)).toEqual(before);
  expect(bound.inputs).toEqual([lstm.x]);
  for (const owner of owners.slice(0, 2) as Network[]) {
    owner.setBatch({ x: zeros([4, 2, 2], 'f64'), labels: [0, 1] });
    owner.forward();
    owner.backward();
  }
});

test('a network of one layer computes the bits of a Model', () => {
  const model = new Model(backend, { T: 4, B: 2, I: 2, H: 3, C: 3 });
  const network = randomNetwork({ inputs: 2, layers: [{ hidden: 3 }], outputs: 3 });
  model.load(valuesByName(network.parameters));
  for (const name of ['h', 'c'] as const) copyInto(model.lstm.initial[name], network.layers[0][0].initial[name]);
  for (const each of [model, network]) {
    each.setBatch({ x: network.activations.x, labels: [2, 0] });
    each.forward();
    each.backward();
  }
  expect(model.parameters.map(({ gradient }) => valuesOf(gradient))).toEqual(
    network.parameters.map(({ gradient }) => valuesOf(gradient)),
  );
});

describe('a batch', () => {
  const CLASSIFIER: NetworkConfig = { inputs: 2, layers: [{ hidden: 3 }], outputs: 3 };
  const EVERY: NetworkConfig = { ...CLASSIFIER, reads: 'every' };
  const ERROR: NetworkConfig = { ...EVERY, loss: 'squaredError' };
  const x = zeros([2, 2, 2], 'f64');

  test.each<[NetworkConfig, Partial<BatchInputs & Targets>, string]>([
    [CLASSIFIER, { x: zeros([2, 2, 3], 'f64'), labels: [0, 1] }, 'setBatch: x [2,2,3] must be [2,2,2]'],
    [CLASSIFIER, {}, 'labels: none given, but 2 rows have a loss'],
    [CLASSIFIER, { labels: [0] }, 'labels: 1 given, but 2 rows have a loss'],
    [EVERY, { labels: [0, 1] }, 'labels: 2 given, but 4 rows have a loss'],
    [CLASSIFIER, { labels: [0, 3] }, 'labels[1] is 3: must be a class 0…2, or -1'],
    [CLASSIFIER, { labels: [-2, 1] }, 'labels[0] is -2: must be a class 0…2, or -1'],
    [CLASSIFIER, { labels: [0.5, 1] }, 'labels[0] is 0.5: must be a class 0…2, or -1'],
    [CLASSIFIER, { labels: [-1, -1] }, 'labels: each of the 2 is -1 or beyond its sequence’s end: nothing counts'],
    [EVERY, { labels: [-1, -1, 0, 1], lengths: [1, 1] }, 'beyond its sequence’s end: nothing counts'],
    [CLASSIFIER, { labels: [0, 1], lengths: [3, 2] }, 'lengths[0] is 3: must be a whole number in 1…2'],
    [ERROR, {}, 'targets: none given, but the loss is squaredError: they must be [2,2,3]'],
    [ERROR, { labels: [0, 1] }, 'labels: given, but the loss is squaredError: give targets'],
    [CLASSIFIER, { labels: [0, 1], targets: zeros([7]) }, 'targets: given, but the loss is crossEntropy: give labels'],
    [ERROR, { targets: zeros([2, 3], 'f64') }, 'setBatch: targets [2,3] must be [2,2,3]'],
    [ERROR, { targets: [0, 1] }, 'setBatch: targets [2] must be [2,2,3]'],
    [ERROR, { targets: 'none' as never }, 'targets is "none": must be a tensor of f32 or f64'],
    [CLASSIFIER, { x: undefined as never, labels: [0, 1] }, 'setBatch: x is undefined: must be a tensor'],
    [
      CLASSIFIER,
      { labels: [0, 1], length: [2, 1] } as never,
      'setBatch: length: unknown option; did you mean lengths?',
    ],
    [
      { ...CLASSIFIER, inputKind: 'classes' },
      { x: tensor([0, 1, 2, 0], 2, 2), labels: [0, 1] },
      'x[1,0] is 2: must be a class 0…1',
    ],
  ])('%#: is refused if its shape, labels, targets, lengths or classes are wrong', (sizes, batch, message) => {
    const network = new Network(backend, sizes, { T: 2, B: 2 });
    const held = (['x', 'y'] as const).map((name) => network.activations[name]);
    for (const tensor of held) fill(tensor, 0.25);
    expect(() => network.setBatch({ x, ...batch } as Batch)).toThrow(message);
    for (const tensor of held) expect([...valuesOf(tensor)].every((value) => value === 0.25)).toBe(true); // the last batch
  });

  describe('in lists, and with the batch as its first axis', () => {
    const [T, B] = [3, 2];
    const lengths = [3, 2];
    const numbersOf = (C: number) =>
      Array.from({ length: T }, (_, t) =>
        Array.from({ length: B }, (_, b) => Array.from({ length: C }, (_, k) => 9 * t + 3 * b + k)),
      );
    const exchanged = <One>(lists: One[][]): One[][] => lists[0].map((_, b) => lists.map((list) => list[b]));
    const xs = numbersOf(2);
    const labels = [
      [0, 1],
      [2, 0],
      [1, -1],
    ];
    const held = (network: Network) => [valuesOf(network.activations.x), valuesOf(network.activations.y)];
    const after = (config: NetworkConfig, batch: Batch) => {
      const network = new Network(backend, config, { T, B });
      network.setBatch(batch);
      return held(network);
    };
    const x = tensor(xs.flat(2), T, B, 2);
    const batchFirst = { x: exchanged(xs), layout: 'batch-first', lengths } as const;

    test('labels of steps', () => {
      const expected = after(EVERY, { x, lengths, labels: labels.flat() });
      const swapped = exchanged(labels);
      const given: Batch[] = [
        { x: xs, lengths, labels },
        { x: xs.map((rows) => rows.map((row) => Float32Array.from(row))), lengths, labels: labels.flat() },
        { ...batchFirst, labels: swapped },
        { ...batchFirst, labels: Int32Array.from(swapped.flat()) },
        { ...batchFirst, x: tensor(exchanged(xs).flat(2), B, T, 2), labels: swapped },
      ];
      for (const batch of given) expect(after(EVERY, batch)).toEqual(expected);
      expect(after(CLASSIFIER, { ...batchFirst, labels: [2, 1] })).toEqual(after(CLASSIFIER, { x, labels: [2, 1] }));
    });

    test('targets of steps, of sequences, and class indices', () => {
      const targets = numbersOf(3);
      targets[1][1][2] = NaN; // does not count
      const expected = after(ERROR, { x, lengths, targets: tensor(targets.flat(2), T, B, 3) });
      for (const batch of [
        { x: xs, lengths, targets },
        { ...batchFirst, targets: exchanged(targets) },
        { x, lengths, targets: tensor(exchanged(targets).flat(2), B, T, 3).transpose(1, 0, 2) }, // a view with strides
      ]) {
        expect(after(ERROR, batch)).toEqual(expected);
      }
      const column: NetworkConfig = { ...CLASSIFIER, outputs: 1, loss: 'squaredError' };
      const expectedColumn = after(column, { x, targets: tensor([5, 6], 2, 1) });
      for (const one of [[5, 6], [[5], [6]], Float32Array.of(5, 6)]) {
        expect(after(column, { x: xs, targets: one })).toEqual(expectedColumn);
      }
      const indices = [
        [0, 1],
        [1, 1],
        [0, 77],
      ];
      const reader: NetworkConfig = { ...CLASSIFIER, inputKind: 'classes' };
      const byIndex = after(reader, { x: indices, labels: [0, 1], lengths });
      expect(byIndex[0]).toEqual(Float64Array.of(0, 1, 1, 1, 0, 77));
      expect(after(reader, { ...batchFirst, x: exchanged(indices), labels: [0, 1] })).toEqual(byIndex);
    });

    test.each<[NetworkConfig, object, string]>([
      [
        EVERY,
        { x: exchanged(xs) },
        "setBatch: x [2,3,2] must be [3,2,2]; it is [B,T,…], not [T,B,…]: pass layout: 'batch-first'",
      ],
      [
        EVERY,
        { layout: 'batch-first' },
        "setBatch: x [3,2,2] must be [2,3,2]; it is [T,B,…], not [B,T,…]: leave out layout: 'batch-first'",
      ],
      [EVERY, { labels: exchanged(labels) }, 'setBatch: labels [2,3] must be [3,2]; it is [B,T,…], not [T,B,…]'],
      [
        ERROR,
        { labels: undefined, targets: exchanged(numbersOf(3)) },
        'setBatch: targets [2,3,3] must be [3,2,3]; it is [B,T,…]',
      ],
      [
        { ...CLASSIFIER, inputKind: 'classes' },
        {
          x: [
            [0, 1, 1],
            [1, 0, 0],
          ],
          labels: [0, 1],
        },
        'setBatch: x [2,3] must be [3,2]; it is',
      ],
      [EVERY, { layout: 'batch' }, 'setBatch: layout "batch": must be one of time-first, batch-first'],
      [EVERY, { batch_first: true }, 'setBatch: batch_first: unknown option; did you mean layout?'],
      [
        EVERY,
        {
          ...batchFirst,
          labels: [
            [0, 1, 5],
            [0, 1, 1],
          ],
        },
        'labels[2] is 5: must be a class 0…2, or -1',
      ],
      [
        EVERY,
        {
          ...batchFirst,
          x: [
            [
              [1, 2],
              [3, NaN],
              [5, 6],
            ],
            xs[1].concat(xs[0]).slice(0, 3),
          ],
        },
        'setBatch: x[0,1,1] is NaN: must be a finite',
      ],
      [EVERY, { x: [[[1, 2], [3]], xs[1], xs[2]] }, 'setBatch: x[0][1] has 1 element: must have 2, as x[0][0] has'],
      [
        EVERY,
        {
          x: [
            [
              [1, 2],
              [3, '4'],
            ],
            xs[1],
            xs[2],
          ],
        },
        'setBatch: x[0][1][1] is "4": must be a number',
      ],
      [EVERY, { x: [[[1, 2], 3], xs[1], xs[2]] }, 'setBatch: x[0][1] is 3: must be a list, as x[0] is'],
      [EVERY, { x: [] }, 'setBatch: x is an empty list'],
      [EVERY, { x: [[], []] }, 'setBatch: x[0] is an empty list'],
    ])('%#: what is wrong is named as it was given', (config, batch, message) => {
      const network = new Network(backend, config, { T, B });
      expect(() => network.setBatch({ x: xs, labels, ...batch })).toThrow(message);
    });

    test('TypeScript refuses neither or both of labels and targets', () => {
      const network = new Network(backend, CLASSIFIER, { T, B });
      // @ts-expect-error: neither labels nor targets
      expect(() => network.setBatch({ x })).toThrow('labels: none given');
      // @ts-expect-error: both are given
      expect(() => network.setBatch({ x, labels: [0, 1], targets: [[1], [2]] })).toThrow('targets: given');
    });
  });

  test('labels beyond a sequence’s end and classes there are not looked at', () => {
    const network = randomNetwork({ ...EVERY, inputKind: 'classes' }, { T: 2, B: 2 });
    network.setBatch({ x: tensor([0, 1, 1, 77], 2, 2), labels: [0, 2, 1, 99], lengths: [2, 1] });
    network.forward();
    network.backward();
    expect(valuesOf(network.activations.y)).toEqual(Float64Array.of(0, 2, 1, -1));
    for (const { gradient } of network.parameters) expect(valuesOf(gradient).every(Number.isFinite)).toBe(true);
  });

  test('without lengths, every sequence has T steps again', () => {
    const [network, other] = [randomNetwork(STACK), randomNetwork(STACK)];
    const labels = [0, 1, 2, 0, 1, 2, 0, 1];
    network.setTargets({ labels, lengths: [3, 1] });
    network.forward();
    network.backward();
    for (const each of [network, other]) {
      each.setTargets({ labels });
      each.forward();
      each.backward();
    }
    for (const [n, { gradient }] of network.parameters.entries()) {
      expect(valuesOf(gradient)).toEqual(valuesOf(other.parameters[n].gradient));
    }
  });
});

describe('metrics', () => {
  test('count the rows that count, of the first sequences', async () => {
    const network = randomNetwork({ ...STACK, dropout: 0 }, { T: 2, B: 3 });
    network.setTargets({ labels: [0, 1, -1, 2, 2, 0], lengths: [2, 2, 1] }); // rows 2 and 5 do not count
    network.forward();
    const { losses, logits } = network.activations;
    const isRight = (row: number, label: number): number => {
      const scores = [...valuesOf(logits).subarray(3 * row, 3 * row + 3)];
      return Number(scores.indexOf(Math.max(...scores)) === label);
    };
    const all = await network.metrics();
    expect(all.loss).toBeCloseTo((losses.get(0) + losses.get(1) + losses.get(3) + losses.get(4)) / 4, 14);
    expect(all.accuracy).toBe((isRight(0, 0) + isRight(1, 1) + isRight(3, 2) + isRight(4, 2)) / 4);
    const first = await network.metrics(1);
    expect(first.loss).toBeCloseTo((losses.get(0) + losses.get(3)) / 2, 14);
    expect(first.accuracy).toBe((isRight(0, 0) + isRight(3, 2)) / 2);
  });
  test('belong to a batch that a forward pass has read', async () => {
    const network = randomNetwork(STACK);
    const uses = [
      () => network.metrics(),
      () => network.predictions(),
      () => network.states.final(),
      async () => network.backward(),
    ];
    const refused = async (): Promise<void> => {
      for (const use of uses)
        await expect(use()).rejects.toThrow('no forward pass has read this batch: call forward first');
    };
    network.setTargets({ labels: Array<number>(8).fill(1) });
    await refused();
    network.forward();
    for (const use of uses) await use();
    const { x } = network.activations;
    expect(() => network.setBatch({ x, labels: [99] })).toThrow(RangeError); // the batch stays
    for (const use of uses) await use();
    network.setTargets({ labels: Array<number>(8).fill(2) }); // the logits are still those of x
    await network.predictions();
    await network.states.final();
    network.backward();
    await expect(network.metrics()).rejects.toThrow('metrics: no forward pass has read this batch');
    network.forward();
    network.setBatch({ x, labels: Array<number>(8).fill(1) });
    await refused();
  });
  test('and so do gradients: a call that has changed what the pass read is named', async () => {
    const labels = Array<number>(8).fill(1);
    const network = randomNetwork({ ...STACK, layers: [{ hidden: 3 }, { hidden: 4 }] });
    network.setTargets({ labels });
    network.forward();
    const states = await network.states.final();
    const initial = Object.fromEntries(Object.entries(states).map(([name, state]) => [name.replace('n', '0'), state]));
    const saved = await network.save();
    const random = new Random(1);
    network.drawMasks(random);
    const calls: [string, () => void][] = [
      ['carryState', () => network.carryState()],
      ['resetState', () => network.resetState()],
      ['states.setInitial', () => network.states.setInitial(initial)],
      ['drawMasks', () => network.drawMasks(random)],
      ['load', () => network.load(saved)],
      ['initialise', () => network.initialise(random)],
      ['setTargets, with other lengths,', () => network.setTargets({ labels, lengths: [2, 4] })],
      ['setTargets, with other lengths,', () => network.setTargets({ labels })], // as at first
    ];
    for (const [name, call] of calls) {
      network.forward({ dropout: true });
      network.backward();
      call();
      expect(() => network.backward()).toThrow(
        new Error(`network: backward: ${name} has changed what the forward pass read: call forward first`),
      );
      await network.predictions(); // those of the last pass
    }
    network.forward();
    network.drawMasks(random); // a pass without dropout reads no masks
    expect(() => network.load({})).toThrow(RangeError); // refused: nothing changes
    expect(() => network.states.setInitial({})).toThrow(RangeError);
    network.setTargets({ labels: Array<number>(8).fill(2) });
    network.backward();
  });
  test('are 0 if nothing counts, and so is every gradient', async () => {
    const network = randomNetwork(STACK);
    network.setTargets({ labels: Array<number>(8).fill(-1) });
    network.forward();
    network.backward();
    expect(await network.metrics()).toEqual({ loss: 0, accuracy: 0, count: 0, divisor: 0 });
    const { B } = network.sizes;
    for (const count of [B + 1, -1, 0.5, NaN]) {
      await expect(network.metrics(count)).rejects.toThrow(
        new RangeError(`metrics: count ${count}: must be a whole number from 0 to ${B}`),
      );
    }
    const { size } = network.activations.losses;
    await expect(network.metrics(B, new Int32Array(size + 1))).rejects.toThrow(
      new RangeError(`metrics: ${size + 1} predictions, but the pass has ${size}, one for each loss`),
    );
    for (const { gradient } of network.parameters) {
      expect(new Set(valuesOf(gradient).map(Math.abs))).toEqual(new Set([0]));
    }
  });
  test('have no accuracy with the squared error', async () => {
    const network = randomNetwork({ ...STACK, loss: 'squaredError' });
    network.forward();
    expect(await network.metrics()).toEqual({
      loss: expect.any(Number) as number,
      accuracy: NaN,
      count: 8,
      divisor: 24,
    });
  });
});

describe('states', () => {
  const ONE_WAY: NetworkConfig = { ...STACK, layers: [{ hidden: 3 }, { hidden: 4 }] };

  test('two batches of T/2 that carry their states compute the bits of one batch of T', () => {
    const [whole, half] = [randomNetwork(ONE_WAY), randomNetwork(ONE_WAY, { T: 2 })];
    whole.forward();
    for (const from of [0, 2]) {
      copyInto(half.activations.x, rowsOf(whole.activations.x, from, from + 2));
      half.forward();
      expect(valuesOf(half.activations.logits)).toEqual(valuesOf(rowsOf(whole.activations.logits, from, from + 2)));
      half.carryState();
    }
    half.resetState();
    for (const { initial } of half.layers.flat()) {
      expect(new Set([...valuesOf(initial.h), ...valuesOf(initial.c)])).toEqual(new Set([0]));
    }
  });
  test('of a network with a bidirectional layer are not carried, and none changes', () => {
    const network = randomNetwork({ ...STACK, layers: [{ hidden: 3 }, { hidden: 2, bidirectional: true }] });
    network.forward();
    const before = valuesOf(network.layers[0][0].initial.h);
    expect(() => network.carryState()).toThrow(
      new Error(
        'network: carryState: layer 1 is bidirectional: it reads each sequence to its end, so it has no next batch',
      ),
    );
    expect(valuesOf(network.layers[0][0].initial.h)).toEqual(before);
  });
});

describe('sequences in any order', () => {
  const LENGTHS = [2, 4, 1, 3, 4];
  const ORDER = [1, 4, 3, 0, 2];
  const SIZES: NetworkConfig = { ...STACK, dropout: 0, layers: [{ hidden: 3, projection: 2 }, { hidden: 4 }] };
  const LABELS = Array.from({ length: 20 }, (_, row) => row % 3);
  const pickedFrom = <Value>(values: readonly Value[], order: readonly number[]): Value[] =>
    Array.from({ length: values.length / 5 }, (_, t) => order.map((b) => values[t * 5 + b])).flat();

  /** A network and its batch, and another one that gets the same batch sorted. */
  function pair() {
    const make = () => new Network(backend, SIZES, { T: 4, B: 5 }, { inputGradient: true });
    const [given, sorted] = [make(), make()];
    fillNormal(Object.values(valuesByName(given.parameters)));
    sorted.load(valuesByName(given.parameters));
    fillNormal([given.activations.x]);
    ORDER.forEach((b, n) => copyInto(sorted.activations.x.pick(null, n), given.activations.x.pick(null, b)));
    return { given, sorted };
  }
  const rowsOfSteps = (of: Tensor): number[][] => {
    const width = of.size / 20;
    return Array.from({ length: 20 }, (_, row) => [...valuesOf(of).subarray(row * width, (row + 1) * width)]);
  };

  test('give the results of the sorted batch, in the order of the batch', async () => {
    const { given, sorted } = pair();
    given.setTargets({ labels: LABELS, lengths: LENGTHS });
    sorted.setTargets({ labels: pickedFrom(LABELS, ORDER), lengths: ORDER.map((b) => LENGTHS[b]) });
    for (const each of [given, sorted]) {
      each.forward();
      each.backward();
    }
    expect([given.order, sorted.order]).toEqual([ORDER, [0, 1, 2, 3, 4]]);
    for (const name of ['logits', 'losses'] as const) {
      expect(pickedFrom(rowsOfSteps(given.activations[name]), ORDER)).toEqual(rowsOfSteps(sorted.activations[name]));
    }
    expect(pickedFrom(rowsOfSteps(given.dx), ORDER)).toEqual(rowsOfSteps(sorted.dx));
    expect(pickedFrom([...(await given.predictions())], ORDER)).toEqual([...(await sorted.predictions())]);
    const [finals, others] = [await given.states.final(), await sorted.states.final()];
    for (const [name, state] of Object.entries(finals)) {
      ORDER.forEach((b, n) => expect(valuesOf(state.pick(b))).toEqual(valuesOf(others[name].pick(n))));
    }
    expect((await given.metrics(2)).count).toBe(2 + 4); // the first two sequences of the batch
  });

  test('are moved by indices below B, which f32 holds for every T', () => {
    const largest: number[] = [];
    const recording: Backend = {
      ...backend,
      embeddingForward(out, a, indices, bias) {
        largest.push(Math.max(...valuesOf(indices)));
        backend.embeddingForward(out, a, indices, bias);
      },
    };
    const network = new Network(recording, SIZES, { T: 4, B: 5 }, { inputGradient: true });
    network.setTargets({ labels: LABELS, lengths: LENGTHS });
    network.forward();
    network.backward();
    expect([Math.max(...largest), largest.length > 4 * 3]).toEqual([4, true]);
  });

  test('are sorted in the LSTMs of `layers`, which a program can run itself', () => {
    const { given } = pair();
    given.setTargets({ labels: LABELS, lengths: LENGTHS });
    given.forward();
    const before = given.layers.flat().map(({ h }) => valuesOf(h));
    for (const lstm of given.layers.flat()) {
      fill(rowsOf(lstm.h, 1, 5), NaN);
      lstmForward(backend, lstm);
    }
    expect(given.layers.flat().map(({ h }) => valuesOf(h))).toEqual(before);
  });

  test('and then sorted ones: the same network computes both, again and again', () => {
    const { given, sorted } = pair();
    const losses = [LENGTHS, [4, 4, 3, 2, 1], LENGTHS].map((lengths) => {
      given.setTargets({ labels: LABELS, lengths });
      given.forward();
      return valuesOf(given.activations.losses);
    });
    copyInto(sorted.activations.x, given.activations.x);
    sorted.setTargets({ labels: LABELS, lengths: [4, 4, 3, 2, 1] });
    sorted.forward();
    expect(losses).toEqual([losses[0], valuesOf(sorted.activations.losses), losses[0]]);
    expect(losses[1]).not.toEqual(losses[0]);
  });

  test('keep their states when the order changes: those that were written and those that are carried', async () => {
    const { given } = pair();
    given.forward();
    const shapes = Object.entries(await given.states.final());
    const initial = shapes.map(([name, { shape }]) => {
      const rows = Array.from({ length: 5 * shape[1] }, (_, n) => Math.floor(n / shape[1])); // row b of every state is b
      return [name.replace('n', '0'), tensor(rows, ...shape)] as const;
    });
    given.states.setInitial(Object.fromEntries(initial));
    const initialRows = (): number[] => [...valuesOf(given.layers[0][0].initial.c.hi(5, 1))];
    given.setTargets({ labels: LABELS, lengths: LENGTHS });
    expect(initialRows()).toEqual(ORDER);
    given.setTargets({ labels: LABELS, lengths: [1, 2, 3, 4, 4] });
    expect(initialRows()).toEqual([3, 4, 2, 1, 0]);
    given.forward();
    const last = await given.states.final();
    given.backward();
    const gradients = await given.states.initialGradients();
    given.setTargets({ labels: LABELS }); // in another order than the pass
    expect([await given.states.final(), await given.states.initialGradients()]).toEqual([last, gradients]);
    given.carryState();
    expect(valuesOf(given.layers[1][0].initial.h)).toEqual(valuesOf(last['hn.1']));
  });

  test('need memory for copies: a batch that does not fit changes nothing', () => {
    const counting = countingBackend();
    const network = new Network(counting.backend, SIZES, { T: 4, B: 5 });
    const before = counting.held.size;
    const full = countingBackend({ fits: (_, tensors) => tensors.size < before + 9 });
    const other = new Network(full.backend, SIZES, { T: 4, B: 5 });
    other.setTargets({ labels: LABELS });
    for (let times = 0; times < 3; times++) {
      expect(() => other.setTargets({ labels: LABELS, lengths: LENGTHS })).toThrow(OutOfMemoryError);
    }
    expect([other.order, full.held.size]).toEqual([[0, 1, 2, 3, 4], before]);
    other.forward();
    network.setTargets({ labels: LABELS, lengths: LENGTHS });
    network.dispose();
    other.dispose();
    expect([counting.held.size, full.held.size]).toEqual([0, 0]);
  });
});

describe('the states of each layer', () => {
  test('of a Model get gradients from outside, too', async () => {
    const model = new Model(backend, { T: 3, B: 2, I: 2, H: 3, C: 2 }, { stateGradients: true });
    fillNormal([...model.parameters.map(({ value }) => value), model.activations.x]);
    model.setTargets({ labels: [0, 1] });
    const gradientsWith = async (value: number): Promise<Float64Array> => {
      const gradient = tensor(Array<number>(6).fill(value), 2, 3);
      model.states.setFinalGradients({ hn: gradient, cn: gradient });
      model.forward();
      model.backward();
      return valuesOf((await model.states.initialGradients()).c0);
    };
    expect(await gradientsWith(1)).not.toEqual(await gradientsWith(0));
  });

  test('are written and read by name; a missing or wrong one is refused, and nothing changes', async () => {
    const network = randomNetwork({ ...STACK, layers: [{ hidden: 3, projection: 2 }, { hidden: 4 }] });
    const before = valuesOf(network.layers[0][0].initial.c);
    const shapes = { 'h0.0': [2, 2], 'c0.0': [2, 3], 'h0.1': [2, 4], 'c0.1': [2, 4] };
    const states = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, zeros(shape, 'f64')]));
    const { 'c0.1': _, ...missing } = states;
    expect(() => network.states.setInitial(missing)).toThrow('setInitial: no tensor c0.1, only h0.0, c0.0, h0.1');
    expect(() => network.states.setInitial({ ...states, 'c0.1': zeros([2, 3]) })).toThrow(
      'setInitial: c0.1 [2,3] must be [2,4]',
    );
    expect(valuesOf(network.layers[0][0].initial.c)).toEqual(before);
    network.states.setInitial(states);
    network.forward();
    network.backward();
    expect(Object.keys(await network.states.final())).toEqual(['hn.0', 'cn.0', 'hn.1', 'cn.1']);
    const gradients = await network.states.initialGradients();
    expect(Object.fromEntries(Object.entries(gradients).map(([name, { shape }]) => [name, shape]))).toEqual(shapes);
    expect(() => network.states.setFinalGradients(states)).toThrow('make the network with { stateGradients: true }');
  });
});

test('what a caller gives may be the network’s own: states of another layer, rows of another order, y', () => {
  const two = randomNetwork({ ...STACK, layers: [{ hidden: 3 }, { hidden: 3 }] });
  const [[a], [b]] = two.layers;
  const swapped = { 'h0.0': b.initial.h, 'c0.0': b.initial.c, 'h0.1': a.initial.h, 'c0.1': a.initial.c };
  const values = () => [a.initial.h, a.initial.c, b.initial.h, b.initial.c].map(valuesOf);
  const [ha, ca, hb, cb] = values();
  two.states.setInitial(swapped);
  expect(values()).toEqual([hb, cb, ha, ca]);

  const sorted = randomNetwork({ inputs: 2, layers: [{ hidden: 1 }], outputs: 2 }, { B: 3 });
  const [[{ initial }]] = sorted.layers;
  sorted.setTargets({ labels: [0, 0, 0], lengths: [1, 3, 2] }); // the longest comes first
  initial.h.data.set([1, 2, 3]);
  sorted.states.setInitial({ h0: initial.h, c0: initial.c });
  expect(valuesOf(initial.h)).toEqual(Float64Array.of(2, 3, 1));

  const every = randomNetwork({ inputs: 2, layers: [{ hidden: 1 }], outputs: 7, reads: 'every' }, { T: 2, B: 3 });
  const { y } = every.activations;
  every.setTargets({ labels: [1, 2, 3, 4, 5, 6] });
  every.setTargets({ labels: y.data, layout: 'batch-first' });
  expect(valuesOf(y)).toEqual(Float64Array.of(1, 3, 5, 2, 4, 6));
  const errors = randomNetwork({ ...every.config, outputs: 1, loss: 'squaredError' }, { T: 2 });
  errors.setTargets({ targets: tensor([1, 2, 3, 4], 2, 2, 1) });
  errors.setTargets({ targets: errors.activations.y, layout: 'batch-first' });
  expect(valuesOf(errors.activations.y)).toEqual(Float64Array.of(1, 3, 2, 4));
});

describe('dropout', () => {
  test('needs masks, and its name: without them a pass is refused', () => {
    const network = randomNetwork(STACK);
    expect(() => network.forward({ dropout: true })).toThrow(
      'forward: dropout: no masks have been drawn: call drawMasks',
    );
    expect(() => network.forward({ dropOut: true } as never)).toThrow('forward: dropOut: unknown option');
    expect(() => randomNetwork({ ...STACK, dropout: 0 }).forward({ dropout: true })).not.toThrow();
  });

  test('the same seed draws the same masks, and another seed others', () => {
    const dropped = [7, 7, 8].map((seed) => {
      const network = randomNetwork(STACK);
      network.drawMasks(new Random(seed));
      network.forward({ dropout: true });
      return valuesOf(network.layers[1][0].inputs[0]);
    });
    expect(dropped[1]).toEqual(dropped[0]);
    expect(dropped[2]).not.toEqual(dropped[0]);
  });
});

describe('numbers that are not finite', () => {
  const numbers = randomNetwork(STACK);
  const { x } = numbers.activations;
  beforeEach(() => {
    fill(x, 0.5);
    numbers.setTargets({ labels: [0, 1, 2, 0, 1, 2, 0, 1], lengths: [4, 2] });
  });

  test('are allowed beyond a sequence’s end', async () => {
    x.set(2, 1, 0, NaN);
    await expect(numbers.assertFiniteInputs()).resolves.toBeUndefined();
  });
  test('are named elsewhere: in x, and in the initial states', async () => {
    x.set(1, 1, 0, NaN);
    expect(await failureOf(numbers.assertFiniteInputs())).toEqual(
      new DataError('x[1,1,0] is NaN: every input must be finite'),
    );
    x.set(1, 1, 0, 0);
    numbers.layers[0][1].initial.c.set(1, 2, Infinity);
    expect(await failureOf(numbers.assertFiniteInputs())).toEqual(
      new DataError('c0.0.reverse[1,2] is Infinity: every input must be finite'),
    );
  });
});

test('initial values: each kernel glorot-uniform, biases zero; the output layer normal or glorot-uniform', () => {
  const sizes: NetworkConfig = {
    ...STACK,
    layers: [{ hidden: 30, bidirectional: true }, { hidden: 20 }],
    outputs: 400,
  };
  const network = new Network(backend, sizes, { T: 1, B: 1 });
  for (const start of ['normal', 'glorot'] as const) {
    network.initialise(new Random(1), start);
    for (const { name, value } of network.parameters) {
      const numbers = [...valuesOf(value)];
      const largest = Math.max(...numbers.map(Math.abs));
      const [rows, columns = 0] = value.shape;
      const limit = Math.sqrt(6 / (rows + columns));
      if (start === 'normal' && name.startsWith('out')) expect(largest).toBeGreaterThan(2);
      else if (columns === 0) expect(largest).toBe(0);
      else expect([largest <= limit, largest > 0.99 * limit]).toEqual([true, true]);
    }
  }
});

test("initial biases 'chrono': f + i = 1 for each unit, and a state lasts 1 to T - 1 steps", () => {
  const layers = [{ hidden: 30, bidirectional: true }, { hidden: 20 }];
  const network = new Network(backend, { ...STACK, layers, forgetBias: 1.5 }, { T: 100, B: 1 });
  const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
  network.initialise(new Random(1), 'glorot', 'chrono');
  const steps: number[] = [];
  for (const { name, value } of network.parameters.filter((parameter) => parameter.name.startsWith('bias.'))) {
    const H = value.shape[0] / 4;
    for (let n = 0; n < H; n++) {
      const [i, j, f, o] = [0, 1, 2, 3].map((gate) => value.get(gate * H + n));
      expect([name, j, o]).toEqual([name, 0, 0]);
      expect(sigmoid(i) + sigmoid(f + 1.5)).toBeCloseTo(1, 6);
      steps.push(Math.exp(-i));
    }
  }
  expect(steps).toHaveLength(80);
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...steps)).toBeLessThanOrEqual(99);
  expect(steps.reduce((sum, u) => sum + u, 0) / steps.length).toBeCloseTo(50, -1); // uniform in 1 … 99: mean 50
  expect([...valuesOf(valuesByName(network.parameters).outBias)]).toEqual([0, 0, 0]);
  new Network(backend, STACK, { T: 1, B: 1 }).initialise(new Random(1), 'glorot', 'chrono'); // u is 1 for every unit
});

test('initial values of an unknown name are refused', () => {
  const network = new Network(backend, STACK, { T: 1, B: 1 });
  expect(() => network.initialise(new Random(1), 'Normal' as never)).toThrow(
    'initialise: output "Normal": must be one of normal, glorot',
  );
  expect(() => network.initialise(new Random(1), 'glorot', 'Chrono' as never)).toThrow(
    'initialise: bias "Chrono": must be one of zeros, chrono',
  );
});

describe('memory', () => {
  test('dispose frees every tensor, and a second call does nothing', () => {
    const counting = countingBackend();
    const network = new Network(counting.backend, STACK, { T: 2, B: 2 }, { inputGradient: true });
    expect(counting.held.size).toBeGreaterThan(40);
    network.dispose();
    network.dispose();
    expect(counting.held.size).toBe(0);
  });
  test.each([1, 12, 20, 30, 45])('a network that does not fit frees the %d tensors that fitted', (fitting) => {
    const { backend: full, held } = countingBackend({ fits: (_, tensors) => tensors.size < fitting });
    expect(() => new Network(full, STACK, { T: 2, B: 2 }, { inputGradient: true })).toThrow(OutOfMemoryError);
    expect(held.size).toBe(0);
  });
});

test('dx is computed only if asked for', () => {
  const network = new Network(backend, STACK, { T: 2, B: 2 });
  expect(() => network.dx).toThrow('network: dx is not computed; make the network with { inputGradient: true }');
});

test('parameters are saved and loaded by name', async () => {
  const [network, other] = [randomNetwork(STACK), new Network(backend, STACK, { T: 1, B: 1 })];
  const saved = await network.save();
  other.load(saved);
  expect(await other.save()).toEqual(saved);
  const { 'kernel.0.reverse': _, ...missing } = saved;
  expect(() => other.load(missing)).toThrow('load: no tensor kernel.0.reverse, only kernel.0, bias.0');
});
