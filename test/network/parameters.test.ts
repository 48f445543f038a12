/** A network that is not the model: every function for a list of parameters works for its list. */
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend, NamedTensors, Parameter, Tensor } from '../../src/index.js';
import * as library from '../../src/index.js';
import {
  Adam,
  allocateLstm,
  assertFinite,
  checkGradients,
  clipGradients,
  crossEntropyBackward,
  denseBackward,
  denseForward,
  fill,
  fillRandom,
  gradientsByName,
  labelRows,
  loadTensors,
  Model,
  Network,
  NonFiniteError,
  norm,
  OutOfMemoryError,
  Random,
  saveTensors,
  Sgd,
  tensorFrom,
  textTask,
  Training,
  transposeOf,
  valuesByName,
  valuesOf,
  zeros,
} from '../../src/index.js';
import { elementCountOfNetwork, elementCountOfTraining } from '../../src/network/memory.js';
import { modelNetwork } from '../../src/network/tutorial-network.js';
import { countingBackend, OUTPUTS } from '../helpers/backends.js';
import { errorOf, failureOf } from '../helpers/failures.js';

const [B, I, H, C] = [6, 4, 5, 3];
/** A network of texts reads and predicts classes at every step. */
const ENDS_OF_TEXT = { layers: [{ hidden: 3 }], inputKind: 'classes', reads: 'every' } as const;
const IMAGE = { count: 1, pixels: new Uint8Array(2 * I), labels: Uint8Array.of(0) };

