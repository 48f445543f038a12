/**
 * The script of a page that computes with a GPU: `trainOn` runs a few training steps there, and on the reference backend. `openBackend`
 * and `perform` let a test in Node use its backend; see remote-backend.ts.
 */
import ndarray from 'ndarray';
import { type Mode, createGpuBackend } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { type FloatArray, type Tensor, copyInto, tensorFrom, valuesOf } from '../../src/core/tensor.js';
import type { Network } from '../../src/door/network.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import { resumeTraining, train } from '../../src/door/train.js';
import { createWebGpuInPage } from '../../src/page/webgpu-in-page.js';
import type { TrainOptions } from '../../src/training/options.js';
import type { Line } from '../../src/training/training.js';
import { withViews } from './backends.js';
import { smallImages } from './small-data.js';

/** `wgsl`: the webgpu backend; else a mode of GPU.js. */
export type PageMode = Mode | 'wgsl';

const open = (mode: PageMode): Promise<Backend> =>
  mode === 'wgsl' ? createWebGpuInPage() : createGpuBackend({ mode });

export interface PageJob {
  readonly mode: PageMode;
  readonly options: Partial<TrainOptions>;
}

export interface PageResult {
  readonly description: string;
  readonly lines: readonly Line[];
  /** The lines of the reference backend. */
  readonly expected: readonly Line[];
  /** Whether a run on the same backend that resumes after the 15th step ends with the same bits. */
  readonly repeats: boolean;
  /** Whether `keepPace` waits for a device that has not finished the step before; undefined for modes without a fence. */
  readonly waits: boolean | undefined;
  /** What a backend chooses, and then another one, which finds it in the browser's storage; empty for modes of GPU.js. */
  readonly choices: readonly (readonly string[])[];
}

async function keepPaceWaits(gpu: Backend, mode: PageMode): Promise<boolean | undefined> {
  if (mode !== 'webgl2') return undefined;
  const { prototype } = WebGL2RenderingContext;
  const real = Object.getOwnPropertyDescriptor(prototype, 'clientWaitSync')!;
  Object.defineProperty(prototype, 'clientWaitSync', { ...real, value: () => WebGL2RenderingContext.TIMEOUT_EXPIRED });
  await gpu.keepPace();
  let hasReturned = false;
  const pace = gpu.keepPace().then(() => (hasReturned = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const hasWaited = !hasReturned;
  Object.defineProperty(prototype, 'clientWaitSync', real);
  await pace;
  return hasWaited;
}

const IMAGES = smallImages(60, 6, 5);

/** The weights of a trained network, which is then disposed of. */
async function weightsOf(network: Network): Promise<number[]> {
  const saved = await network.save();
  network.dispose();
  return Object.values(saved).flatMap((tensor) => [...valuesOf(tensor)]);
}

/** What the backend chooses for a product that is large enough. It is then disposed of. */
async function choicesOf(gpu: Backend): Promise<readonly string[]> {
  const [a, out] = [gpu.allocate([80, 80]), gpu.allocate([80, 80])];
  gpu.matmul(out, a, a);
  await gpu.download(out);
  const { choices = [] } = gpu;
  await gpu.dispose();
  return choices;
}

async function trainOn({ mode, options }: PageJob): Promise<PageResult> {
  const gpu = await open(mode);
  const [lines, expected]: Line[][] = [[], []];
  const states: Checkpoint[] = [];
  const onCheckpoint = (state: Checkpoint) => states.push(state);
  const hooks = { onLine: (line: Line) => lines.push(line), onCheckpoint, checkpointEvery: 15 };
  const weights = await weightsOf(await train(gpu, IMAGES, options, hooks));
  const resumed = await weightsOf(await resumeTraining(gpu, IMAGES, states[0]));
  const reference = createReferenceBackend();
  (await train(reference, IMAGES, options, { onLine: (line) => expected.push(line) })).dispose();
  const { description } = gpu;
  const waits = await keepPaceWaits(gpu, mode);
  await gpu.dispose();
  const choices = mode === 'wgsl' ? [await choicesOf(await open(mode)), await choicesOf(await open(mode))] : [];
  return { description, lines, expected, repeats: resumed.join() === weights.join(), waits, choices };
}

/** A view of tensor number `tensor`. */
export interface RemoteView {
  readonly tensor: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
}

/** One call of a backend's method. `values`: what `upload` copies into the view; JSON has null for NaN. `tensor`: the number of the tensor that `allocate` returns. */
export interface Call {
  readonly method: keyof Backend;
  readonly operands: readonly unknown[];
  readonly tensor?: number;
  readonly values?: readonly (number | null)[];
}

let backend: Backend;
const tensors = new Map<number, Tensor>();

const tensorOf = ({ tensor, shape, stride, offset }: RemoteView): Tensor =>
  ndarray<FloatArray>(tensors.get(tensor)!.data, [...shape], [...stride], offset);

async function openBackend(mode: PageMode): Promise<string> {
  backend = await open(mode);
  return backend.description;
}

/** Makes the calls in one go. If the last one is `download`, resolves to the values of its view. */
async function perform(calls: readonly Call[]): Promise<number[] | undefined> {
  let last: unknown;
  let view: Tensor | undefined;
  for (const { method, operands, tensor, values } of calls) {
    const given = operands.map((operand) => withViews(operand, tensorOf));
    view = given[0] as Tensor | undefined;
    if (values)
      copyInto(
        view!,
        tensorFrom(
          values.map((value) => value ?? NaN),
          view!.shape,
        ),
      );
    last = (backend[method] as (...operands: unknown[]) => unknown)(...given);
    if (tensor !== undefined) tensors.set(tensor, last as Tensor);
  }
  await last;
  return calls[calls.length - 1].method === 'download' ? [...valuesOf(view!)] : undefined;
}

Object.assign(globalThis, { trainOn, openBackend, perform });
