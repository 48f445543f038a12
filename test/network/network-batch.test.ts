/** The batches of a network: what they may hold, what counts in them, and the metrics of a pass. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Random } from '../../src/core/rng.js';
import { type Tensor, fill, tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import type { NetworkConfig } from '../../src/network/config.js';
import type { Batch, BatchInputs } from '../../src/network/given-batch.js';
import { Network } from '../../src/door/network.js';
import type { Targets } from '../../src/network/given-batch.js';
import { randomNetwork, STACK } from '../helpers/random-model.js';

const backend = createReferenceBackend({ dtype: 'f64' });

const tensor = (values: readonly number[], ...shape: number[]): Tensor => tensorFrom(values, shape, 'f64');

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
    /** The lists with another value in this place. */
    const changed = (lists: unknown, place: readonly number[], value: unknown): unknown => {
      if (place.length === 0) return value;
      const [[n, ...others], copy] = [place, [...(lists as unknown[])]];
      copy[n] = changed(copy[n], others, value);
      return copy;
    };
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
      for (const one of [[5, 6], [[5], [6]], Float32Array.of(5, 6)])
        expect(after(column, { x: xs, targets: one })).toEqual(expectedColumn);
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

    test('setTargets names itself', () => {
      const network = new Network(backend, EVERY, { T: 3, B: 2 });
      const set = (targets: object) => () => network.setTargets(targets);
      expect(set({ labels: [], layout: 'x' })).toThrow(
        'setTargets: layout "x": must be one of time-first, batch-first',
      );
      expect(set({ labels: exchanged(labels) })).toThrow('setTargets: labels [2,3] must be [3,2]; it is [B,T,…]');
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
      [{ ...CLASSIFIER, inputKind: 'classes' }, { x: exchanged(labels) }, 'setBatch: x [2,3] must be [3,2]; it is'],
      [EVERY, { layout: 'batch' }, 'setBatch: layout "batch": must be one of time-first, batch-first'],
      [EVERY, { batch_first: true }, 'setBatch: batch_first: unknown option; did you mean layout?'],
      [
        EVERY,
        { ...batchFirst, labels: changed(exchanged(labels), [0, 2], 5) },
        'labels[2] is 5: must be a class 0…2, or',
      ],
      [
        EVERY,
        { ...batchFirst, x: changed(exchanged(xs), [0, 1, 1], NaN) },
        'setBatch: x[0,1,1] is NaN: must be a finite',
      ],
      [EVERY, { x: changed(xs, [0, 1], [3]) }, 'setBatch: x[0][1] has 1 element: must have 2, as x[0][0] has'],
      [EVERY, { x: changed(xs, [0, 1, 1], '4') }, 'setBatch: x[0][1][1] is "4": must be a number'],
      [EVERY, { x: changed(xs, [0, 1], 3) }, 'setBatch: x[0][1] is 3: must be a list, as x[0] is'],
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
    const network = randomNetwork(backend, { ...EVERY, inputKind: 'classes' }, { T: 2, B: 2 });
    network.setBatch({ x: tensor([0, 1, 1, 77], 2, 2), labels: [0, 2, 1, 99], lengths: [2, 1] });
    network.forward();
    network.backward();
    expect(valuesOf(network.activations.y)).toEqual(Float64Array.of(0, 2, 1, -1));
    for (const { gradient } of network.parameters) expect(valuesOf(gradient).every(Number.isFinite)).toBe(true);
  });

  test('without lengths, every sequence has T steps again', () => {
    const [network, other] = [randomNetwork(backend, STACK), randomNetwork(backend, STACK)];
    const labels = [0, 1, 2, 0, 1, 2, 0, 1];
    network.setTargets({ labels, lengths: [3, 1] });
    network.forward();
    network.backward();
    for (const each of [network, other]) {
      each.setTargets({ labels });
      each.forward();
      each.backward();
    }
    for (const [n, { gradient }] of network.parameters.entries())
      expect(valuesOf(gradient)).toEqual(valuesOf(other.parameters[n].gradient));
  });
});

describe('metrics', () => {
  test('count the rows that count, of the first sequences', async () => {
    const network = randomNetwork(backend, { ...STACK, dropout: 0 }, { T: 2, B: 3 });
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
    const network = randomNetwork(backend, STACK);
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
    const network = randomNetwork(backend, { ...STACK, layers: [{ hidden: 3 }, { hidden: 4 }] });
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
    const network = randomNetwork(backend, STACK);
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
    for (const { gradient } of network.parameters)
      expect(new Set(valuesOf(gradient).map(Math.abs))).toEqual(new Set([0]));
  });
  test('have no accuracy with the squared error', async () => {
    const network = randomNetwork(backend, { ...STACK, loss: 'squaredError' });
    network.forward();
    expect(await network.metrics()).toEqual({
      loss: expect.any(Number) as number,
      accuracy: NaN,
      count: 8,
      divisor: 24,
    });
  });
});
