/**
 * The tensors of an LSTM. lstm-step-views.ts has the views of them that the equations use.
 */
import type { TypeName } from '../core/arguments.js';
import { assertKinds, assertSizes, counted, plainCopyOf } from '../core/arguments.js';
import type { Backend, TensorsOf } from '../core/backend.js';
import { allocateAll, freeAll } from '../core/backend.js';
import type { FloatArray, Shape, Tensor } from '../core/tensor.js';
import { assertShape, formatShape, rowsOf, stepOf, transposeOf } from '../core/tensor.js';
import { runningCounts } from './ended-sequences.js';
import type { Projection, Step, StepCache } from './lstm-step-views.js';
import { lstmSteps } from './lstm-step-views.js';

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
  /** Numbers of h, if h is a projection (16): smaller than H. Default: H, no projection. */
  readonly P?: number | undefined;
}

/**
 * The tensors of the forward pass, with their shapes. Row 0 of h and c is the initial state, so all steps work alike. z
 * holds only one step, because later steps do not read it: such a small tensor stays in the processor's cache.
 */
export function lstmShapes({ T, B, I, H, P = H }: LstmSizes) {
  return {
    /** The weights, `[I+H,4H]`, with a projection `[I+P,4H]`: the rows of each input in turn, then those of h; blocks of H columns for gates i, j, f, o. */
    kernel: [I + P, 4 * H],
    /** b of equation (1), `[4H]`: gates i, j, f, o. The forget bias is not in it. */
    bias: [4 * H],
    /** Hidden states, `[T+1,B,H]`, with a projection `[T+1,B,P]`: row 0 is the initial state, row t+1 the state after step t. In reverse: row T, row t. */
    h: [T + 1, B, P],
    /** Cell states, `[T+1,B,H]`, rows as in `h`. */
    c: [T + 1, B, H],
    /** Pre-activations of one step, `[B,4H]`: gates i, j, f, o. Each step overwrites them. */
    z: [B, 4 * H],
    /** Activated gates of every step, `[T,B,4H]`: i, j, f, o. */
    gates: [T, B, 4 * H],
  } satisfies Record<string, Shape>;
}

/** The tensors of the backward pass, with their shapes. */
export function lstmGradientShapes({ T, B, I, H, P = H }: LstmSizes) {
  return {
    /** ∂loss/∂kernel, `[I+H,4H]`, with a projection `[I+P,4H]`. */
    dKernel: [I + P, 4 * H],
    /** ∂loss/∂bias, `[4H]`. */
    dBias: [4 * H],
    /** The gradient that reaches h from outside the LSTM, `[T+1,B,H]`, rows and columns as in `h`; see `lstmBackward`. */
    dhUpstream: [T + 1, B, P],
    /** ∂loss/∂h, `[T+1,B,H]`, rows and columns as in `h`; see `lstmBackward`. */
    dh: [T + 1, B, P],
    /** ∂loss/∂c, `[T+1,B,H]`, rows as in `c`; see `lstmBackward`. */
    dc: [T + 1, B, H],
    /** ∂loss/∂z of one step, `[B,4H]`. Each step overwrites it. */
    dz: [B, 4 * H],
  } satisfies Record<string, Shape>;
}

/** The tensors of a projection, with their shapes: Wr and dWr `[H,P]`, m `[T,B,H]`, dm `[B,H]`; without P an empty object. */
export function projectionShapes({ T, B, H, P }: LstmSizes): Readonly<Record<string, Shape>> {
  return P === undefined ? {} : { Wr: [H, P], dWr: [H, P], m: [T, B, H], dm: [B, H] };
}

/** The tensors of an LSTM. (A mapped type, so that editors show the comments of `lstmShapes`.) @interface */
export type LstmTensors = { readonly [Name in keyof ReturnType<typeof lstmShapes>]: Tensor } & {
  readonly [Name in keyof ReturnType<typeof lstmGradientShapes>]: Tensor;
} & {
  /** x, or several xₖ, which each step reads besides h: tensors `[T,B,Iₖ]` with Σ Iₖ = I, or one tensor `[T,B]` of class indices 0 … I-1. */
  readonly inputs: readonly Tensor[];
  /** The gradient that reaches c from outside the LSTM, `[T+1,B,H]`, rows as in `c`. Default: none, which means zero. */
  readonly dcUpstream?: Tensor;
  /** ∂loss/∂xₖ, `[T,B,Iₖ]`. Default: [], then they are not computed. */
  readonly dInputs?: readonly Tensor[];
  /** The tensors of (16), needed with P: `[H,P]`, `[T,B,H]` and `[B,H]`. Default: none. */
  readonly projection?: Projection | undefined;
};