function ones(shape: readonly number[]): Tensor {
  const tensor = zeros(shape);
  fill(tensor, 1);
  return tensor;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** logits = (x·W1 + b1)·W2 + b2, and (5). */
class TwoLayers {
  readonly W1: Parameter;
  readonly b1: Parameter;
  readonly W2: Parameter;
  readonly b2: Parameter;
  readonly parameters: readonly Parameter[];
  private readonly tensors;

  constructor(
    readonly backend: Backend,
    seed: number,
  ) {
    const allocate = (...shape: number[]): Tensor => backend.allocate(shape);
    const parameter = (name: string, ...shape: number[]): Parameter => ({
      name,
      value: allocate(...shape),
      gradient: allocate(...shape),
    });
    this.W1 = parameter('W1', I, H);
    this.b1 = parameter('b1', H);
    this.W2 = parameter('W2', H, C);
    this.b2 = parameter('b2', C);
    this.parameters = [this.W1, this.b1, this.W2, this.b2];
    this.tensors = {
      x: allocate(B, I),
      y: allocate(B),
      hidden: allocate(B, H),
      logits: allocate(B, C),
      probabilities: allocate(B, C),
      losses: allocate(B),
      dLogits: allocate(B, C),
      dHidden: allocate(B, H),
      dx: allocate(B, I),
    };
    const random = new Random(seed);
    const { x, y } = this.tensors;
    // in f32 on every backend, so that all compute with the same numbers
    for (const tensor of [x, ...this.parameters.map(({ value }) => value)]) {
      fillRandom(tensor, () => Math.fround(random.normal(0, 0.7)));
      backend.upload(tensor);
    }
    for (let b = 0; b < B; b++) y.set(b, b % C);
    backend.upload(y);
  }

  forward(): void {
    const { x, y, hidden, logits, probabilities, losses } = this.tensors;
    denseForward(this.backend, hidden, [x], this.W1.value, this.b1.value);
    denseForward(this.backend, logits, [hidden], this.W2.value, this.b2.value);
    this.backend.crossEntropyForward(losses, probabilities, logits, y);
  }

  backward(): void {
    const { x, y, hidden, probabilities, dLogits, dHidden, dx } = this.tensors;
    const { W1, b1, W2, b2 } = this;
    this.backend.crossEntropyBackward(dLogits, probabilities, y, y.shape[0]);
    denseBackward(this.backend, [dHidden], W2.gradient, b2.gradient, dLogits, [hidden], W2.value);
    denseBackward(this.backend, [dx], W1.gradient, b1.gradient, dHidden, [x], W1.value);
  }

  async loss(): Promise<number> {
    for (const { value } of this.parameters) this.backend.upload(value);
    this.forward();
    await this.backend.download(this.tensors.losses);
    return valuesOf(this.tensors.losses).reduce((sum, loss) => sum + loss) / B;
  }

  async gradients(): Promise<NamedTensors> {
    this.forward();
    this.backward();
    for (const { gradient } of this.parameters) await this.backend.download(gradient);
    return gradientsByName(this.parameters);
  }
}

const numbersOf = async (backend: Backend, tensors: NamedTensors): Promise<number[]> =>
  Object.values(await saveTensors(backend, tensors)).flatMap((tensor) => [...valuesOf(tensor)]);

async function trainSteps(network: TwoLayers, adam: Adam, count: number): Promise<void> {
  for (let step = 0; step < count; step++) {
    await network.gradients();
    adam.update(0.02);
  }
}

describe('the numeric gradient check of a list of parameters', () => {
  const suspects = [
    ['passes for the backward pass', {}, true],
    ['fails for a backward pass without the mean over the batch', { crossEntropyBackward: withoutMean }, false],
  ] as const;

  test.each(suspects)('%s', async (_, operations, ok) => {
    const network = new TwoLayers({ ...createReferenceBackend({ dtype: 'f64' }), ...operations }, 1);
    const reports = await checkGradients({
      inputs: valuesByName(network.parameters),
      loss: () => network.loss(),
      gradients: () => network.gradients(),
    });
    expect(reports.map((report) => [report.name, report.ok])).toEqual([
      ['W1', ok],
      ['b1', ok],
      ['W2', ok],
      ['b2', ok],
    ]);
  });
});

function withoutMean(dLogits: Tensor, probabilities: Tensor, y: Tensor): void {
  crossEntropyBackward(dLogits, probabilities, labelRows(y), y.shape[0]);
  for (let b = 0; b < B; b++) for (let k = 0; k < C; k++) dLogits.set(b, k, dLogits.get(b, k) * B);
}

const backends: [string, number, () => Backend | Promise<Backend>][] = [
  ['reference f64', 1e-12, () => createReferenceBackend({ dtype: 'f64' })],
  ['reference f32', 2e-6, () => createReferenceBackend()],
  ['wasm', 2e-6, () => createWasmBackend({ threads: 2, check: true })],
];

describe.each(backends)('on %s', (_, tolerance, make) => {
  let backend: Backend;
  beforeAll(async () => (backend = await make()));
  afterAll(() => backend.dispose());

  test('Adam updates each parameter as (6) does, computed here element by element', async () => {
    const network = new TwoLayers(backend, 2);
    const adam = new Adam(backend, network.parameters);
    const p = await numbersOf(backend, valuesByName(network.parameters));
    const m = p.map(() => 0);
    const v = p.map(() => 0);
    for (let t = 1; t <= 5; t++) {
      const g = await numbersOf(backend, await network.gradients());
      adam.update(0.01 / t);
      for (let n = 0; n < p.length; n++) {
        m[n] = BETA1 * m[n] + (1 - BETA1) * g[n];
        v[n] = BETA2 * v[n] + (1 - BETA2) * g[n] * g[n];
        const alpha = ((0.01 / t) * Math.sqrt(1 - Math.pow(BETA2, t))) / (1 - Math.pow(BETA1, t));
        p[n] -= (alpha * m[n]) / (Math.sqrt(v[n]) + EPSILON);
      }
      expect(adam.updates).toBe(t);
      const { means, squares } = await adam.save();
      expectClose(await numbersOf(backend, valuesByName(network.parameters)), p, tolerance);
      expectClose(await numbersOf(backend, means), m, tolerance);
      expectClose(await numbersOf(backend, squares), v, tolerance);
    }
  });

  test('Adam reduces the loss', async () => {
    const network = new TwoLayers(backend, 3);
    const before = await network.loss();
    await trainSteps(network, new Adam(backend, network.parameters), 100);
    expect(await network.loss()).toBeLessThan(before / 4);
  });

  test('clipping scales all gradients together, and keeps their direction', async () => {
    const network = new TwoLayers(backend, 4);
    const before = await numbersOf(backend, await network.gradients());
    const gradients = network.parameters.map(({ gradient }) => gradient);
    await clipGradients(backend, gradients, { clipValue: null, clipNorm: 0.125 });
    const after = await numbersOf(backend, gradientsByName(network.parameters));
    expect(Math.hypot(...before)).toBeGreaterThan(0.125);
    expect(Math.hypot(...after)).toBeCloseTo(0.125, 6);
    const scaled = before.map((value) => (value * 0.125) / Math.hypot(...before));
    expectClose(after, scaled, tolerance);
  });

  test('a run that is saved and loaded continues with the same bits', async () => {
    const network = new TwoLayers(backend, 5);
    const adam = new Adam(backend, network.parameters);
    await trainSteps(network, adam, 4);
    const [values, state] = [await saveTensors(backend, valuesByName(network.parameters)), await adam.save()];
    await trainSteps(network, adam, 4);
    const expected = await numbersOf(backend, valuesByName(network.parameters));

    const resumed = new TwoLayers(backend, 5);
    const resumedAdam = new Adam(backend, resumed.parameters);
    loadTensors(backend, valuesByName(resumed.parameters), values);
    resumedAdam.load(state);
    expect(resumedAdam.updates).toBe(4);
    await trainSteps(resumed, resumedAdam, 4);
    expect(await numbersOf(backend, valuesByName(resumed.parameters))).toEqual(expected);

    const forgetful = new TwoLayers(backend, 5);
    loadTensors(backend, valuesByName(forgetful.parameters), values);
    await trainSteps(forgetful, new Adam(backend, forgetful.parameters), 4);
    expect(await numbersOf(backend, valuesByName(forgetful.parameters))).not.toEqual(expected);
  });

  test('NaN in a value is found and named', async () => {
    const network = new TwoLayers(backend, 6);
    await assertFinite(backend, network.parameters, 3);
    network.W2.value.set(1, 0, NaN);
    backend.upload(network.W2.value);
    const failure = await failureOf(assertFinite(backend, network.parameters, 3));
    expect(failure).toEqual(new NonFiniteError('W2[1,0]', NaN, 3));
  });
});

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  expected.forEach((value, n) => expect(Math.abs(actual[n] - value)).toBeLessThanOrEqual(tolerance * largest));
}

