/**
 * The tensors of an LSTM. src/equations/lstm-steps.ts has the views of them that the equations use.
 */
import type { TypeName } from '../core/arguments.js';
import { assertKinds, assertSizes } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { allocateAll } from '../core/backend.js';
import type { Shape, Tensor } from '../core/tensor.js';
import { assertShape, formatShape, rowsOf, stepOf, transposeOf } from '../core/tensor.js';
import type { Step, TrainingStep } from './lstm-steps.js';
import { inferenceStep, KeptSteps, runningCounts, trainingStep } from './lstm-steps.js';

/** The sizes of an LSTM, each a whole number ≥ 1. */
export interface LstmSizes {
  /** Steps of a sequence. */
  readonly T: number;
  /** Sequences in a batch. */
  readonly B: number;
  /** Inputs: numbers that one step reads, or classes if x is class indices. */
  readonly I: number;
  /** Hidden units. */
  readonly H: number;
}

/**
 * The tensors of the forward pass, with their shapes. Row 0 of h and c is the initial state, so all steps work alike. z
 * holds only one step, because later steps do not read it: such a small tensor stays in the processor's cache.
 */
export function lstmShapes({ T, B, I, H }: LstmSizes) {
  return {
    /** The weights, `[I+H,4H]`: the rows of each input in turn, then those of h; blocks of H columns for gates i, j, f, o. */
    kernel: [I + H, 4 * H],
    /** b of equation (1), `[4H]`: gates i, j, f, o. The forget bias is not in it. */
    bias: [4 * H],
    /** Hidden states, `[T+1,B,H]`: row 0 is the initial state, row t+1 the state after step t. In reverse: row T, row t. */
    h: [T + 1, B, H],
    /** Cell states, `[T+1,B,H]`, rows as in `h`. */
    c: [T + 1, B, H],
    /** Pre-activations of one step, `[B,4H]`: gates i, j, f, o. Each step overwrites them. */
    z: [B, 4 * H],
    /** Activated gates of every step, `[T,B,4H]`: i, j, f, o. */
    gates: [T, B, 4 * H],
  } satisfies Record<string, Shape>;
}

/** The tensors of the backward pass, with their shapes. An LSTM for inference has none of them. */
export function lstmGradientShapes({ T, B, I, H }: LstmSizes) {
  return {
    /** ∂loss/∂kernel, `[I+H,4H]`. */
    dKernel: [I + H, 4 * H],
    /** ∂loss/∂bias, `[4H]`. */
    dBias: [4 * H],
    /** The gradient that reaches h from outside the LSTM, `[T+1,B,H]`, rows as in `h`; see `lstmBackward`. */
    dhOutside: [T + 1, B, H],
    /** ∂loss/∂h, `[T+1,B,H]`, rows as in `h`; see `lstmBackward`. */
    dh: [T + 1, B, H],
    /** ∂loss/∂c, `[T+1,B,H]`, rows as in `c`; see `lstmBackward`. */
    dc: [T + 1, B, H],
    /** ∂loss/∂z of one step, `[B,4H]`. Each step overwrites it. */
    dz: [B, 4 * H],
  } satisfies Record<string, Shape>;
}

/** The tensors of the forward pass. (A mapped type, so that editors show the comments of `lstmShapes`.) @interface */
export type InferenceTensors = { readonly [Name in keyof ReturnType<typeof lstmShapes>]: Tensor } & {
  /** What each step reads besides h: tensors `[T,B,Iₖ]` with Σ Iₖ = I, or one tensor `[T,B]` of class indices 0 … I-1. */
  readonly inputs: readonly Tensor[];
};

/** The tensors of both passes. @interface */
export type LstmTensors = InferenceTensors & {
  readonly [Name in keyof ReturnType<typeof lstmGradientShapes>]: Tensor;
} & {
  /** The gradient that reaches c from outside the LSTM, `[T+1,B,H]`, rows as in `c`. Default: none, which means zero. */
  readonly dcOutside?: Tensor;
  /** ∂loss/∂inputₖ, `[T,B,Iₖ]` as each input. Default: [], then they are not computed. */
  readonly dInputs?: readonly Tensor[];
};

