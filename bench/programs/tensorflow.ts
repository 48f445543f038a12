/** TensorFlow.js, with its own matMul, basicLSTMCell, automatic differentiation and Adam. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { lstmsOf } from '../../src/network/config.js';
import { type Program, type Prepared, type StartOptions, LeftOutError, threadsText } from '../program.js';
import type { Arrays, CellTask, MatmulTask, ModelTask, NetworkTask, BenchmarkTask } from '../tasks.js';
import { FORGET_BIAS, gradientName, inputsAs, LEARNING_RATE, networkOf } from '../tasks.js';
import { loadRival, rivalFile, rivalVersion } from './rivals.js';

type Tf = typeof TensorFlow;
type Tensor = TensorFlow.Tensor;
type Matrix = TensorFlow.Tensor2D;
type Named = Record<string, Tensor>;

/** The part of the wasm backend's package that this file uses. */
interface WasmModule {
  setWasmPaths(folder: string): void;
  setThreadsCount(threads: number): void;
  /** Throws if the backend has no threads. */
  getThreadsCount(): number;
}

export async function start({ mode, threads }: StartOptions): Promise<Program> {
  const tf = (await loadRival('@tensorflow/tfjs')) as Tf;
  tf.enableProdMode();
  const wasm = mode === 'wasm' ? ((await loadRival('@tensorflow/tfjs-backend-wasm')) as WasmModule) : undefined;
  wasm?.setThreadsCount(threads);
  wasm?.setWasmPaths(rivalFile('@tensorflow', 'tfjs-backend-wasm', 'dist', '/'));
  if (mode === 'webgpu') await loadRival('@tensorflow/tfjs-backend-webgpu');
  if (!(await isStarted(tf, mode))) throw new LeftOutError(`the ${mode} backend does not start here`);
  await tf.ready();
  if (wasm && threads > 1 && wasm.getThreadsCount() !== threads) {
    const runs = `runs ${threadsText(wasm.getThreadsCount())} instead of ${threads}`;
    throw new LeftOutError(`the threaded build ${runs} (github.com/tensorflow/tfjs/issues/8513)`);
  }
  return {
    version: rivalVersion('@tensorflow/tfjs'),
    description: `TensorFlow.js, ${mode} backend${mode === 'wasm' ? `, ${threadsText(threads)}` : ''}`,
    prepare: async (task, inputs) =>
      prepare(
        tf,
        task,
        inputsAs(task, inputs, (values, shape) => tf.tensor(values, [...shape])),
      ),
  };
}

async function isStarted(tf: Tf, mode: string): Promise<boolean> {
  try {
    return await tf.setBackend(mode);
  } catch {
    return false; // an unknown backend
  }
}

function prepare(tf: Tf, task: BenchmarkTask, given: Named): Prepared {
  switch (task.kind) {
    case 'matmul':
      return computation(tf, given, () => ({ out: multiply(tf, task, given) }));
    case 'cellForward':
      return computation(tf, given, () => cellForward(tf, task, given));
    case 'cellBackward':
      return computation(tf, given, () => cellBackward(tf, task, given));
    case 'forward':
      return computation(tf, given, () => ({ logits: logitsOf(tf, task, given, given) }));
    case 'step':
      return modelTraining(tf, task, given);
    case 'network':
      return task.hasTensorFlowLayers ? layersTraining(tf, task, given) : networkTraining(tf, task, given);
    case 'anyCell':
      throw new LeftOutError('TensorFlow.js is compared in LSTMs only');
  }
}

function multiply(tf: Tf, { form }: MatmulTask, { a, b }: Named): Tensor {
  return tf.matMul(a, b, form === 'Aᵀ·B', form === 'A·Bᵀ');
}

/** The pointwise part of tf.basicLSTMCell, with the same operations. */
function cellForward(tf: Tf, { B, H }: CellTask, { z, cPrev }: Named): Named {
  const [i, j, f, o] = [0, 1, 2, 3].map((gate) => tf.slice(z, [0, gate * H], [B, H]));
  const c = tf.add(tf.mul(cPrev, tf.sigmoid(tf.add(f, FORGET_BIAS))), tf.mul(tf.sigmoid(i), tf.tanh(j)));
  return { c, h: tf.mul(tf.tanh(c), tf.sigmoid(o)) };
}

