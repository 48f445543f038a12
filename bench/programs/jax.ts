/**
 * jax-js on its WebAssembly or WebGPU device: each task is one `jit` function. Gradients come from its automatic
 * differentiation, and Adam is written as its users write it. An operation consumes its arrays; `.ref` keeps one.
 */
import { type Program, type Prepared, type StartOptions, LeftOutError, threadsText } from '../program.js';
import type { Arrays, CellTask, MatmulTask, ModelTask, NetworkTask, BenchmarkTask } from '../tasks.js';
import { FORGET_BIAS, gradientName, inputsAs, LEARNING_RATE } from '../tasks.js';
import { loadRival, provideWebGpu, provideWebWorkers, rivalVersion } from './rivals.js';

/** The part of jax-js that this file uses. */
interface Jax {
  /** Returns the devices that started. */
  init(device: string): Promise<readonly string[]>;
  defaultDevice(device: string): unknown;
  readonly jit: <F extends Computation>(f: F) => F;
  readonly valueAndGrad: (f: (parameters: Named) => JaxArray) => (parameters: Named) => [JaxArray, Named];
  /** The one function that does not consume its argument, but returns it. */
  blockUntilReady(tree: unknown): Promise<unknown>;
  readonly tree: { ref<T>(tree: T): T; dispose(tree: unknown): void };
  readonly nn: { sigmoid(x: JaxArray): JaxArray; logSoftmax(x: JaxArray, axis: number): JaxArray };
  readonly numpy: {
    array(values: Float32Array): JaxArray;
    zeros(shape: readonly number[]): JaxArray;
    tanh(x: JaxArray): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    minimum(a: JaxArray | number, b: JaxArray | number): JaxArray;
    square(x: JaxArray): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    concatenate(parts: JaxArray[], axis: number): JaxArray;
  };
}

interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: readonly number[];
  dispose(): void;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  neg(): JaxArray;
  sum(): JaxArray;
  transpose(): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  slice(...index: (number | [] | [number, number])[]): JaxArray;
  data(): Promise<Float32Array>;
}

type Named = Record<string, JaxArray>;
type Computation = (given: Named) => Named;

export async function start({ threads, mode }: StartOptions): Promise<Program> {
  provideWebWorkers(threads);
  if (mode === 'webgpu') await provideWebGpu();
  const jax = (await loadRival('@jax-js/jax')) as Jax;
  const devices = await jax.init(mode);
  if (!devices.includes(mode)) throw new LeftOutError(`the ${mode} device does not start here`);
  jax.defaultDevice(mode);
  return {
    version: rivalVersion('@jax-js/jax'),
    description: `jax-js, ${mode} device${mode === 'wasm' ? `, ${threadsText(threads)}` : ''}`,
    prepare: async (task, inputs) => prepare(jax, task, inputs),
  };
}

function prepare(jax: Jax, task: BenchmarkTask, inputs: Arrays): Prepared {
  const given = inputsAs(task, inputs, (values, shape) => jax.numpy.array(values).reshape(shape));
  switch (task.kind) {
    case 'matmul':
      return computation(jax, given, (operands) => ({ out: multiply(jax, task, operands) }));
    case 'cellForward':
      return computation(jax, given, (operands) => cellForward(jax, task, operands));
    case 'cellBackward':
      return computation(jax, given, (operands) => cellBackward(jax, task, operands));
    case 'forward': {
      const { y, ...used } = given;
      jax.tree.dispose(y);
      return computation(jax, used, ({ x, ...parameters }) => ({ logits: logitsOf(jax, task, x, parameters) }));
    }
    case 'step':
      return training(jax, given, (x, parameters) => logitsOf(jax, task, x, parameters));
    case 'network':
      return prepareCharacters(jax, task, inputs, given);
    case 'anyCell':
      throw new LeftOutError('jax-js is compared in LSTMs only');
  }
}

function multiply({ numpy }: Jax, { form }: MatmulTask, { a, b }: Named): JaxArray {
  return numpy.matmul(form === 'Aᵀ·B' ? a.transpose() : a, form === 'A·Bᵀ' ? b.transpose() : b);
}

function gatesOf(gates: JaxArray, H: number): JaxArray[] {
  const parts = [0, 1, 2].map((n) => gates.ref.slice([], [n * H, (n + 1) * H]));
  return [...parts, gates.slice([], [3 * H, 4 * H])];
}

