/** The states of a network, and its sequences: of different lengths, in any order, and longer than a batch. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { OutOfMemoryError } from '../../src/core/errors.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { type Tensor, copyInto, fill, rowsOf, tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { lstmForward } from '../../src/equations/lstm.js';
import { Model } from '../../src/door/model.js';
import { Network } from '../../src/door/network.js';
import { type NamedTensors, loadTensors, saveTensors, valuesByName } from '../../src/network/parameters.js';
import { Adam } from '../../src/training/optimisers.js';
import { countingBackend } from '../helpers/backends.js';
import { fillNormal, randomNetwork, STACK } from '../helpers/random-model.js';
import { describeOnBackends } from '../helpers/small-data.js';

const backend = createReferenceBackend({ dtype: 'f64' });

const tensor = (values: readonly number[], ...shape: number[]): Tensor => tensorFrom(values, shape, 'f64');

test('states of a network with a bidirectional layer are not carried, and none changes', () => {
  const network = randomNetwork(backend, { ...STACK, layers: [{ hidden: 3 }, { hidden: 2, bidirectional: true }] });
  network.forward();
  const before = valuesOf(network.layers[0][0].initial.h);
  expect(() => network.carryState()).toThrow(
    new Error(
      'network: carryState: layer 1 is bidirectional: it reads each sequence to its end, so it has no next batch',
    ),
  );
  expect(valuesOf(network.layers[0][0].initial.h)).toEqual(before);
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
    for (const name of ['logits', 'losses'] as const)
      expect(pickedFrom(rowsOfSteps(given.activations[name]), ORDER)).toEqual(rowsOfSteps(sorted.activations[name]));
    expect(pickedFrom(rowsOfSteps(given.dx), ORDER)).toEqual(rowsOfSteps(sorted.dx));
    expect(pickedFrom([...(await given.predictions())], ORDER)).toEqual([...(await sorted.predictions())]);
    const [finals, others] = [await given.states.final(), await sorted.states.final()];
    for (const [name, state] of Object.entries(finals))
      ORDER.forEach((b, n) => expect(valuesOf(state.pick(b))).toEqual(valuesOf(others[name].pick(n))));
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
    for (let times = 0; times < 3; times++)
      expect(() => other.setTargets({ labels: LABELS, lengths: LENGTHS })).toThrow(OutOfMemoryError);
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
    const network = randomNetwork(backend, { ...STACK, layers: [{ hidden: 3, projection: 2 }, { hidden: 4 }] });
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

test('an sLSTM has a state m without a gradient, no gradients of cn, nn and mn from outside, and no n below 0', async () => {
  const config: NetworkConfig = { inputs: 2, layers: [{ hidden: 3, cell: 'slstm' }], outputs: 2 };
  const network = new Network(backend, config, { T: 3, B: 2 }, { stateGradients: true });
  network.initialise(new Random(1));
  network.forward();
  network.backward();
  const states = await network.states.final();
  expect(Object.keys(states)).toEqual(['hn', 'cn', 'nn', 'mn']);
  expect(Object.keys(await network.states.initialGradients())).toEqual(['h0', 'c0', 'n0']);
  for (const name of ['cn', 'nn', 'mn']) {
    expect(() => network.states.setFinalGradients({ hn: states.hn, [name]: states[name] })).toThrow(
      `setFinalGradients: no gradient passes through ${name} of this cell: leave it out, and let the loss read only hn`,
    );
  }
  const initial = Object.fromEntries(Object.entries(states).map(([name, of]) => [name.replace(/n$/, '0'), of]));
  network.states.setInitial(initial);
  fill(initial.n0, -1);
  expect(() => network.states.setInitial(initial)).toThrow('setInitial: n0 has -1: must be 0 or more');
});

test('what a caller gives may be the network’s own: states of another layer, rows of another order, y', () => {
  const two = randomNetwork(backend, { ...STACK, layers: [{ hidden: 3 }, { hidden: 3 }] });
  const [[a], [b]] = two.layers;
  const swapped = { 'h0.0': b.initial.h, 'c0.0': b.initial.c, 'h0.1': a.initial.h, 'c0.1': a.initial.c };
  const values = () => [a.initial.h, a.initial.c, b.initial.h, b.initial.c].map(valuesOf);
  const [ha, ca, hb, cb] = values();
  two.states.setInitial(swapped);
  expect(values()).toEqual([hb, cb, ha, ca]);

  const sorted = randomNetwork(backend, { inputs: 2, layers: [{ hidden: 1 }], outputs: 2 }, { B: 3 });
  const [[{ initial }]] = sorted.layers;
  sorted.setTargets({ labels: [0, 0, 0], lengths: [1, 3, 2] }); // the longest comes first
  initial.h.data.set([1, 2, 3]);
  sorted.states.setInitial({ h0: initial.h, c0: initial.c });
  expect(valuesOf(initial.h)).toEqual(Float64Array.of(2, 3, 1));

  const every = randomNetwork(
    backend,
    { inputs: 2, layers: [{ hidden: 1 }], outputs: 7, reads: 'every' },
    { T: 2, B: 3 },
  );
  const { y } = every.activations;
  every.setTargets({ labels: [1, 2, 3, 4, 5, 6] });
  every.setTargets({ labels: y.data, layout: 'batch-first' });
  expect(valuesOf(y)).toEqual(Float64Array.of(1, 3, 5, 2, 4, 6));
  const errors = randomNetwork(backend, { ...every.config, outputs: 1, loss: 'squaredError' }, { T: 2 });
  errors.setTargets({ targets: tensor([1, 2, 3, 4], 2, 2, 1) });
  errors.setTargets({ targets: errors.activations.y, layout: 'batch-first' });
  expect(valuesOf(errors.activations.y)).toEqual(Float64Array.of(1, 3, 2, 4));
});

/*
 * Truncated backpropagation: a long series is read in parts, and each part continues from the states that the part before
 * has left. Forward, the parts compute what one pass over the whole series computes. Backward, each part stops at its start.
 */