function cellBackward(tf: Tf, { B, H }: CellTask, { dh, dc, gates, c, cPrev }: Named): Named {
  const { mul, sub } = tf;
  const [i, j, f, o] = [0, 1, 2, 3].map((gate) => tf.slice(gates, [0, gate * H], [B, H]));
  const throughSigmoid = (gradient: Tensor, gate: Tensor): Tensor => mul(gradient, mul(gate, sub(1, gate)));
  const throughTanh = (gradient: Tensor, result: Tensor): Tensor => mul(gradient, sub(1, mul(result, result)));
  const tanhC = tf.tanh(c);
  const dC = tf.add(dc, throughTanh(mul(dh, o), tanhC));
  const [dI, dJ] = [throughSigmoid(mul(dC, j), i), throughTanh(mul(dC, i), j)];
  const [dF, dO] = [throughSigmoid(mul(dC, cPrev), f), throughSigmoid(mul(dh, tanhC), o)];
  return { dz: tf.concat([dI, dJ, dF, dO], 1), dcPrev: mul(dC, f) };
}

function logitsOf(tf: Tf, { T, B, I, H }: ModelTask, { x }: Named, parameters: Named): Tensor {
  const steps = Array.from({ length: T }, (_, t) => tf.reshape<TensorFlow.Rank.R2>(tf.slice(x, t, 1), [B, I]));
  const states = hiddenStates(tf, steps, H, parameters.kernel, parameters.bias);
  return tf.add(tf.matMul(states[T - 1], parameters.outKernel), parameters.outBias);
}

/** h after each of the steps, `[B,H]` each, in the order of the steps. */
function hiddenStates(tf: Tf, steps: readonly Matrix[], H: number, kernel: Tensor, bias: Tensor): Matrix[] {
  const forgetBias = tf.scalar(FORGET_BIAS);
  const [B] = steps[0].shape;
  let [c, h] = [tf.zeros<TensorFlow.Rank.R2>([B, H]), tf.zeros<TensorFlow.Rank.R2>([B, H])];
  return steps.map((x) => {
    [c, h] = tf.basicLSTMCell(forgetBias, kernel as Matrix, bias as TensorFlow.Tensor1D, x, c, h);
    return h;
  });
}

function modelTraining(tf: Tf, task: ModelTask, { x, y, ...parameters }: Named): Prepared {
  const lossOf = (variables: Named) =>
    tf.losses.softmaxCrossEntropy<Tensor, TensorFlow.Scalar>(y, logitsOf(tf, task, { x }, variables));
  return training(tf, parameters, lossOf, [x, y]);
}

/** Classes are one-hot. All sequences run to step T, and the loss does not count what is beyond their ends. */
function networkTraining(tf: Tf, task: NetworkTask, { x, labels, ...parameters }: Named): Prepared {
  const { T, B, I, C, lengths } = task;
  const batch = tf.tidy(() => {
    // Asked for f32, the wasm backend's oneHot writes integers in place of f32 numbers (version 4.22).
    const oneHot = (classes: Tensor, count: number): Tensor =>
      tf.cast(tf.oneHot(tf.cast(classes, 'int32'), count), 'float32');
    const numbers = task.inputKind === 'classes' ? oneHot(x, I) : x;
    const y = tf.reshape(oneHot(labels, C), [-1, C]);
    const counted = Array.from({ length: T * B }, (_, row) => Number(Math.floor(row / B) < (lengths?.[row % B] ?? T)));
    return { steps: tf.unstack(numbers) as Matrix[], y, ...(lengths ? { counted: tf.tensor1d(counted) } : {}) };
  });
  const lossOf = (variables: Named) => {
    const logits = networkLogits(tf, task, batch.steps, variables);
    return tf.losses.softmaxCrossEntropy<Tensor, TensorFlow.Scalar>(batch.y, logits, batch.counted);
  };
  tf.dispose([x, labels]);
  return training(tf, parameters, lossOf, [...batch.steps, batch.y, ...(batch.counted ? [batch.counted] : [])]);
}

