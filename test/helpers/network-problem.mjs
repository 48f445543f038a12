// @ts-check
/**
 * Problems for networks, as test/fixtures/network.py describes them: Longhand's results, and how far they are from others.
 * The functions get the library as an argument: src in tests, dist in test/random-networks.mjs.
 *
 * @import { Tensor } from '../../src/core/tensor.js'
 * @import { CompleteConfig } from '../../src/network/config.js'
 * @import { Network } from '../../src/door/network.js'
 *
 * @typedef {typeof import('../../src/index.js') & typeof import('../../kernels/reference/index.js')} Package
 * @typedef {Pick<Package, 'Network' | 'createReferenceBackend' | 'copyInto' | 'tensorFrom' | 'valuesOf'>} Library
 *
 * @typedef {readonly number[]} Flat
 * @typedef {Record<string, Flat>} ByName
 *
 * A `problem` of test/fixtures/network.py, and its `results`:
 * @typedef {{ network: CompleteConfig, T: number, B: number, lengths: Flat, parameters: ByName, x: Flat }} Inputs
 * @typedef {{ h0: ByName, c0: ByName, n0?: ByName, m0?: ByName }} States
 * @typedef {{ dhn?: ByName, dcn?: ByName }} DStates
 * @typedef {States & DStates & { labels?: Flat, targets?: Flat, masks?: ByName }} Others
 * @typedef {Inputs & Others} Problem
 * @typedef {Record<'logits' | 'h', Flat> & Record<'hLast' | 'cLast' | 'gradients', ByName> & { loss: number }} Known
 * @typedef {Known & { nLast?: ByName, mLast?: ByName }} PyTorchResults
 *
 * @typedef {Record<string, ArrayLike<number>>} Results
 */

/** The states of cells, by the first letter of their names. */
const STATES = /** @type {const} */ (['h', 'c', 'n', 'm']);

/**
 * The network of a problem, with its batch. Beyond the end of a sequence, x and targets are NaN.
 *
 * @type {(library: Library, problem: Problem) => Network}
 */
export function networkOf(library, problem) {
  const { Network, createReferenceBackend, copyInto, tensorFrom } = library;
  /** @type {(tensor: Tensor, values: Flat) => void} */
  const write = (tensor, values) => copyInto(tensor, tensorFrom(values, tensor.shape, 'f64'));
  const { network: sizes, T, B, lengths } = problem;
  const backend = createReferenceBackend({ dtype: 'f64' });
  const network = new Network(backend, sizes, { T, B }, { inputGradient: true, stateGradients: true });
  const { x, y } = network.activations;
  for (const { name, value } of network.parameters) write(value, problem.parameters[name]);
  /** @type {(name: string, values: ByName) => [string, Tensor][]} */
  const states = (name, values) =>
    Object.entries(values).map(([suffix, numbers]) => [
      name + suffix,
      tensorFrom(numbers, [B, numbers.length / B], 'f64'),
    ]);
  const initial = STATES.flatMap((state) => states(`${state}0`, problem[/** @type {const} */ (`${state}0`)] ?? {}));
  network.states.setInitial(Object.fromEntries(initial));
  const final = [...states('hn', problem.dhn ?? {}), ...states('cn', problem.dcn ?? {})];
  if (final.length > 0) network.states.setFinalGradients(Object.fromEntries(final));

  const { labels, targets } = problem;
  const isEvery = sizes.reads === 'every';
  const inputs = { x: tensorFrom(withBeyondEnds(problem.x, lengths, T, NaN), x.shape, 'f64'), lengths };
  if (targets) {
    const shape = [...y.shape.slice(0, -1), targets.length / (isEvery ? T * B : B)];
    const values = isEvery ? withBeyondEnds(targets, lengths, T, NaN) : targets;
    network.setBatch({ ...inputs, targets: tensorFrom(values, shape, 'f64') });
  } else if (labels) network.setBatch({ ...inputs, labels });
  const draws = Object.values(problem.masks ?? {}).flatMap((mask) => drawsOf(inOrder(mask, T, network.order)));
  network.drawMasks(/** @type {any} */ ({ bits: () => draws.shift() }));
  return network;
}

/**
 * The random bits from which `drawMask` makes a mask. Each draw is for two elements: 16 bits of 0 drop one, of 1 keep it.
 *
 * @type {(mask: Flat) => number[]}
 */
function drawsOf(mask) {
  const bits = mask.map((isKept) => 0xffff * isKept);
  return bits.flatMap((low, n) => (n % 2 === 0 ? [low + 0x10000 * (bits[n + 1] ?? 0)] : []));
}

/**
 * The rows [T,B,…] with sequence `order[n]` at n.
 *
 * @type {(values: Flat, T: number, order: readonly number[]) => number[]}
 */
function inOrder(values, T, order) {
  const width = values.length / (T * order.length);
  return Array.from({ length: T }, (_, t) => t * order.length).flatMap((first) =>
    order.flatMap((b) => values.slice((first + b) * width, (first + b + 1) * width)),
  );
}