function cellForward({ nn, numpy }: Jax, { H }: { H: number }, { z, cPrev }: Named): { h: JaxArray; c: JaxArray } {
  const [i, j, f, o] = gatesOf(z, H);
  const kept = nn.sigmoid(f.add(FORGET_BIAS)).mul(cPrev);
  const c = kept.add(nn.sigmoid(i).mul(numpy.tanh(j)));
  return { h: nn.sigmoid(o).mul(numpy.tanh(c.ref)), c };
}

function cellBackward({ numpy }: Jax, { H }: CellTask, { dh, dc, gates, c, cPrev }: Named): Named {
  const [i, j, f, o] = gatesOf(gates, H);
  const throughSigmoid = (gradient: JaxArray, gate: JaxArray): JaxArray =>
    gradient.mul(gate.ref).mul(gate.neg().add(1));
  const throughTanh = (gradient: JaxArray, result: JaxArray): JaxArray =>
    gradient.mul(numpy.square(result).neg().add(1));
  const tanhC = numpy.tanh(c);
  const fromH = dh.ref.mul(tanhC.ref);
  const dC = dc.add(throughTanh(dh.mul(o.ref), tanhC));
  const dcPrev = dC.ref.mul(f.ref);
  const [dI, dJ] = [throughSigmoid(dC.ref.mul(j.ref), i.ref), throughTanh(dC.ref.mul(i), j)];
  const [dF, dO] = [throughSigmoid(dC.mul(cPrev), f), throughSigmoid(fromH, o)];
  return { dz: numpy.concatenate([dI, dJ, dF, dO], 1), dcPrev };
}

/**
 * h after each of the steps, `[B,H]` each. [x,h]·kernel at every step: in jax-js this is faster than x·Wx for all steps at once, with a
 * gradient made of slices.
 */
function hiddenStates(
  jax: Jax,
  steps: readonly JaxArray[],
  [B, H]: readonly [B: number, H: number],
  kernel: JaxArray,
  bias: JaxArray,
): JaxArray[] {
  const { numpy, tree } = jax;
  let [h, c] = [numpy.zeros([B, H]), numpy.zeros([B, H])];
  const states = steps.map((x) => {
    const z = numpy.matmul(numpy.concatenate([x, h], 1), kernel.ref).add(bias.ref);
    ({ h, c } = cellForward(jax, { H }, { z, cPrev: c }));
    return h.ref;
  });
  tree.dispose([kernel, bias, h, c]);
  return states;
}

/** x `[T,…]` as T arrays. */
function stepsOf(x: JaxArray, T: number): JaxArray[] {
  const steps = Array.from({ length: T }, (_, t) => x.ref.slice(t, [], []));
  x.dispose();
  return steps;
}

function logitsOf(jax: Jax, { T, B, H }: ModelTask, x: JaxArray, parameters: Named): JaxArray {
  const { kernel, bias, outKernel, outBias } = parameters;
  const states = hiddenStates(jax, stepsOf(x, T), [B, H], kernel, bias);
  jax.tree.dispose(states.slice(0, -1));
  return jax.numpy.matmul(states[T - 1], outKernel).add(outBias);
}

/** A character model: layers in one direction, and a loss at every step. Characters are one-hot. */
function prepareCharacters(jax: Jax, task: NetworkTask, inputs: Arrays, { x, labels, ...parameters }: Named): Prepared {
  const { T, B, I, C, bidirectional, inputKind, reads, lengths, clipNorm } = task;
  if (bidirectional || inputKind !== 'classes' || reads !== 'every' || lengths)
    throw new LeftOutError('of larger networks, jax-js is compared in character models only');
  jax.tree.dispose([x, labels]);
  const oneHot = (classes: Float32Array, count: number): JaxArray => {
    const rows = new Float32Array(classes.length * count);
    classes.forEach((one, row) => (rows[row * count + one] = 1));
    return jax.numpy.array(rows);
  };
  const batch = { x: oneHot(inputs.x, I).reshape([T, B, I]), y: oneHot(inputs.labels, C).reshape([T * B, C]) };
  return training(
    jax,
    { ...parameters, ...batch },
    (steps, trained) => characterLogits(jax, task, steps, trained),
    clipNorm,
  );
}

function characterLogits(jax: Jax, { T, B, H, layers }: NetworkTask, x: JaxArray, parameters: Named): JaxArray {
  let steps = stepsOf(x, T);
  for (let n = 0; n < layers; n++)
    steps = hiddenStates(jax, steps, [B, H], parameters[`kernel.${n}`], parameters[`bias.${n}`]);
  const { outKernel, outBias } = parameters;
  return jax.numpy.matmul(jax.numpy.concatenate(steps, 0), outKernel).add(outBias);
}