function networkLogits(tf: Tf, task: NetworkTask, steps: readonly Matrix[], parameters: Named): Tensor {
  const joined = (parts: readonly Matrix[]): Matrix => (parts.length === 1 ? parts[0] : tf.concat([...parts], 1));
  let inputs = steps;
  let last = steps[0];
  for (let layer = 0; layer < task.layers; layer++) {
    const directions = lstmsOf(networkOf(task))
      .filter((place) => place.layer === layer)
      .map(({ suffix, reverse, H }) => {
        const order = reverse ? [...inputs].reverse() : inputs;
        const states = hiddenStates(tf, order, H, parameters[`kernel${suffix}`], parameters[`bias${suffix}`]);
        return { last: states[states.length - 1], states: reverse ? states.reverse() : states };
      });
    last = joined(directions.map((direction) => direction.last));
    inputs = steps.map((_, t) => joined(directions.map(({ states }) => states[t])));
  }
  const read = task.reads === 'every' ? tf.concat([...inputs], 0) : last;
  return tf.add(tf.matMul(read, parameters.outKernel), parameters.outBias);
}

/** A model of tf.layers with one-hot inputs `[B,T,I]`. A loss at every step; one direction. Its `trainOnBatch` cannot clip gradients. */
function layersTraining(tf: Tf, task: NetworkTask, { x, labels, ...parameters }: Named): Prepared {
  const { T, I, H, C, layers, clipNorm = Infinity } = task;
  const oneHot = (classes: Tensor, count: number): Tensor =>
    tf.tidy(() => tf.cast(tf.oneHot(tf.cast(tf.transpose(classes), 'int32'), count), 'float32'));
  const [numbers, y] = [oneHot(x, I), oneHot(labels, C)];
  const model = tf.sequential();
  for (let n = 0; n < layers; n++) {
    const first = n === 0 ? { inputShape: [T, I] } : {};
    model.add(tf.layers.lstm({ units: H, recurrentActivation: 'sigmoid', returnSequences: true, ...first }));
  }
  model.add(tf.layers.dense({ units: C }));
  const optimizer = tf.train.adam(LEARNING_RATE, 0.9, 0.999, 1e-8);
  const lossOf = () => tf.losses.softmaxCrossEntropy<Tensor, TensorFlow.Scalar>(y, model.apply(numbers) as Tensor);
  model.setWeights(tf.tidy(() => toKeras(tf, task, parameters)));
  const asOurs = async (prefix: string, weights: readonly Tensor[], forgetBias: number): Promise<Arrays> => {
    const named = tf.tidy(() => fromKeras(tf, task, weights, forgetBias));
    const arrays = await read(named);
    tf.dispose(named);
    return Object.fromEntries(Object.entries(arrays).map(([name, values]) => [prefix + name, values]));
  };
  const lossAndGradients = () => {
    const { value, grads } = tf.variableGrads(lossOf);
    return { value, gradients: clipped(tf, grads, clipNorm) };
  };
  const update = (gradients: Named): void =>
    optimizer.applyGradients(Object.entries(gradients).map(([name, tensor]) => ({ name, tensor })));
  return {
    async result() {
      const variables = model.trainableWeights.map((weight) => weight.read() as Tensor & { readonly name: string });
      const { value, gradients } = lossAndGradients();
      const ofVariables = variables.map(({ name }) => gradients[name]);
      const outputs = { ...(await read({ loss: value })), ...(await asOurs('d.', ofVariables, 0)) };
      update(gradients);
      return { ...outputs, ...(await asOurs('', variables, FORGET_BIAS)) };
    },
    run() {
      tf.tidy(() => update(lossAndGradients().gradients));
      return isSynchronous(tf) ? undefined : waitFor(model.getWeights()[0]);
    },
    dispose() {
      model.dispose();
      tf.dispose([...Object.values(parameters), x, labels, numbers, y]);
      optimizer.dispose();
    },
  };
}

/** The whole gradient, scaled down to the norm `limit`: equation (10). TensorFlow.js has no function for it. */
function clipped(tf: Tf, gradients: Named, limit: number): Named {
  const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)));
  const factor = tf.minimum(1, tf.div(limit, tf.sqrt(tf.addN(squares))));
  return Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, tf.mul(gradient, factor)]));
}