/** Options of an LSTM. */
export interface LstmOptions {
  /** Added to the forget gate's pre-activation. Default: 1. */
  readonly forgetBias?: number;
  /** Whether the LSTM reads its sequences from the last step to the first. Default: false. */
  readonly reverse?: boolean;
}

/** An LSTM. Made by `bindLstm` or `allocateLstm`. */
export interface Lstm extends LstmTensors {
  /** T, B, I and H, and P if there is a projection. */
  readonly sizes: LstmSizes;
  /** Added to the forget gate's pre-activation in the forward pass; never stored in `bias`. */
  readonly forgetBias: number;
  /** Whether it reads its sequences from the last step to the first. */
  readonly reverse: boolean;
  readonly dInputs: readonly Tensor[];
  /** The kernel's rows for each input, `[Iₖ,4H]`. */
  readonly Wx: readonly Tensor[];
  /** The kernel's rows for h, `[H,4H]`; with a projection `[P,4H]`. */
  readonly Wh: Tensor;
  /** Wxₖᵀ, `[4H,Iₖ]`. */
  readonly WxTransposed: readonly Tensor[];
  /** Whᵀ, `[4H,H]`. */
  readonly WhTransposed: Tensor;
  /** dKernel's rows for each input, `[Iₖ,4H]`, as in `Wx`. */
  readonly dWx: readonly Tensor[];
  /** dKernel's rows for h, `[H,4H]`. */
  readonly dWh: Tensor;
  /** The initial state, `[B,H]` each; with a projection h is `[B,P]`, and so are the other h. */
  readonly initial: State;
  /** The state after every sequence's last step, `[B,H]` each. */
  readonly final: State;
  /** The states after each step, `[T,B,H]`: row t belongs to step t in both directions. */
  readonly outputs: State;
  /** Views of every step, in the order of the forward pass. `setLengths` changes them. */
  steps: readonly Step[];
}

/** h and c. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- an interface is no record of tensors by name, as the states of any cell are
export type State = {
  /** Hidden states, `[B,H]`, or of every step `[T,B,H]`. */
  readonly h: Tensor;
  /** Cell states, as h: `[B,H]` or `[T,B,H]`. */
  readonly c: Tensor;
};

/**
 * An LSTM over existing tensors. Throws a RangeError that names a tensor of the wrong shape. Throws a TypeError for an unknown
 * option, and a RangeError if `forgetBias` is not finite.
 */
export function bindLstm(sizes: LstmSizes, tensors: LstmTensors, options: LstmOptions = {}): Lstm {
  assertOptions(options, OPTION_KINDS);
  const { forgetBias = 1, reverse = false } = options;
  const { inputs, dInputs = [], dcUpstream, kernel, dKernel } = tensors;
  assertLstmSizes(sizes);
  assertTensors(tensors, { ...lstmShapes(sizes), ...lstmGradientShapes(sizes) });
  assertProjection(sizes, tensors.projection);
  assertInputs(sizes, inputs);
  if (dcUpstream) assertShape('lstm', 'dcUpstream', dcUpstream, lstmShapes(sizes).c);
  assertInputGradients(inputs, dInputs);
  const [{ Wx, Wh }, { Wx: dWx, Wh: dWh }] = [kernel, dKernel].map((rows) => weightsOf(sizes, rows, inputs));
  // copies: the caller may change the given ones
  const own = { sizes: plainCopyOf(sizes) as unknown as LstmSizes, inputs: [...inputs], dInputs: [...dInputs] };
  const parts = { ...tensors, ...own, forgetBias, reverse };
  return {
    ...parts,
    ...{ Wx, Wh, WxTransposed: Wx.map(transposeOf), WhTransposed: transposeOf(Wh), dWx, dWh },
    ...statesOf(sizes, tensors, reverse),
    steps: lstmSteps(parts).withCounts(Array<number>(sizes.T).fill(sizes.B)),
  };
}

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

/** An LSTM of one input x, with dcUpstream, and with dx unless x is class indices. */
export interface AllocatedLstm extends Lstm {
  /** The inputs, `[T,B,I]`; class indices `[T,B]`. */
  readonly x: Tensor;
  /** ∂loss/∂x, `[T,B,I]`; undefined for class indices. */
  readonly dx: Tensor | undefined;
  /** The gradient that reaches c from outside the LSTM, `[T+1,B,H]`, rows as in `c`. */
  readonly dcUpstream: Tensor;
}