test('tensors that are loaded from each other get what the other had', async () => {
  const [a, b] = [0, 1].map((first) => tensorFrom([first, 2, 3, 4], [2, 2]));
  const before = [a, b].map(valuesOf);
  loadTensors(createReferenceBackend(), { a, b }, { a: b, b: a });
  expect([b, a].map(valuesOf)).toEqual(before);
  loadTensors(createReferenceBackend(), { a }, { a: transposeOf(a) });
  expect(valuesOf(a)).toEqual(Float64Array.of(1, 3, 2, 4));
});

test('tensors are loaded in their own precision, not in the backend’s', () => {
  const [a, b] = [tensorFrom([0], [1], 'f64'), tensorFrom([0.1], [1], 'f64')];
  loadTensors(createReferenceBackend(), { a }, { a: b });
  expect(a.get(0)).toBe(0.1);
});

const backend = createReferenceBackend();
const parameter = (name: string, ...shape: number[]): Parameter => ({
  name,
  value: backend.allocate(shape),
  gradient: backend.allocate(shape),
});

describe('a list of parameters is refused for', () => {
  test('a name that occurs twice, or a gradient of another shape', () => {
    const twice = [parameter('W', 2, 3), parameter('b', 3), parameter('W', 3, 4)];
    expect(() => new Adam(backend, twice)).toThrow(
      new RangeError('adam: two parameters are named W: give each its own name'),
    );
    const wrong = { ...parameter('W', 2, 3), gradient: backend.allocate([3, 2]) };
    expect(() => new Adam(backend, [wrong])).toThrow(new RangeError('adam: gradient of W [3,2] must be [2,3]'));
  });

  test('a saved tensor that is missing or has another shape, and nothing is changed', async () => {
    const network = new TwoLayers(backend, 7);
    const values = valuesByName(network.parameters);
    const before = await numbersOf(backend, values);
    const { W1, b1, W2, b2 } = await saveTensors(backend, valuesByName(new TwoLayers(backend, 8).parameters));
    expect(() => loadTensors(backend, values, { W1, b1, W2 })).toThrow(
      new RangeError('load: no tensor b2, only W1, b1, W2'),
    );
    expect(() => loadTensors(backend, values, { W1, b1, W2: W1, b2 })).toThrow(
      new RangeError('load: W2 [4,5] must be [5,3]'),
    );
    expect(await numbersOf(backend, values)).toEqual(before);
  });

  test('a saved state of Adam with a negative or a wrong square, and nothing is changed', async () => {
    const adam = new Adam(backend, new TwoLayers(backend, 7).parameters);
    const { squares } = await adam.save();
    const means = Object.fromEntries(Object.entries(squares).map(([name, { shape }]) => [name, ones(shape)]));
    const wrong = { ...squares, W2: squares.W1 };
    expect(() => adam.load({ updates: 3, means, squares: wrong })).toThrow(
      new RangeError('load: W2 [4,5] must be [5,3]'),
    );
    squares.W2.set(1, 0, -0.5);
    expect(() => adam.load({ updates: 3, means, squares })).toThrow(
      new RangeError('load: squares: W2[1,0] is -0.5: must be ≥ 0, because it is a mean of squares'),
    );
    const after = await adam.save();
    expect(after.updates).toBe(0);
    const norms = [after.means, after.squares].flatMap((moments) => Object.values(moments).map((one) => norm(one)));
    expect(norms).toEqual(norms.map(() => 0));
  });
});

