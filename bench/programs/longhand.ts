/** Longhand: its model and operations on one of its backends. */
import type { Mode } from '../../kernels/gpu/gpu-js.js';
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { createWebGpuBackend } from '../../kernels/webgpu/index.js';
import type { Backend, MatmulOptions } from '../../src/core/backend.js';
import type { FloatArray, Tensor } from '../../src/core/tensor.js';
import { copyInto, stepOf, tensorFrom, transposeOf, valuesOf } from '../../src/core/tensor.js';
import { clipGradients } from '../../src/equations/clipping.js';
import { denseForward } from '../../src/equations/dense.js';
import { lstmForward } from '../../src/equations/lstm.js';
import { Model } from '../../src/door/model.js';
import { Network } from '../../src/door/network.js';
import { valuesByName } from '../../src/network/parameters.js';
import { Adam } from '../../src/training/optimisers.js';
import { type Program, type Prepared, type StartOptions, LeftOutError, orLeftOut } from '../program.js';
import type { AnyCellTask, Arrays, CellTask, MatmulTask, ModelTask, NetworkTask, BenchmarkTask } from '../tasks.js';
import { classesOf, FORGET_BIAS, gradientName, inputsAs, LEARNING_RATE, networkOf } from '../tasks.js';
import { projectVersion } from '../versions.js';

export async function start(options: StartOptions): Promise<Program> {
  const backend = await createBackend(options);
  const isPortable = backend.description.includes('portable');
  if (options.mode === 'wasm-portable' && !isPortable)
    throw new Error(`longhand-wasm-portable: the backend is ${backend.description}, not the portable build`);
  return {
    version: projectVersion(),
    description: backend.description,
    prepare: async (task, inputs) => {
      const { outputs, ...rest } = prepareOn(backend, task, inputs);
      const inF32 = ([name, values]: [string, FloatArray]) => [name, Float32Array.from(values)] as const;
      return { ...rest, result: async () => Object.fromEntries(Object.entries(await outputs()).map(inF32)) };
    },
    close: () => backend.dispose(),
  };
}

async function createBackend({ mode, threads }: StartOptions): Promise<Backend> {
  switch (mode) {
    case 'wasm':
      return createWasmBackend({ threads });
    case 'wasm-portable':
      return createPortable(threads);
    case 'reference':
      return createReferenceBackend();
    case 'loops':
      return { ...createReferenceBackend(), matmul, description: 'nested loops in plain TypeScript, 1 thread' };
    case 'wgsl':
      return orLeftOut(createWebGpuBackend());
    default:
      return orLeftOut(createGpuBackend({ mode: mode as Mode }));
  }
}

/** The portable build, if the engine also has the faster one. */
async function createPortable(threads: number): Promise<Backend> {
  const best = await createWasmBackend({ threads: 1 });
  await best.dispose();
  if (best.description.includes('portable'))
    throw new LeftOutError('this engine has no relaxed SIMD, so longhand-wasm is already the portable build');
  return createWasmBackend({ threads, deterministic: true });
}

/** A product as in a first version: three loops over flat arrays. */
function matmul(out: Tensor, a: Tensor, b: Tensor, { accumulate = false, bias }: MatmulOptions = {}): void {
  const [M, K] = a.shape;
  const N = b.shape[1];
  const [aRow, aColumn] = a.stride;
  const [bRow, bColumn] = b.stride;
  const [outRow, outColumn] = out.stride;
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      const at = out.offset + m * outRow + n * outColumn;
      let sum = accumulate ? out.data[at] : (bias?.get(n) ?? 0);
      for (let k = 0; k < K; k++)
        sum += a.data[a.offset + m * aRow + k * aColumn] * b.data[b.offset + k * bRow + n * bColumn];
      out.data[at] = sum;
    }
  }
}

type Outputs = Record<string, FloatArray>;

/** A program's task, whose outputs have the backend's type of numbers. */
interface OnBackend extends Omit<Prepared, 'result'> {
  readonly outputs: () => Promise<Outputs>;
}

/** What a backend computes from the inputs, in its type of numbers. */
export async function outputsOn(backend: Backend, task: BenchmarkTask, inputs: Arrays): Promise<Outputs> {
  const prepared = prepareOn(backend, task, inputs);
  const outputs = await prepared.outputs();
  await prepared.dispose();
  return outputs;
}

function prepareOn(backend: Backend, task: BenchmarkTask, inputs: Arrays): OnBackend {
  switch (task.kind) {
    case 'matmul':
      return prepareMatmul(backend, task, inputs);
    case 'cellForward':
    case 'cellBackward':
      return prepareCell(backend, task, inputs);
    case 'network':
    case 'anyCell':
      return prepareNetwork(backend, task, inputs);
    default:
      return prepareModel(backend, task, inputs);
  }
}

function prepareMatmul(backend: Backend, task: MatmulTask, inputs: Arrays): OnBackend {
  const { a: storedA, b: storedB } = uploadAll(backend, task, inputs);
  const a = task.form === 'Aᵀ·B' ? transposeOf(storedA) : storedA;
  const b = task.form === 'A·Bᵀ' ? transposeOf(storedB) : storedB;
  const out = backend.allocate([task.M, task.N]);
  const multiply = (): void => {
    // The wasm backend keeps b packed until b is written. No other candidate could, so each product counts as a new b.
    if (backend.name === 'wasm') backend.upload(storedB);
    backend.matmul(out, a, b);
  };
  return prepared(backend, multiply, { out }, () => [storedA, storedB, out].forEach((tensor) => backend.free(tensor)));
}