/**
 * What the results of a problem are called, and Longhand's values: flat, and 0 beyond the end of a sequence.
 *
 * @type {(library: Library, problem: Problem, network: Network) => Promise<Results>}
 */
export async function resultsOf(library, problem, network) {
  const { valuesOf } = library;
  const { T, B, lengths } = problem;
  network.forward({ dropout: true });
  network.backward();
  const { loss } = await network.metrics();
  /** @param {ArrayLike<number>} values */
  const within = (values) => withBeyondEnds(Array.from(values), lengths, T, 0);
  const logits = [...valuesOf(network.activations.logits)];
  const back = Array.from(network.order.keys(), (b) => network.order.indexOf(b));
  const top = network.cells[network.cells.length - 1].map(({ outputs }) => ({
    values: inOrder([...valuesOf(outputs.h)], T, back),
    width: outputs.h.shape[2],
  }));
  const h = Array.from({ length: T * B }, (_, row) =>
    top.flatMap(({ values, width }) => values.slice(row * width, (row + 1) * width)),
  );
  /** @type {Results} */
  const results = {
    loss: [loss],
    logits: problem.network.reads === 'every' ? within(logits) : logits,
    h: within(h.flat()),
  };
  if (problem.network.inputKind === 'numbers') results['d.x'] = valuesOf(network.dx);
  for (const { name, gradient } of network.parameters) results[`d.${name}`] = valuesOf(gradient);
  for (const [name, tensor] of Object.entries(await network.states.final())) {
    results[name.replace(/^(.)n/, '$1Last')] = valuesOf(tensor);
  }
  for (const [name, tensor] of Object.entries(await network.states.initialGradients())) {
    results[`d.${name}`] = valuesOf(tensor);
  }
  return results;
}

/**
 * The results of test/fixtures/network.py under the same names.
 *
 * @type {(problem: Problem, results: PyTorchResults) => ByName}
 */
export function expectedOf({ network, T, lengths }, { loss, logits, h, gradients, ...last }) {
  /** @type {(prefix: string, values: ByName) => [string, Flat][]} */
  const named = (prefix, values) => Object.entries(values).map(([name, numbers]) => [prefix + name, numbers]);
  return {
    loss: [loss],
    logits: network.reads === 'every' ? withBeyondEnds(logits, lengths, T, 0) : logits,
    h,
    ...Object.fromEntries([
      ...Object.entries(last).flatMap(([name, values]) => named(name, values)),
      ...named('d.', gradients).filter(([name]) => !name.startsWith('d.m0')),
    ]),
  };
}

/** A tensor with a smaller largest element is compared as if that element were this large. */
const SMALLEST_SCALE = 1e-3;

/**
 * For each result, the largest difference, divided by its tensor's largest element.
 *
 * @type {(actual: Results, expected: ByName) => { name: string, error: number }[]}
 */
export function errorsOf(actual, expected) {
  const names = Object.keys(expected);
  if (names.sort().join() !== Object.keys(actual).sort().join()) {
    throw new Error(`results ${Object.keys(actual).join(', ')}; expected ${names.join(', ')}`);
  }
  return names.map((name) => {
    const [found, wanted] = [Array.from(actual[name]), expected[name]];
    if (found.length !== wanted.length) throw new Error(`${name}: ${found.length} numbers, not ${wanted.length}`);
    const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), SMALLEST_SCALE);
    const difference = found.reduce((most, value, n) => Math.max(most, Math.abs(value - wanted[n])), 0);
    return { name, error: difference / scale }; // NaN if an element is
  });
}

/**
 * A copy of the rows [T,B,…] in which those beyond a sequence's end are `value`.
 *
 * @type {(values: Flat, lengths: Flat, T: number, value: number) => Flat}
 */
function withBeyondEnds(values, lengths, T, value) {
  const B = lengths.length;
  const width = values.length / (T * B);
  return values.map((number, n) => {
    const row = Math.floor(n / width);
    return Math.floor(row / B) < lengths[row % B] ? number : value;
  });
}

const CELLS = /** @type {const} */ (['lstm', 'gru', 'rnn', 'lstm-peephole', 'mingru', 'minlstm', 'slstm']);
/** @type {(layer: { cell: string }) => boolean} */
const isScan = ({ cell }) => cell.startsWith('min');

/**
 * A random problem, as test/fixtures/network.py describes it, with every combination of features. The same seed gives the same one.
 *
 * @type {(library: Pick<Package, 'Random' | 'networkParameterShapes'>, seed: number) => Problem}
 */