/** Gates from i, j, f, o to Keras's i, f, j, o, or back; the bias of f plus `forgetBias`. */
function withGates(tf: Tf, gates: Tensor, forgetBias: number): Tensor {
  const axis = gates.rank - 1;
  const [first, second, third, last] = tf.split(gates, 4, axis);
  return tf.concat([first, tf.add(third, forgetBias), second, last], axis);
}

/** The weights in the order of `setWeights`. */
function toKeras(tf: Tf, task: NetworkTask, parameters: Named): Tensor[] {
  const lstms = lstmsOf(networkOf(task)).flatMap(({ suffix, I, H }) => {
    const kernel = withGates(tf, parameters[`kernel${suffix}`], 0);
    return [...tf.split(kernel, [I, H]), withGates(tf, parameters[`bias${suffix}`], FORGET_BIAS)];
  });
  return [...lstms, parameters.outKernel, parameters.outBias];
}

/** The inverse of `toKeras`, for weights and gradients. */
function fromKeras(tf: Tf, task: NetworkTask, weights: readonly Tensor[], forgetBias: number): Named {
  const named: Named = {};
  lstmsOf(networkOf(task)).forEach(({ suffix }, n) => {
    const [kernel, recurrent, bias] = weights.slice(3 * n, 3 * n + 3);
    named[`kernel${suffix}`] = withGates(tf, tf.concat([kernel, recurrent], 0), 0);
    const [i, f, j, o] = tf.split(bias, 4);
    named[`bias${suffix}`] = tf.concat([i, j, tf.sub(f, forgetBias), o]);
  });
  const [outKernel, outBias] = weights.slice(-2);
  return { ...named, outKernel: tf.clone(outKernel), outBias: tf.clone(outBias) };
}

/** Training steps. `batch`: the tensors that the loss reads, to be disposed of. */
function training(
  tf: Tf,
  parameters: Named,
  lossOf: (variables: Named) => TensorFlow.Scalar,
  batch: readonly Tensor[],
): Prepared {
  const variables = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, tf.variable(value)]));
  const optimizer = tf.train.adam(LEARNING_RATE, 0.9, 0.999, 1e-8);
  return {
    async result() {
      const { value, grads } = tf.variableGrads(() => lossOf(variables));
      const gradients = Object.entries(variables).map(([name, variable]) => [gradientName(name), grads[variable.name]]);
      const outputs = await read({ loss: value, ...(Object.fromEntries(gradients) as Named) });
      optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
      return { ...outputs, ...(await read(variables)) };
    },
    run() {
      optimizer.minimize(() => lossOf(variables));
      return isSynchronous(tf) ? undefined : waitFor(variables.outBias);
    },
    dispose() {
      tf.dispose([...Object.values(variables), ...Object.values(parameters), ...batch]);
      optimizer.dispose();
    },
  };
}

/** On cpu and wasm the work is done when a call returns, so `run` reads nothing back. */
function isSynchronous(tf: Tf): boolean {
  return ['cpu', 'wasm'].includes(tf.getBackend());
}

/** A GPU works in order: when the last result can be read, all work is done. */
async function waitFor(last: Tensor): Promise<void> {
  await last.data();
}

function computation(tf: Tf, given: Named, compute: () => Named): Prepared {
  const run = (): void | Promise<void> => {
    const outputs = tf.tidy(compute);
    const free = (): void => tf.dispose(outputs);
    if (!isSynchronous(tf)) return waitFor(Object.values(outputs)[0]).then(free);
    free();
    return undefined;
  };
  const result = async (): Promise<Arrays> => {
    const outputs = tf.tidy(compute);
    const arrays = await read(outputs);
    tf.dispose(outputs);
    return arrays;
  };
  return { run, result, dispose: () => tf.dispose(given) };
}

async function read(tensors: Named): Promise<Arrays> {
  const arrays: Arrays = {};
  for (const [name, tensor] of Object.entries(tensors)) arrays[name] = Float32Array.from(await tensor.data());
  return arrays;
}