describe.each([
  ['adam', Adam],
  ['sgd', Sgd],
] as const)('%s', (name, Optimiser) => {
  const backend = createReferenceBackend();
  const network = new TwoLayers(backend, 7);
  beforeAll(() => network.gradients());
  const NO_F32 = 'must be a number within f32 (±3.4028235e+38)';

  test('refuses a wrong learning rate: nothing changes, and no update counts', async () => {
    const optimiser = new Optimiser(backend, network.parameters);
    const before = await numbersOf(backend, valuesByName(network.parameters));
    for (const [rate, Kind, shown] of [
      ...[NaN, Infinity, 1e39].map((wrong) => [wrong, RangeError, `${wrong}: ${NO_F32}`] as const),
      ...[undefined, null].map((wrong) => [wrong, TypeError, `${wrong}: must be a number`] as const),
      ['0.1', TypeError, '"0.1": must be a number'] as const,
    ]) {
      const refusal = new Kind(`${name}: update: learningRate is ${shown}`);
      expect(() => optimiser.update(rate as number)).toThrow(refusal);
    }
    expect(optimiser.updates).toBe(0);
    expect(await numbersOf(backend, valuesByName(network.parameters))).toEqual(before);
  });

  test('accepts the rate 0, the end of a cosine schedule; an update that fails does not count', () => {
    const optimiser = new Optimiser(backend, network.parameters);
    optimiser.update(0);
    expect(optimiser.updates).toBe(1);
    const fail = (): never => {
      throw new Error('out of order');
    };
    const failing = new Optimiser({ ...backend, adam: fail, sgd: fail }, network.parameters);
    expect(() => failing.update(0.1)).toThrow('out of order');
    expect(failing.updates).toBe(0);
  });

  test('refuses values that share memory, and gradients that share it with a value', () => {
    const [W, V, b] = [parameter('W', 2, 3), parameter('V', 2, 3), parameter('b', 3)];
    const refusal = (...parameters: Parameter[]): string =>
      String(errorOf(RangeError, () => new Optimiser(backend, parameters)));
    const twice = `RangeError: ${name}: W and V share memory, so each update would change it twice: `;
    const half = { ...b, value: W.value.pick(1) };
    for (const second of [W, half]) expect(refusal(b, W, { ...second, name: 'V' })).toContain(twice);
    const overwritten = (gradient: string, value: string): string =>
      `RangeError: ${name}: the gradient of ${gradient} shares memory with ${value}, so an update would overwrite it: ` +
      'give the gradient a tensor of its own';
    expect(refusal({ ...W, gradient: W.value })).toBe(overwritten('W', 'its value'));
    const reading = { ...W, gradient: V.value };
    expect(refusal(b, reading, V)).toBe(overwritten('W', 'the value of V'));
    expect(refusal(V, b, reading)).toBe(overwritten('W', 'the value of V'));
    expect(refusal(V, W, { ...b, gradient: W.value.pick(1) })).toBe(overwritten('b', 'the value of W'));
    // one gradient of two values is read, not changed; parts that lie side by side are apart
    const parts = [0, 1].map((row) => ({ name: `row ${row}`, value: W.value.pick(row), gradient: b.gradient }));
    const row = { name: 'row', value: W.value.pick(0), gradient: W.value.pick(1) };
    for (const right of [
      [b, ...parts],
      [V, row, { ...b, gradient: V.gradient.pick(0) }],
    ])
      new Optimiser(backend, right).dispose();
  });

  test('keeps its parameters, though the caller changes the list', async () => {
    const [one, other] = [new TwoLayers(backend, 7), new TwoLayers(backend, 7)];
    for (const each of [one, other]) await each.gradients();
    const given = [...one.parameters];
    const optimiser = new Optimiser(backend, given);
    given.pop();
    given.push({ name: 'another', value: ones([2]), gradient: ones([2]) });
    optimiser.update(0.1);
    new Optimiser(backend, other.parameters).update(0.1);
    const [found, expected] = [one, other].map(({ parameters }) => numbersOf(backend, valuesByName(parameters)));
    expect(await found).toEqual(await expected);
  });
});

