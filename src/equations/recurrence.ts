/**
 * A recurrence: a cell that computes its steps one after another, with the same parameters. Its equations describe one step; this file
 * runs them through time, forward and backward, for sequences of different lengths (14), in both directions. An LSTM has its own
 * views and loops, in lstm-step-views.ts and lstm.ts.
 */
import type { AccumulateOptions, Backend } from '../core/backend.js';
import { type Tensor, rowsOf, stepOf, transposeOf } from '../core/tensor.js';
import { runningCounts } from './ended-sequences.js';
import { stateRows, StepCache } from './lstm-step-views.js';
import type { LstmSizes } from './lstm-tensors.js';

/** The tensors of a recurrence. The first axis of a state is T+1: row 0 is the initial state, row t+1 the state after step t; in reverse row T, row t. */
export interface RecurrenceTensors {
  /** T, B and I. */
  readonly sizes: Pick<LstmSizes, 'T' | 'B' | 'I'>;
  /** Whether it reads its sequences from the last step to the first. */
  readonly reverse: boolean;
  /** Added to the forget gate's pre-activation, in cells that have one. */
  readonly forgetBias: number;
  /** Whether the factors of a scan are signed (28). */
  readonly signed: boolean;
  /** The parameters by name: `kernel` `[I+H,N]`, the rows of x first, or of a scan `[I,N]`; and others. */
  readonly values: Readonly<Record<string, Tensor>>;
  /** ∂loss/∂parameter, under the same names and in the same shapes: `kernel` `[I+H,N]`, or of a scan `[I,N]`; and others. */
  readonly gradients: Readonly<Record<string, Tensor>>;
  /** xₖ, `[T,B,Iₖ]` with Σ Iₖ = I, or one tensor `[T,B]` of class indices. */
  readonly inputs: readonly Tensor[];
  /** ∂loss/∂xₖ, `[T,B,Iₖ]`; [] if they are not computed. */
  readonly dInputs: readonly Tensor[];
  /** The states by name, `[T+1,B,N]`. */
  readonly states: Readonly<Record<string, Tensor>>;
  /** ∂loss/∂state, `[T+1,B,N]`, under the same names. */
  readonly dStates: Readonly<Record<string, Tensor>>;
  /** The gradient that reaches a state from outside, `[T+1,B,N]`, under the same names. A state that has none gets 0. */
  readonly dUpstream: Readonly<Record<string, Tensor | undefined>>;
  /** What the equations need besides: `[T,B,N]` if the backward pass reads every step's, `[B,N]` if a step overwrites it. */
  readonly others: Readonly<Record<string, Tensor>>;
}

/** What reads x, and computes its steps one after another. */
export interface Steps extends RecurrenceTensors {
  /** The kernel's rows for each input, `[Iₖ,N]`. */
  readonly Wx: readonly Tensor[];
  /** Wxₖᵀ, `[N,Iₖ]`. */ readonly WxTransposed: readonly Tensor[];
  /** The rows of the kernel's gradient for each input, `[Iₖ,N]`, as in `Wx`. */
  readonly dWx: readonly Tensor[];
  /** Views of every step, in the order of the forward pass. @internal */
  steps: readonly RecurrenceStep[];
}

/** A recurrence over its tensors. Made by `bindRecurrence`; `setRecurrenceLengths` changes its steps. */
export interface Recurrence extends Steps {
  /** The kernel's rows for h, `[H,N]`. */
  readonly Wh: Tensor;
  /** Whᵀ, `[N,H]`. */ readonly WhTransposed: Tensor;
  /** The rows of the kernel's gradient for h, `[H,N]`, as in `Wh`. */
  readonly dWh: Tensor;
  /** Its steps for any lengths. @internal */
  readonly cache: StepCache<RecurrenceStep>;
}

/**
 * The views of one step for the B_t sequences that run at it. Of a state s: `s` `[B_t,N]`, which the step writes, `sPrev`, which it reads,
 * `sPrevTransposed`, and `ds` and `dsPrev`, their gradients. The others by their names.
 */
export type StepRows<Name extends string = string> = Readonly<Record<Name, Tensor>> & {
  /** xₖ, `[B_t,Iₖ]`, or class indices `[B_t]`. */
  readonly x: readonly Tensor[];
  /** xₖᵀ, `[Iₖ,B_t]`, or class indices as they are, `[B_t]`. */ readonly xTransposed: readonly Tensor[];
  /** ∂loss/∂xₖ, `[B_t,Iₖ]`; [] if they are not computed. */ readonly dx: readonly Tensor[];
};

/** The views of one step. */
export interface RecurrenceStep {
  /** Of the sequences that run; undefined if none does. */
  readonly running: StepRows | undefined;
  /** Of the others, for each state: undefined if all run. */
  readonly ended: readonly EndedState[] | undefined;
}

/** A state of the sequences that have ended, and its gradients, `[B-B_t,N]`. */
interface EndedState {
  readonly state: Tensor;
  readonly prev: Tensor;
  readonly dState: Tensor;
  readonly dPrev: Tensor;
}