function prepareCell(backend: Backend, task: CellTask, inputs: Arrays): OnBackend {
  const { B, H } = task;
  const given = uploadAll(backend, task, inputs);
  const made = (
    task.kind === 'cellForward' ? { h: [B, H], c: [B, H], gates: [B, 4 * H] } : { dz: [B, 4 * H], dcPrev: [B, H] }
  ) satisfies Record<string, number[]>;
  const outputs = Object.fromEntries(Object.entries(made).map(([name, shape]) => [name, backend.allocate(shape)]));
  const run = (): void => {
    if (task.kind === 'cellForward') {
      backend.lstmCellForward(outputs.h, outputs.c, outputs.gates, given.z, given.cPrev, FORGET_BIAS);
    } else {
      backend.lstmCellBackward(outputs.dz, given.dc, outputs.dcPrev, given.dh, given.gates, given.c, given.cPrev);
    }
  };
  const tensors = [...Object.values(given), ...Object.values(outputs)];
  return prepared(backend, run, outputs, () => tensors.forEach((tensor) => backend.free(tensor)));
}

function prepareModel(backend: Backend, task: ModelTask, inputs: Arrays): OnBackend {
  const model = new Model(backend, task, { forgetBias: FORGET_BIAS });
  const parameters = valuesByName(model.parameters);
  const { x, y, h, logits } = model.activations;
  for (const [name, tensor] of Object.entries({ ...parameters, x })) {
    copyInto(tensor, tensorFrom(inputs[name], tensor.shape));
    backend.upload(tensor);
  }
  copyInto(y, tensorFrom(classesOf(inputs.y, task), y.shape));
  backend.upload(y);
  if (task.kind === 'step') return training(model);

  const lastH = stepOf(h, task.T);
  const forward = (): void => {
    lstmForward(backend, model.lstm);
    denseForward(backend, logits, [lastH], parameters.outKernel, parameters.outBias);
  };
  return prepared(backend, forward, { logits }, () => model.dispose());
}

function prepareNetwork(backend: Backend, task: NetworkTask | AnyCellTask, inputs: Arrays): OnBackend {
  const network = new Network(backend, networkOf(task), task);
  const { x, labels, ...parameters } = inputsAs(task, inputs, tensorFrom);
  const { lengths = Array<number>(task.B).fill(task.T), clipNorm } = 'layers' in task ? task : {};
  network.load(parameters);
  network.setBatch({ x, labels: valuesOf(labels), lengths });
  return training(network, clipNorm);
}

/** Training steps on the batch that the network holds. */
function training(network: Network, clipNorm?: number): OnBackend {
  const { backend, parameters } = network;
  const adam = new Adam(backend, parameters);
  const gradients = parameters.map(({ gradient }) => gradient);
  const step = async (): Promise<void> => {
    network.forward();
    network.backward();
    if (clipNorm !== undefined) await clipGradients(backend, gradients, { clipNorm });
    adam.update(LEARNING_RATE);
  };
  const run = async (): Promise<void> => {
    await step();
    if (computesLater(backend)) await backend.download(parameters[parameters.length - 1].value); // the output layer's bias
  };
  const trained = async (): Promise<Outputs> => {
    await step();
    const { loss } = await network.metrics();
    const named = parameters.map(({ name, gradient }) => [gradientName(name), gradient] as const);
    const tensors = await downloadAll(backend, { ...Object.fromEntries(named), ...valuesByName(parameters) });
    return { loss: Float64Array.of(loss), ...tensors };
  };
  const dispose = (): void => {
    adam.dispose();
    network.dispose();
  };
  return { run, outputs: trained, dispose };
}

/**
 * On the wasm and reference backends an operation is done when it returns. A GPU works in order, so all work is done when a result
 * of the last operation, or of a later one, can be read. `keepPace` alone may return earlier.
 */
const computesLater = ({ name }: Backend): boolean => ['gpu', 'webgpu'].includes(name);

function prepared(
  backend: Backend,
  enqueue: () => void,
  outputs: Record<string, Tensor>,
  dispose: () => void,
): OnBackend {
  // In WGSL any tensor shows that the work is done, so a single number is read: jax-js reads nothing when it waits.
  const single = backend.name === 'webgpu' ? backend.allocate([1]) : undefined;
  const read = single ?? Object.values(outputs)[0];
  const run = computesLater(backend)
    ? async (): Promise<void> => {
        enqueue();
        await backend.download(read);
      }
    : enqueue;
  const computed = async (): Promise<Outputs> => {
    enqueue();
    return downloadAll(backend, outputs);
  };
  const freeAll = (): void => {
    dispose();
    if (single) backend.free(single);
  };
  return { run, outputs: computed, dispose: freeAll };
}

function uploadAll(backend: Backend, task: BenchmarkTask, inputs: Arrays): Record<string, Tensor> {
  return inputsAs(task, inputs, (values, shape) => {
    const tensor = backend.allocate(shape);
    copyInto(tensor, tensorFrom(values, shape));
    backend.upload(tensor);
    return tensor;
  });
}

async function downloadAll(backend: Backend, tensors: Record<string, Tensor>): Promise<Outputs> {
  const outputs: Outputs = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    await backend.download(tensor);
    outputs[name] = valuesOf(tensor).slice();
  }
  return outputs;
}