describe('memory', () => {
  const sizes = { T: 3, B: 2, I: 2, H: 5, C: 3 };

  /** A backend that counts the numbers it holds, and refuses more than `most`. */
  function counting(most: number) {
    const { backend, held } = countingBackend({ fits: ({ size }) => numbers() + size <= most });
    const numbers = (): number => [...held].reduce((sum, { size }) => sum + size, 0);
    return { backend, numbers };
  }

  test('a model without Adam holds two tensors per parameter; Adam adds two, and frees them', () => {
    const { backend, numbers } = counting(Infinity);
    const model = new Model(backend, sizes);
    expect(numbers()).toBe(elementCountOfNetwork(modelNetwork(sizes), sizes));
    const adam = new Adam(backend, model.parameters);
    expect(numbers()).toBe(elementCountOfTraining(modelNetwork(sizes), sizes));
    adam.dispose();
    expect(numbers()).toBe(elementCountOfNetwork(modelNetwork(sizes), sizes));
    model.dispose();
    expect(numbers()).toBe(0);
  });

  test('Adam and a model can be disposed of twice', () => {
    const backend = createReferenceBackend();
    const model = new Model(backend, sizes);
    const adam = new Adam(backend, model.parameters);
    for (const owner of [adam, model]) {
      owner.dispose();
      expect(() => owner.dispose()).not.toThrow();
    }
  });

  test('if the moments do not fit, none is kept', () => {
    const { backend, numbers } = counting(elementCountOfTraining(modelNetwork(sizes), sizes) - 1);
    const model = new Model(backend, sizes);
    expect(() => new Adam(backend, model.parameters)).toThrow(OutOfMemoryError);
    expect(numbers()).toBe(elementCountOfNetwork(modelNetwork(sizes), sizes));
  });
});

const ALL_BACKENDS: [string, () => Backend | Promise<Backend>][] = [
  ['reference', () => createReferenceBackend()],
  ['wasm', () => createWasmBackend({ threads: 1 })],
  ['gpu', () => createGpuBackend({ mode: 'cpu' })],
];