const [LONG, PART, B] = [24, 4, 3];
const SERIES: NetworkConfig = {
  ...{ inputs: 2, layers: [{ hidden: 5 }, { hidden: 4 }], outputs: 1 },
  ...{ loss: 'squaredError', reads: 'every', dropout: 0.2 },
};
const STARTS = Array.from({ length: LONG / PART }, (_, n) => n * PART);

/** `[T,B,2]` random numbers; the target is the sum of the last ten first numbers: further back than a part. */
function series(): { x: Tensor; targets: Tensor } {
  const random = new Random(4);
  const [x, targets] = [zeros([LONG, B, 2]), zeros([LONG, B, 1])];
  fillRandom(x, () => random.normal(0, 0.5));
  for (let t = 0; t < LONG; t++) {
    for (let b = 0; b < B; b++)
      for (let s = Math.max(0, t - 9); s <= t; s++) targets.set(t, b, 0, targets.get(t, b, 0) + x.get(s, b, 0));
  }
  return { x, targets };
}

const { x, targets } = series();
function partFrom(start: number) {
  const [part, answers] = [x, targets].map((whole) => rowsOf(whole, start, start + PART));
  return { x: part, targets: answers };
}

/** The states that the next part continues from. */
const statesOf = ({ layers }: Network): NamedTensors =>
  Object.fromEntries(
    layers.flat().flatMap(({ final: { h, c } }, n) => [
      [`h${n}`, h],
      [`c${n}`, c],
    ]),
  );

/** A training over the parts of the series, as a program of one's own would write it. */
class Run {
  readonly network: Network;
  readonly adam: Adam;
  readonly random = new Random(8);

  constructor(readonly backend: Backend) {
    this.network = new Network(backend, SERIES, { T: PART, B });
    this.network.initialise(this.random);
    this.adam = new Adam(backend, this.network.parameters);
  }

  /** One update. At the start of the series the states are zero; then they are those of the part before. */
  async step(start: number): Promise<number> {
    const { network, adam } = this;
    if (start === 0) network.resetState();
    else network.carryState();
    network.setBatch(partFrom(start));
    network.drawMasks(this.random);
    network.forward({ dropout: true });
    network.backward();
    adam.update(0.02);
    return (await network.metrics()).loss;
  }

  async epoch(): Promise<number> {
    let loss = 0;
    for (const start of STARTS) loss += await this.step(start);
    return loss / STARTS.length;
  }

  async save() {
    const states = await saveTensors(this.backend, statesOf(this.network));
    return { parameters: await this.network.save(), adam: await this.adam.save(), states, random: this.random.state };
  }

  dispose(): void {
    this.adam.dispose();
    this.network.dispose();
  }
}

describeOnBackends((backendOf) => {
  let backend: Backend;
  beforeAll(() => (backend = backendOf()));

  async function logitsOf(network: Network): Promise<number[]> {
    network.forward();
    await backend.download(network.activations.logits);
    return [...valuesOf(network.activations.logits)];
  }

  test('carried states make the parts compute what one pass computes, bit for bit', async () => {
    const [long, short] = [LONG, PART].map((T) => new Network(backend, SERIES, { T, B }));
    long.initialise(new Random(3));
    short.load(valuesByName(long.parameters));
    long.setBatch({ x, targets });
    const whole = await logitsOf(long);
    for (const round of [1, 2]) {
      const parts: number[] = [];
      for (const start of STARTS) {
        if (start === 0) short.resetState();
        else short.carryState();
        short.setBatch(partFrom(start));
        parts.push(...(await logitsOf(short)));
      }
      expect([round, ...parts]).toEqual([round, ...whole]);
    }
    short.resetState();
    short.setBatch(partFrom(PART));
    expect(await logitsOf(short)).not.toEqual(whole.slice(PART * B, 2 * PART * B)); // the states matter
    long.dispose();
    short.dispose();
  });

  test('training over the parts lowers the loss', async () => {
    const run = new Run(backend);
    const first = await run.epoch();
    for (let epoch = 0; epoch < 60; epoch++) await run.epoch();
    expect(await run.epoch()).toBeLessThan(first / 3);
    run.dispose();
  });

  test('a run that is saved between two parts continues with the same bits', async () => {
    const [whole, resumed] = [new Run(backend), new Run(backend)];
    for (const start of [...STARTS, ...STARTS.slice(0, 3)]) await whole.step(start);
    const saved = await whole.save();
    const losses: number[] = [];
    for (const start of STARTS.slice(3)) losses.push(await whole.step(start));

    resumed.network.load(saved.parameters);
    resumed.adam.load(saved.adam);
    resumed.random.restore(saved.random);
    loadTensors(backend, statesOf(resumed.network), saved.states);
    const again: number[] = [];
    for (const start of STARTS.slice(3)) again.push(await resumed.step(start));
    expect(again).toEqual(losses);
    expect(await resumed.network.save()).toEqual(await whole.network.save());
    whole.dispose();
    resumed.dispose();
  });
});