/**
 * An LSTM with new tensors, all zero, dcUpstream included; its input is x, and dx is its gradient (none for class
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
  assertLstmSizes(sizes);
  assertOptions(options, ALLOCATE_KINDS);
  const { indices = false, forgetBias = 1, reverse = false } = options;
  const { T, B, I } = sizes;
  const x = indices ? [T, B] : [T, B, I];
  const { c, ...others } = lstmShapes(sizes);
  const shapes = { x, c, ...others, ...lstmGradientShapes(sizes), dcUpstream: c };
  const tensors: TensorsOf<typeof shapes> & { dx?: Tensor } = allocateAll(
    backend,
    indices ? shapes : { ...shapes, dx: x },
  );
  const { dx, dcUpstream } = tensors;
  const projection = sizes.P === undefined ? undefined : allocateProjection(backend, sizes, tensors);
  const lstm = bindLstm(
    sizes,
    { ...tensors, inputs: [tensors.x], dInputs: dx ? [dx] : [], projection },
    { forgetBias, reverse },
  );
  return { ...lstm, x: tensors.x, dx, dcUpstream };
}

/** If the tensors of (16) do not fit, frees the others too. */
function allocateProjection(backend: Backend, sizes: LstmSizes, others: Readonly<Record<string, Tensor>>): Projection {
  try {
    return allocateAll(backend, projectionShapes(sizes) as Record<keyof Projection, Shape>);
  } catch (error) {
    freeAll(backend, others);
    throw error;
  }
}

/**
 * Gives each sequence of the batch its own length: whole numbers 1 … T, the longest first. Nothing beyond a sequence's
 * end is read. Default of a new LSTM: every length is T. Throws a RangeError for other lengths.
 */
export function setLengths(lstm: Lstm, lengths: ArrayLike<number>): void {
  const running = runningCounts(lstm.sizes, lengths);
  const cache = caches.get(lstm) ?? lstmSteps(lstm);
  caches.set(lstm, cache);
  lstm.steps = cache.withCounts(running);
}

const caches = new WeakMap<Lstm, StepCache<Step>>();

function assertLstmSizes(sizes: LstmSizes): void {
  assertSizes('lstm', sizes, ['T', 'B', 'I', 'H']);
  const { P, H } = sizes;
  if (P === undefined) return;
  assertSizes('lstm', { P }, ['P']);
  if (P >= H) throw new RangeError(`lstm: P is ${P}: must be smaller than H, ${H}; without a projection, leave P out`);
}

function assertProjection(sizes: LstmSizes, projection: Projection | undefined): void {
  const shapes = Object.entries(projectionShapes(sizes));
  if (projection && shapes.length === 0) throw new RangeError('lstm: projection: given, but sizes has no P');
  for (const [name, shape] of shapes) {
    if (!projection) throw new RangeError(`lstm: projection: none given, but P is ${sizes.P}`);
    assertShape('lstm', `projection.${name}`, projection[name as keyof Projection], shape);
  }
}

function assertTensors(tensors: object, shapes: Readonly<Record<string, Shape>>): void {
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
  throw new RangeError(`lstm: inputs ${shapes || 'none'}: have ${counted(total, 'number')} a step, but I is ${I}`);
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

/** The rows of `kernel` for each input, and those for h. */
function weightsOf({ I, H, P = H }: LstmSizes, kernel: Tensor, inputs: readonly Tensor[]) {
  let end = 0;
  const rows = (count: number): Tensor => rowsOf(kernel, end, (end += count));
  return { Wx: inputs.map(({ shape }) => rows(shape.length === 2 ? I : shape[2])), Wh: rows(P) };
}

function statesOf({ T }: LstmSizes, { h, c }: LstmTensors, reverse: boolean) {
  const rowOf = (row: number): State => ({ h: stepOf(h, row), c: stepOf(c, row) });
  const first = reverse ? 0 : 1;
  return {
    initial: rowOf(reverse ? T : 0),
    final: rowOf(reverse ? 0 : T),
    outputs: { h: rowsOf(h, first, first + T), c: rowsOf(c, first, first + T) },
  };
}

/** The order of the gates, as letters; j is the candidate that others call g or c. Other programs have another order. */
export const GATE_ORDER = 'ijfo';

/** Rows of `[…,G·H]`, such as `[…,4H]`, with the blocks of H columns moved from one gate order to another. '' is one block. */
export function reorderGates<Values extends FloatArray>(values: Values, H: number, from: string, to: string): Values {
  const reordered = values.slice() as Values;
  for (let row = 0; to !== '' && row < values.length; row += to.length * H) {
    for (const [block, gate] of to.split('').entries()) {
      const source = row + from.indexOf(gate) * H;
      reordered.set(values.subarray(source, source + H), row + block * H);
    }
  }
  return reordered;
}