/** The logits `[…,C]` of x. Consumes both arguments. */
type Logits = (x: JaxArray, parameters: Named) => JaxArray;

/** Training steps. The state: the parameters, their moments as kernelM, kernelV, …, and the powers of β₁ and β₂. */
function training(jax: Jax, { x, y, ...parameters }: Named, logits: Logits, clipNorm?: number): Prepared {
  const names = Object.keys(parameters);
  const moments = ['M', 'V'].flatMap((moment) =>
    names.map((name) => [name + moment, jax.numpy.zeros(parameters[name].shape)] as const),
  );
  const powers = jax.numpy.array(Float32Array.of(1, 1));
  let state: Named = { ...parameters, ...Object.fromEntries(moments), powers };
  const step = jax.jit((inputs: Named) => trainingStep(jax, names, logits, inputs, clipNorm));

  const run = async (): Promise<Named> => {
    const results = Object.entries(step({ ...state, x: x.ref, y: y.ref }));
    state = Object.fromEntries(results.filter(([name]) => name in state));
    await jax.blockUntilReady(state);
    return Object.fromEntries(results.filter(([name]) => !(name in state)));
  };
  return {
    run: async () => jax.tree.dispose(await run()),
    result: async () => {
      const outputs = await run();
      return read({ ...outputs, ...Object.fromEntries(names.map((name) => [name, state[name].ref])) });
    },
    dispose: () => jax.tree.dispose([state, x, y]),
  };
}

function trainingStep(
  jax: Jax,
  names: readonly string[],
  logits: Logits,
  { x, y, powers, ...state }: Named,
  clipNorm?: number,
): Named {
  const { numpy, nn, valueAndGrad, tree } = jax;
  const parameters = Object.fromEntries(names.map((name) => [name, state[name]]));
  const [rows] = y.shape;
  const [loss, whole] = valueAndGrad((trained) => nn.logSoftmax(logits(x, trained), -1).mul(y).sum().neg().div(rows))(
    tree.ref(parameters),
  );
  const gradients = clipNorm === undefined ? whole : clipped(jax, whole, clipNorm);

  const next: Named = { powers: powers.mul(numpy.array(Float32Array.of(0.9, 0.999))) };
  const rest = next.powers.ref.neg().add(1);
  const rate = numpy.sqrt(rest.ref.slice(1)).div(rest.slice(0)).mul(LEARNING_RATE);
  for (const name of names) {
    const m = state[`${name}M`].mul(0.9).add(gradients[name].ref.mul(0.1));
    const v = state[`${name}V`].mul(0.999).add(numpy.square(gradients[name].ref).mul(0.001));
    next[name] = parameters[name].sub(rate.ref.mul(m.ref).div(numpy.sqrt(v.ref).add(1e-8)));
    next[`${name}M`] = m;
    next[`${name}V`] = v;
  }
  tree.dispose(rate);
  const named = names.map((name) => [gradientName(name), gradients[name]] as const);
  return { ...next, loss, ...Object.fromEntries(named) };
}

/** The whole gradient, scaled down to the norm `limit`: equation (10). */
function clipped({ numpy }: Jax, gradients: Named, limit: number): Named {
  const squares = Object.values(gradients).map((gradient) => numpy.square(gradient.ref).sum());
  const norm = numpy.sqrt(squares.reduce((sum, square) => sum.add(square)));
  const factor = numpy.minimum(numpy.array(Float32Array.of(limit)).reshape([]).div(norm), 1);
  const scaled = Object.entries(gradients).map(([name, gradient]) => [name, gradient.mul(factor.ref)] as const);
  factor.dispose();
  return Object.fromEntries(scaled);
}

function computation(jax: Jax, given: Named, compute: Computation): Prepared {
  const compiled = jax.jit(compute);
  const run = async (): Promise<void> => {
    const outputs = compiled(jax.tree.ref(given));
    await jax.blockUntilReady(outputs);
    jax.tree.dispose(outputs);
  };
  return {
    run,
    result: () => read(compiled(jax.tree.ref(given))),
    dispose: () => jax.tree.dispose(given),
  };
}

async function read(arrays: Named): Promise<Arrays> {
  const entries = Object.entries(arrays).map(async ([name, array]) => [name, await array.data()] as const);
  return Object.fromEntries(await Promise.all(entries));
}