/** A recurrence whose sequences all have T steps. */
export function bindRecurrence(tensors: RecurrenceTensors): Recurrence {
  const { sizes, inputs, values, gradients } = tensors;
  const [own, d] = [values, gradients].map(({ kernel }) => weightsOf(kernel, sizes.I, inputs));
  const transposed = { WxTransposed: own.Wx.map(transposeOf), WhTransposed: transposeOf(own.Wh) };
  const cache = new StepCache(tensors, (t, count) => ({
    running: count > 0 ? runningRows(tensors, t, count) : undefined,
    ended: count < sizes.B ? endedRows(tensors, t, count) : undefined,
  }));
  const steps = cache.withCounts(Array<number>(sizes.T).fill(sizes.B));
  return { ...tensors, ...own, ...transposed, dWx: d.Wx, dWh: d.Wh, cache, steps };
}

/** As `setLengths` of lstm-tensors.ts: whole numbers 1 … T, the longest first. */
export function setRecurrenceLengths(recurrence: Recurrence, lengths: ArrayLike<number>): void {
  recurrence.steps = recurrence.cache.withCounts(runningCounts(recurrence.sizes, lengths));
}

/** The equations of one step, forward or backward. */
type StepEquations<Of extends Steps, Name extends string> = (
  backend: Backend,
  recurrence: Of,
  step: StepRows<Name>,
) => void;

/** The whole sequence forward. */
export function recurrenceForward<Of extends Steps, Name extends string>(
  backend: Backend,
  recurrence: Of,
  stepForward: StepEquations<Of, Name>,
): void {
  for (const { running, ended = [] } of recurrence.steps) {
    if (running) stepForward(backend, recurrence, running);
    for (const { state, prev } of ended) backend.copy(state, prev); // (14)
  }
}

/**
 * The whole sequence backward, after `recurrenceForward`: every gradient of the parameters, of the inputs, and in `dStates` of every
 * state. `accumulate`: adds to dInputs, which two directions share.
 */
export function recurrenceBackward<Of extends Steps, Name extends string>(
  backend: Backend,
  recurrence: Of,
  stepBackward: StepEquations<Of, Name>,
  { accumulate = false }: AccumulateOptions = {},
): void {
  const { dStates, dUpstream, gradients, dInputs, steps } = recurrence;
  // Every step adds to the states of the step before, so they start as the gradients from outside.
  for (const [name, dState] of Object.entries(dStates)) {
    const upstream = dUpstream[name];
    if (upstream) backend.copy(dState, upstream);
    else backend.fill(dState, 0);
  }
  // Every step uses the same parameters, so their gradients are sums over the steps.
  for (const gradient of Object.values(gradients)) backend.fill(gradient, 0);
  if (!accumulate) for (const dInput of dInputs) backend.fill(dInput, 0);

  for (let n = steps.length - 1; n >= 0; n--) {
    const { running, ended = [] } = steps[n];
    for (const { dPrev, dState } of ended) backend.add(dPrev, dState); // (14′)
    if (running) stepBackward(backend, recurrence, running);
  }
}

/** The rows of `kernel` for each input, and those for h. */
function weightsOf(kernel: Tensor, I: number, inputs: readonly Tensor[]) {
  return { Wx: inputRows(kernel, I, inputs), Wh: rowsOf(kernel, I, kernel.shape[0]) };
}

/** The rows of `kernel` for each input. */
export function inputRows(kernel: Tensor, I: number, inputs: readonly Tensor[]): Tensor[] {
  let end = 0;
  return inputs.map(({ shape }) => rowsOf(kernel, end, (end += shape.length === 2 ? I : shape[2])));
}

function runningRows(tensors: RecurrenceTensors, t: number, count: number): StepRows {
  const { read, write } = stateRows(tensors, t);
  const first = (tensor: Tensor, step: number): Tensor => rowsOf(stepOf(tensor, step), 0, count);
  const rows: Record<string, Tensor> = {};
  for (const [name, state] of Object.entries(tensors.states)) {
    const [prev, d] = [first(state, read), tensors.dStates[name]];
    Object.assign(rows, {
      [name]: first(state, write),
      [`${name}Prev`]: prev,
      [`${name}PrevTransposed`]: transposeOf(prev),
    });
    Object.assign(rows, { [`d${name}`]: first(d, write), [`d${name}Prev`]: first(d, read) });
  }
  for (const [name, tensor] of Object.entries(tensors.others)) {
    rows[name] = tensor.dimension === 3 ? first(tensor, t) : rowsOf(tensor, 0, count);
  }
  const x = tensors.inputs.map((input) => first(input, t));
  const xTransposed = x.map((xk) => (xk.dimension === 1 ? xk : transposeOf(xk)));
  return Object.assign(rows, { x, xTransposed, dx: tensors.dInputs.map((dx) => first(dx, t)) });
}

export function endedRows(tensors: RecurrenceTensors, t: number, count: number): EndedState[] {
  const { read, write } = stateRows(tensors, t);
  const last = (tensor: Tensor, row: number): Tensor => rowsOf(stepOf(tensor, row), count, tensors.sizes.B);
  return Object.entries(tensors.states).map(([name, state]) => {
    const d = tensors.dStates[name];
    return { state: last(state, write), prev: last(state, read), dState: last(d, write), dPrev: last(d, read) };
  });
}