describe.each(ALL_BACKENDS)('on the backend %s,', (_, open) => {
  let backend: Backend;
  beforeAll(async () => (backend = await open()));
  afterAll(() => backend.dispose());

  test('what is saved is the state at the call, though updates follow', async () => {
    const network = new Network(backend, { inputs: I, layers: [{ hidden: H }], outputs: C }, { T: 2, B });
    network.initialise(new Random(1));
    const x = zeros([2, B, I]);
    fill(x, 0.5);
    network.setBatch({ x, labels: Array<number>(B).fill(1) });
    const optimisers = [new Adam(backend, network.parameters), new Sgd(backend, network.parameters)];
    const step = (): void => {
      network.carryState();
      network.forward();
      network.backward();
      for (const optimiser of optimisers) optimiser.update(0.1);
    };
    const save = () => [network.save(), network.states.final(), ...optimisers.map((optimiser) => optimiser.save())];
    step();
    const expected = await Promise.all(save());
    const states = save();
    step();
    const later = save();
    step();
    expect(await Promise.all(states)).toEqual(expected);
    expect(await Promise.all(later)).not.toEqual(expected);
    optimisers.forEach((optimiser) => optimiser.dispose());
    network.dispose();
  });

  test('metrics, predictions and the check for finite weights are those of the call, though the next batch and updates follow', async () => {
    const x = [0.5, -0.5].map((value) => {
      const filled = zeros([2, B, I]);
      fill(filled, value);
      return filled;
    });
    const labels = [0, 1].map((label) => Array.from({ length: B }, (_, b) => (b > label ? label : -1))); // other rows count
    const networks = (['crossEntropy', 'squaredError'] as const).map(
      (loss) => new Network(backend, { inputs: I, layers: [{ hidden: H }], outputs: C, loss }, { T: 2, B }),
    );
    const targets = [ones([B, C]), zeros([B, C])];
    targets[1].set(0, 0, NaN); // it does not count
    for (const network of networks) {
      network.initialise(new Random(1));
      const hasClasses = network.config.loss === 'crossEntropy';
      const pass = (n: number): void => {
        network.setBatch({ x: x[n], ...(hasClasses ? { labels: labels[n] } : { targets: targets[n] }) });
        network.forward();
      };
      const results = () => [network.metrics(), network.metrics(1), ...(hasClasses ? [network.predictions()] : [])];
      pass(0);
      const first = await Promise.all(results());
      pass(1);
      const second = await Promise.all(results());
      expect(second[0]).not.toEqual(first[0]);
      pass(0);
      const losses = results();
      pass(1);
      losses.push(...results());
      pass(0);
      expect(await Promise.all(losses)).toEqual([...first, ...second]);

      const isFinite = network.assertFinite(0);
      network.backward();
      new Sgd(backend, network.parameters).update(3e38);
      new Sgd(backend, network.parameters).update(3e38);
      await isFinite;
      await expect(network.assertFinite(2)).rejects.toThrow(NonFiniteError);
      network.dispose();
    }
  });

  test('what is saved can be awaited after its owner has been disposed of', async () => {
    const make = () => new Model(backend, { T: 2, B, I, H, C });
    const network = make();
    network.initialise(new Random(1));
    network.forward();
    const adam = new Adam(backend, network.parameters);
    const save = () => [network.save(), network.states.final(), adam.save()];
    const expected = await Promise.all(save());
    const states = save();
    for (const owner of [adam, network]) owner.dispose();
    make().initialise(new Random(2)); // in the memory that has become free
    expect(await Promise.all(states)).toEqual(expected);
  });
});

test('tensors of another backend are refused: the reference backend would use old values of the host, and not write them back', async () => {
  const reference = createReferenceBackend();
  const wasm = await createWasmBackend({ threads: 1 });
  const parameters = [reference, wasm].map((on) => new Model(on, { T: 2, B, I, H, C }).parameters);
  for (const [on, of, names] of [
    [reference, parameters[1], 'wasm, not to reference'],
    [wasm, parameters[0], 'reference, not to wasm'],
  ] as const) {
    const values = valuesByName(of);
    const refusal = (what: string) =>
      `${what}: [9,20] belongs to the backend ${names}: pass the backend that allocated it`;
    expect(() => new Adam(on, of)).toThrow(new RangeError(refusal('adam: kernel')));
    expect(() => new Sgd(on, of)).toThrow(new RangeError(refusal('sgd: kernel')));
    expect(() => loadTensors(on, values, values)).toThrow(new RangeError(refusal('load: kernel')));
    expect(await failureOf(saveTensors(on, values))).toEqual(new RangeError(refusal('download')));
    expect(await failureOf(assertFinite(on, of, 1))).toEqual(new RangeError(refusal('kernel')));
    const gradients = of.map(({ gradient }) => gradient);
    expect(await failureOf(clipGradients(on, gradients, { clipNorm: 1 }))).toEqual(
      new RangeError(refusal('clipGradients')),
    );
  }
  await wasm.dispose();
});