/** Options of an LSTM. */
export interface LstmOptions {
  /** Added to the forget gate's pre-activation. Default: 1. */
  readonly forgetBias?: number;
  /** Whether the LSTM reads its sequences from the last step to the first. Default: false. */
  readonly reverse?: boolean;
}

/** An LSTM for inference: it has no gradients. Made by `bindInferenceLstm` or `allocateInferenceLstm`. */
export interface InferenceLstm extends InferenceTensors {
  /** T, B, I and H. */
  readonly sizes: LstmSizes;
  /** Added to the forget gate's pre-activation in the forward pass; never stored in `bias`. */
  readonly forgetBias: number;
  /** Whether it reads its sequences from the last step to the first. */
  readonly reverse: boolean;
  /** The kernel's rows for each input, `[Iₖ,4H]`, the last for h, `[H,4H]`. */
  readonly W: readonly Tensor[];
  /** Views of every step, in the order of the forward pass. `setLengths` changes them. */
  steps: readonly Step[];
  /** The initial state, `[B,H]` each. */
  readonly initial: State;
  /** The state after every sequence's last step, `[B,H]` each. */
  readonly final: State;
  /** The states after each step, `[T,B,H]`: row t belongs to step t in both directions. */
  readonly outputs: State;
}

/** An LSTM. Made by `bindLstm` or `allocateLstm`. */
export interface Lstm extends Omit<InferenceLstm, 'steps'>, LstmTensors {
  readonly dInputs: readonly Tensor[];
  /** Wₖᵀ, `[4H,Iₖ]`. */
  readonly WTransposed: readonly Tensor[];
  /** dKernel's rows for each input, `[Iₖ,4H]`, as in `W`, the last for h, `[H,4H]`. */
  readonly dW: readonly Tensor[];
  /** Views of every step, in the order of the forward pass. `setLengths` changes them. */
  steps: readonly TrainingStep[];
}

/** h and c. */
export interface State {
  /** Hidden states, `[B,H]`, or of every step `[T,B,H]`. */
  readonly h: Tensor;
  /** Cell states, as h: `[B,H]` or `[T,B,H]`. */
  readonly c: Tensor;
}

/**
 * An LSTM for inference over existing tensors. Throws a RangeError that names a tensor of the wrong shape. Throws a TypeError
 * for an unknown option, and a RangeError if `forgetBias` is not finite.
 */
export function bindInferenceLstm(
  sizes: LstmSizes,
  tensors: InferenceTensors,
  options: LstmOptions = {},
): InferenceLstm {
  const parts = withoutSteps(sizes, tensors, options);
  return { ...parts, steps: new KeptSteps(parts, inferenceStep).withCounts(allRunning(sizes)) };
}

/** An LSTM over existing tensors. Throws the errors of `bindInferenceLstm`. */
export function bindLstm(sizes: LstmSizes, tensors: LstmTensors, options: LstmOptions = {}): Lstm {
  const lstm = withoutSteps(sizes, tensors, options);
  const { dcOutside, dInputs = [] } = tensors;
  assertTensors(sizes, tensors, lstmGradientShapes(sizes));
  if (dcOutside) assertShape('lstm', 'dcOutside', dcOutside, lstmShapes(sizes).c);
  assertInputGradients(tensors.inputs, dInputs);
  const dW = rowBlocks(sizes, tensors.dKernel, tensors.inputs);
  const parts = { ...tensors, ...lstm, dInputs, WTransposed: lstm.W.map(transposeOf), dW };
  return { ...parts, steps: new KeptSteps(parts, trainingStep).withCounts(allRunning(sizes)) };
}

function withoutSteps(sizes: LstmSizes, tensors: InferenceTensors, options: LstmOptions): Omit<InferenceLstm, 'steps'> {
  assertOptions(options, OPTION_KINDS);
  const { forgetBias = 1, reverse = false } = options;
  assertTensors(sizes, tensors, lstmShapes(sizes));
  assertInputs(sizes, tensors.inputs);
  const W = rowBlocks(sizes, tensors.kernel, tensors.inputs);
  return { ...tensors, sizes, forgetBias, reverse, W, ...statesOf(sizes, tensors, reverse) };
}