export function randomProblem({ Random, networkParameterShapes }, seed) {
  const random = new Random(seed);
  const isTrue = () => random.below(2) === 1;
  /** @type {<Value>(...choices: Value[]) => Value} */
  const oneOf = (...choices) => choices[random.below(choices.length)];
  /** @type {<Value>(count: number, draw: () => Value) => Value[]} */
  const drawn = (count, draw) => Array.from({ length: count }, draw);
  /** @param {number} count */
  const numbers = (count) => drawn(count, () => random.normal(0, 0.7));

  const [T, B, inputs, outputs] = [1 + random.below(7), 1 + random.below(4), 1 + random.below(5), 2 + random.below(3)];
  const layers = drawn(1 + random.below(3), () => {
    const hidden = 1 + random.below(4);
    const cell = oneOf(...CELLS);
    const projection = cell === 'lstm' ? random.below(hidden) : 0;
    return { hidden, bidirectional: isTrue(), projection, bias: random.below(4) > 0, cell };
  });
  /** @type {CompleteConfig['loss']} */
  const loss = oneOf('crossEntropy', 'squaredError', 'absoluteError', 'huber', 'pinball');
  /** @type {CompleteConfig} */
  const network = {
    inputs,
    layers,
    outputs,
    inputKind: oneOf('numbers', 'classes'),
    classNames: [],
    eigenvalues: layers.some(isScan) ? oneOf('positive', 'signed') : 'positive',
    loss,
    delta: loss === 'huber' ? random.uniform(0.3, 2) : 1,
    quantiles: loss === 'pinball' ? drawn(oneOf(1, outputs), () => random.uniform(0.02, 0.98)) : [],
    reads: oneOf('last', 'every'),
    dropout: layers.length > 1 ? oneOf(0, random.uniform(0.05, 0.8)) : 0,
    forgetBias: oneOf(0, 1, random.normal(0, 1)),
  };
  const lengths = isTrue() ? Array(B).fill(T) : drawn(B, () => 1 + random.below(T));

  const shapes = networkParameterShapes(network);
  const parameters = Object.fromEntries(
    Object.entries(shapes).map(([name, [rows, columns = 1]]) => [name, numbers(rows * columns)]),
  );
  const places = Object.keys(shapes).flatMap((name) => {
    if (!name.startsWith('kernel')) return [];
    const suffix = name.slice('kernel'.length);
    const { hidden: H, projection, cell } = layers[Number(suffix.split('.')[1] ?? 0)];
    return [{ suffix, H, P: projection || H, cell }];
  });
  const withC = places.filter(({ cell }) => ['lstm', 'lstm-peephole', 'slstm'].includes(cell));
  const slstms = places.filter(({ cell }) => cell === 'slstm');
  const h = () => Object.fromEntries(places.map(({ suffix, P }) => [suffix, numbers(B * P)]));
  /** @param {typeof places} own */
  const c = (own) => Object.fromEntries(own.map(({ suffix, H }) => [suffix, numbers(B * H)]));
  const x = network.inputKind === 'classes' ? drawn(T * B, () => random.below(inputs)) : numbers(T * B * inputs);

  const rows = network.reads === 'every' ? T * B : B;
  const labels = drawn(rows, () => (random.below(5) === 0 ? -1 : random.below(outputs)));
  labels[0] = random.below(outputs); // at least one counts
  const wanted = numbers((rows * outputs) / Math.max(network.quantiles.length, 1)).map(
    (value, n) => (n > 0 && random.below(6) === 0 ? NaN : value), // a missing number
  );
  const target = loss === 'crossEntropy' ? { labels } : { targets: wanted };

  const tops = layers[layers.length - 1].bidirectional ? 2 : 1;
  /** @param {number} P */
  const mask = (P) => drawn(T * B * P, () => Number(random.uniform(0, 1) >= network.dropout));
  const masks = Object.fromEntries(places.slice(0, -tops).map(({ suffix, P }) => [suffix, mask(P)]));
  /** @type {(draw: () => number) => ByName} */
  const ofSlstms = (draw) => Object.fromEntries(slstms.map(({ suffix, H }) => [suffix, drawn(B * H, draw)]));
  const normal = () => random.normal(0, 0.7);
  const positive = () => 0.5 + Math.abs(normal()); // n adds up weights
  const other = { n0: ofSlstms(positive), m0: ofSlstms(normal) };
  const given = isTrue() && { dhn: h(), dcn: c(withC.filter(({ cell }) => cell !== 'slstm')) };
  const state = { h0: h(), c0: c(withC), ...other, ...given };
  return { network, T, B, lengths, parameters, x, ...state, ...target, ...(network.dropout > 0 && { masks }) };
}

/**
 * Two numbers for each tensor of results: the sum of its elements times cos(n), and the largest absolute element.
 *
 * @type {(results: Results) => ByName}
 */
export function summaryOf(results) {
  return Object.fromEntries(
    Object.entries(results).map(([name, values]) => {
      const numbers = Array.from(values);
      const sum = numbers.reduce((total, value, n) => total + value * Math.cos(n), 0);
      return [name, [sum, numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0)]];
    }),
  );
}