describe.each(ALL_BACKENDS)('on the backend %s, what has been disposed of', (_, open) => {
  const sizes = { T: 2, B, I, H, C };
  const TEXT = textTask('a whale, a ship. '.repeat(40), { T: 2 });
  let backend: Backend;
  beforeAll(async () => (backend = await open()));
  afterAll(() => backend.dispose());

  /** The arguments of every method of the library's classes that own tensors. */
  const ARGUMENTS: Readonly<Record<string, readonly unknown[]>> = {
    ...Object.fromEntries(
      [
        ...['states', 'dx', 'forward', 'backward', 'carryState', 'resetState', 'metrics', 'predictions', 'save'],
        ...['assertFiniteInputs', 'makeStep', 'line', 'validate', 'checkpoint', 'takeNetwork', 'network'],
        ...['parameters', 'activations', 'layers', 'cells', 'lstm', 'kernel', 'bias', 'outKernel', 'outBias'],
      ].map((name) => [name, []]),
    ),
    setBatch: [{ x: zeros([2, B, I]), labels: Array<number>(B).fill(0) }],
    setTargets: [{ labels: Array<number>(B).fill(0) }],
    ...{ drawMasks: [new Random(1)], initialise: [new Random(1)], load: [{}], assertFinite: [1] },
    ...{ update: [0.1], changeLearningRate: [0.1] },
  };
  /** Those that read and write no tensor; the last two lines are private. */
  const WITHOUT_TENSORS = [
    ...['countsRow', 'updates', 'step', 'steps', 'isOver', 'hasLostPatience', 'options', 'learningRate', 'best'],
    ...['warnings', 'dispose', 'order'],
    ...['batch', 'changed', 'statesChanged', 'isDisposed', 'updateAll', 'assertState', 'assertNotDisposed'],
    ...['assertPassed', 'assertFree', 'assertNotRunning', 'assertNotEnded', 'exclusively'],
  ];

  const methodsOf = (owner: object): string[] => {
    const prototype = Object.getPrototypeOf(owner) as object;
    const own = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
    return prototype === Object.prototype ? [] : [...own, ...methodsOf(prototype)];
  };

  const model = () => new Model(backend, sizes, { inputGradient: true });
  const training = () => Training.start(backend, TEXT, { hidden: 3, batchSize: 2 });
  const OWNERS: Readonly<Record<string, () => { dispose(): void }>> = {
    Network: () =>
      new Network(backend, { inputs: I, layers: [{ hidden: H }], outputs: C }, sizes, { inputGradient: true }),
    Model: model,
    Adam: () => new Adam(backend, model().parameters),
    Sgd: () => new Sgd(backend, model().parameters),
    Training: training,
  };

  test('every class that has dispose is among those here', () => {
    const owners = Object.entries(library).filter(
      ([, one]) => typeof one === 'function' && 'dispose' in Object(one.prototype as object),
    );
    expect(owners.map(([name]) => name).sort()).toEqual([...Object.keys(OWNERS), 'Optimiser'].sort());
  });

  test.each(Object.entries(OWNERS))('%s: every method refuses, and changes nothing else', async (name, make) => {
    const owner = make() as unknown as Record<string, unknown> & { dispose(): void };
    owner.dispose();
    const other = model(); // in the memory that has become free
    other.initialise(new Random(2));
    const before = await other.save();
    for (const method of methodsOf(owner)) {
      if (WITHOUT_TENSORS.includes(method)) continue;
      expect(Object.keys(ARGUMENTS)).toContain(method);
      const given = ARGUMENTS[method];
      const use = async (): Promise<unknown> => {
        const found = owner[method];
        return typeof found === 'function' ? (found.apply(owner, given) as unknown) : found;
      };
      const message = `${name}.${method}: ${String(await failureOf(use()))}`;
      expect(message).toMatch(
        /(the (network|optimiser) has been disposed of|the run has ended: its memory has been freed)$/,
      );
    }
    expect(await other.save()).toEqual(before);
    other.dispose();
  });

  test('while a result is awaited: it is refused, too', async () => {
    for (const method of ['metrics', 'predictions'] as const) {
      const network = model();
      network.setTargets({ labels: Array<number>(B).fill(0) });
      network.forward();
      const result = failureOf(network[method]());
      network.dispose();
      const other = model(); // in the memory that has become free
      expect(String(await result)).toMatch(/has been freed$/);
      other.dispose();
    }
  });

  test('and of an LSTM, and tensors: every function refuses', async () => {
    const lstm = allocateLstm(backend, sizes);
    const [matrix, vector] = [backend.allocate([3, 3]), backend.allocate([3])];
    const alive = backend.allocate([3, 3]);
    const { vocabulary } = TEXT.train;
    const classes = vocabulary.characters.length;
    const config = { ...ENDS_OF_TEXT, inputs: classes, outputs: classes };
    const text = new Network(backend, config, { T: 2, B: 2 }, { stateGradients: true });
    const { x, h, c, kernel, bias } = lstm;
    for (const tensor of [x, h, c, kernel, bias, matrix, vector]) backend.free(tensor);
    const { states } = text;
    text.dispose();
    const named = { m: matrix };
    const parameter = { name: 'm', value: matrix, gradient: matrix };
    const calls: Record<string, () => unknown> = {
      'states.setInitial': () => states.setInitial(Object.fromEntries(['h0', 'c0'].map((one) => [one, zeros([2, 3])]))),
      'states.setFinalGradients': () =>
        states.setFinalGradients(Object.fromEntries(['hn', 'cn'].map((one) => [one, zeros([2, 3])]))),
      'states.final': () => states.final(),
      'states.initialGradients': () => states.initialGradients(),
      lstmForward: () => library.lstmForward(backend, lstm),
      lstmBackward: () => library.lstmBackward(backend, lstm),
      carryState: () => library.carryState(backend, lstm),
      denseForward: () => denseForward(backend, alive, [matrix], alive, vector),
      denseBackward: () => denseBackward(backend, [alive], alive, vector, matrix, [alive], alive),
      clipGradients: () => clipGradients(backend, [matrix], { clipNorm: 1, clipValue: null }),
      saveTensors: () => saveTensors(backend, named),
      loadTensors: () => loadTensors(backend, named, { m: zeros([3, 3]) }),
      assertFinite: () => assertFinite(backend, [parameter], 1),
      evaluate: () => library.evaluate(text, TEXT.validation),
      predict: () => library.predict(text, [[0, 1]]),
      sample: () => library.sample(text, vocabulary).next(),
      fillBatch: () =>
        library.fillBatch(x, zeros([B]), library.sliceImages({ ...IMAGE, rows: 2, columns: I }, 0, 1), [0]),
      drawMask: () => library.drawMask(matrix, 0.5, new Random(1)),
      fillRandom: () => fillRandom(matrix, () => 1),
      copyInto: () => library.copyInto(matrix, zeros([3, 3])),
      copyFrom: () => library.copyInto(zeros([3, 3]), matrix),
      fill: () => fill(matrix, 1),
      flatten: () => library.flatten(matrix),
      matrixOf: () => library.matrixOf(matrix),
      norm: () => norm(matrix),
      rowsOf: () => library.rowsOf(matrix, 0, 1),
      stepOf: () => library.stepOf(matrix, 0),
      transposeOf: () => library.transposeOf(matrix),
      valuesOf: () => valuesOf(matrix),
    };
    for (const [name, call] of Object.entries(calls)) {
      const failure = await failureOf((async () => await call())());
      expect(`${name}: ${String(failure)}`).toMatch(/(has been freed|the network has been disposed of)$/);
    }
  });

  test('is the backend itself: every method but free and dispose refuses', async () => {
    const short = await open();
    const owner = new Model(short, sizes);
    owner.forward();
    await short.dispose();
    await short.dispose();
    const methods = short as unknown as Record<string, () => unknown>;
    for (const name of [...Object.keys(OUTPUTS), 'allocate', 'upload', 'download', 'keepPace']) {
      const failure = await failureOf((async () => await methods[name]())());
      expect(String(failure)).toBe(`Error: ${name}: the backend ${short.name} has been disposed of`);
    }
    for (const use of [() => owner.forward(), () => owner.resetState()])
      expect(use).toThrow(/: the backend \w+ has been disposed of$/);
    for (const use of [() => owner.save(), () => owner.metrics()])
      await expect(use()).rejects.toThrow(/^download: the backend \w+ has been disposed of$/);
    owner.dispose();
  });
});