/** B_t of every step, if all sequences have T steps. */
const allRunning = ({ T, B }: LstmSizes): number[] => Array<number>(T).fill(B);

const OPTION_KINDS = { forgetBias: 'number', reverse: 'boolean' } as const satisfies Record<
  keyof LstmOptions,
  TypeName
>;

function assertOptions(options: AllocateOptions, kinds: Readonly<Record<string, TypeName>>): void {
  assertKinds('lstm', options, kinds);
  const { forgetBias = 1 } = options;
  if (!Number.isFinite(forgetBias)) throw new RangeError(`lstm: forgetBias is ${forgetBias}: must be finite`);
}

/** What `allocateLstm` needs besides the sizes. */
export interface AllocateOptions extends LstmOptions {
  /** Whether x is class indices `[T,B]` instead of numbers `[T,B,I]`. Default: false. */
  readonly indices?: boolean;
}

const ALLOCATE_KINDS = { ...OPTION_KINDS, indices: 'boolean' } as const satisfies Record<
  keyof AllocateOptions,
  TypeName
>;

/**
 * An LSTM for inference, with new tensors, all zero; its input is x. If they do not all fit, frees those that it has
 * allocated, and throws an OutOfMemoryError.
 */
export function allocateInferenceLstm(
  backend: Backend,
  sizes: LstmSizes,
  options: AllocateOptions = {},
): AllocatedInferenceLstm {
  assertSizes('lstm', sizes, ['T', 'B', 'I', 'H']);
  assertOptions(options, ALLOCATE_KINDS);
  const { indices = false, ...others } = options;
  const tensors = allocateAll(backend, { x: inputShape(sizes, indices), ...lstmShapes(sizes) });
  return { ...bindInferenceLstm(sizes, { ...tensors, inputs: [tensors.x] }, others), x: tensors.x };
}

/** An LSTM of one input x, with dcOutside, and with dx unless x is class indices. */
export interface AllocatedLstm extends Lstm {
  /** The inputs, `[T,B,I]`; class indices `[T,B]`. */
  readonly x: Tensor;
  /** ∂loss/∂x, `[T,B,I]`; undefined for class indices. */
  readonly dx: Tensor | undefined;
  /** The gradient that reaches c from outside the LSTM, `[T+1,B,H]`, rows as in `c`. */
  readonly dcOutside: Tensor;
}

/** An LSTM for inference, of one input x. */
export interface AllocatedInferenceLstm extends InferenceLstm {
  /** The inputs, `[T,B,I]`; class indices `[T,B]`. */
  readonly x: Tensor;
}

/**
 * An LSTM with new tensors, all zero, dcOutside included; its input is x, and dx is its gradient (none for class
 * indices). If they do not all fit, frees those that it has allocated, and throws an OutOfMemoryError.
 * `options`: default {}.
 */
export function allocateLstm(
  backend: Backend,
  sizes: LstmSizes,
  options?: AllocateOptions & { readonly indices?: false },
): AllocatedLstm & {
  /** ∂loss/∂x, `[T,B,I]`. */
  readonly dx: Tensor;
};
export function allocateLstm(backend: Backend, sizes: LstmSizes, options: AllocateOptions): AllocatedLstm;
export function allocateLstm(backend: Backend, sizes: LstmSizes, options: AllocateOptions = {}): AllocatedLstm {
  assertSizes('lstm', sizes, ['T', 'B', 'I', 'H']);
  assertOptions(options, ALLOCATE_KINDS);
  const { indices = false, ...rest } = options;
  const x = inputShape(sizes, indices);
  const { c, ...others } = lstmShapes(sizes);
  const shapes = { x, c, ...others, ...lstmGradientShapes(sizes), dcOutside: c };
  const tensors: Record<keyof typeof shapes, Tensor> & { dx?: Tensor } = allocateAll<string>(
    backend,
    indices ? shapes : { ...shapes, dx: x },
  ) as Record<keyof typeof shapes | 'dx', Tensor>;
  const { dx, dcOutside } = tensors;
  const lstm = bindLstm(sizes, { ...tensors, inputs: [tensors.x], dInputs: dx ? [dx] : [] }, rest);
  return { ...lstm, x: tensors.x, dx, dcOutside };
}

/**
 * Gives each sequence of the batch its own length: whole numbers 1 … T, the longest first. Nothing beyond a sequence's
 * end is read. Default of a new LSTM: every length is T. Throws a RangeError for other lengths.
 */
export function setLengths(lstm: Lstm | InferenceLstm, lengths: ArrayLike<number>): void {
  const running = runningCounts(lstm.sizes, lengths);
  if ('dW' in lstm) lstm.steps = keptSteps(keptTraining, lstm, trainingStep).withCounts(running);
  else lstm.steps = keptSteps(keptInference, lstm, inferenceStep).withCounts(running);
}

const keptTraining = new WeakMap<Lstm, KeptSteps<Lstm, TrainingStep>>();
const keptInference = new WeakMap<InferenceLstm, KeptSteps<InferenceLstm, Step>>();

function keptSteps<OneLstm extends InferenceLstm | Lstm, OneStep>(
  all: WeakMap<OneLstm, KeptSteps<OneLstm, OneStep>>,
  lstm: OneLstm,
  make: (lstm: OneLstm, t: number, count: number) => OneStep,
): KeptSteps<OneLstm, OneStep> {
  const kept = all.get(lstm) ?? new KeptSteps(lstm, make);
  all.set(lstm, kept);
  return kept;
}

function inputShape({ T, B, I }: LstmSizes, indices: boolean): Shape {
  return indices ? [T, B] : [T, B, I];
}

function assertTensors(sizes: LstmSizes, tensors: object, shapes: Readonly<Record<string, Shape>>): void {
  assertSizes('lstm', sizes, ['T', 'B', 'I', 'H']);
  for (const [name, shape] of Object.entries(shapes)) {
    assertShape('lstm', name, (tensors as Record<string, Tensor>)[name], shape);
  }
}

function assertInputs({ T, B, I }: LstmSizes, inputs: readonly Tensor[]): void {
  if (inputs.length === 1 && inputs[0].dimension === 2) {
    assertShape('lstm', 'inputs[0]', inputs[0], [T, B]);
    return;
  }
  inputs.forEach((input, k) => assertShape('lstm', `inputs[${k}]`, input, [T, B, input.shape.at(-1) ?? 0]));
  const total = inputs.reduce((sum, { shape }) => sum + shape[2], 0);
  if (total === I) return;
  const shapes = inputs.map(({ shape }) => formatShape(shape)).join(', ');
  throw new RangeError(`lstm: inputs ${shapes || 'none'}: have ${total} numbers a step, but I is ${I}`);
}

function assertInputGradients(inputs: readonly Tensor[], dInputs: readonly Tensor[]): void {
  if (dInputs.length === 0) return;
  if (inputs[0].dimension === 2)
    throw new RangeError('lstm: dInputs: class indices have no gradient: leave dInputs out');
  if (dInputs.length !== inputs.length) {
    throw new RangeError(`lstm: dInputs: ${dInputs.length} for ${inputs.length} inputs: give one for each, or none`);
  }
  dInputs.forEach((dInput, k) => assertShape('lstm', `dInputs[${k}]`, dInput, inputs[k].shape));
}

/** The kernel's rows for each input, then for h. */
function rowBlocks({ I, H }: LstmSizes, kernel: Tensor, inputs: readonly Tensor[]): Tensor[] {
  const counts = inputs.map(({ shape }) => (shape.length === 2 ? I : shape[2]));
  let end = 0;
  return [...counts, H].map((count) => rowsOf(kernel, end, (end += count)));
}

function statesOf({ T }: LstmSizes, { h, c }: InferenceTensors, reverse: boolean) {
  const rowOf = (row: number): State => ({ h: stepOf(h, row), c: stepOf(c, row) });
  const first = reverse ? 0 : 1;
  return {
    initial: rowOf(reverse ? T : 0),
    final: rowOf(reverse ? 0 : T),
    outputs: { h: rowsOf(h, first, first + T), c: rowsOf(c, first, first + T) },
  };
}
