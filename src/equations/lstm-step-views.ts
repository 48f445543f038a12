/**
 * The views of an LSTM's tensors that its equations use, one entry for each step. A view shares the memory of its tensor.
 *
 * The two directions differ in these views, and in the row of their last state. Forward, row 0 of h and c is the initial
 * state, and step t reads row t and writes row t+1. In reverse, the steps go from T-1 down to 0, row T is the initial state,
 * and step t reads row t+1 and writes row t. So no step is special.
 *
 * Sequences of different lengths are sorted, the longest first. Then the sequences that run at step t are the first rows of
 * every tensor, and the same operations compute them. In reverse, a short sequence starts late: it keeps its initial state down
 * to its own last step.
 */
import type { Tensor } from '../core/tensor.js';
import { rowsOf, stepOf, transposeOf } from '../core/tensor.js';

/** The tensors of (16). */
export interface Projection {
  /** The weights Wr, `[H,P]`. */
  readonly Wr: Tensor;
  /** ∂loss/∂Wr, `[H,P]`. */
  readonly dWr: Tensor;
  /** o*tanh(c) of every step, `[T,B,H]`. */
  readonly m: Tensor;
  /** ∂loss/∂m of one step, `[B,H]`. Each step overwrites it. */
  readonly dm: Tensor;
}

/** The tensors of which a step has views; lstm-tensors.ts has the shapes. */
interface Tensors {
  readonly sizes: { readonly T: number; readonly B: number };
  readonly reverse: boolean;
  readonly inputs: readonly Tensor[];
  readonly h: Tensor;
  readonly c: Tensor;
  readonly z: Tensor;
  readonly gates: Tensor;
  readonly dInputs: readonly Tensor[];
  readonly dh: Tensor;
  readonly dc: Tensor;
  readonly dz: Tensor;
  readonly projection?: Projection | undefined;
}

/** The views of one step. */
export interface Step {
  /** The B_t sequences that run at this step, the first rows; undefined if none does. */
  readonly running: RunningRows | undefined;
  /** The views of (16) for the running sequences; undefined if none runs, or without a projection. */
  readonly projected: ProjectedRows | undefined;
  /** The sequences that do not, the other rows; undefined if all run. */
  readonly ended: EndedRows | undefined;
}

/** The views of one step for the sequences that run at it. @interface */
export type RunningRows = ReturnType<typeof runningRows>;

/** The views of one step that (16) uses. @interface */
export type ProjectedRows = ReturnType<typeof projectedRows>;

/** The views of one step for the sequences that have ended, or in reverse have not begun. @interface */
export type EndedRows = ReturnType<typeof endedRows>;

/**
 * How many steps' views one cell keeps. One step's need about 6 KB, so these are 23 MB. With T 28 and B 128, that is every B_t.
 * With T 784, it is five B_t for each step: if a batch has 8 random lengths, 95 % of its steps find theirs.
 */
const MOST_KEPT = 4096;

/**
 * The steps of one cell for any lengths. Making the views of 784 steps can take as long as computing them for a small batch.
 * So each step keeps its views for the B_t that it had last.
 */
export class StepCache<Views> {
  private readonly byCount: readonly Map<number, Views>[];
  private readonly mostCounts: number;

  /** `stepWith`: the views of step t, at which `count` sequences run. */
  constructor(
    private readonly of: { readonly sizes: { readonly T: number }; readonly reverse: boolean },
    private readonly stepWith: (t: number, count: number) => Views,
  ) {
    const { T } = of.sizes;
    this.byCount = Array.from({ length: T }, () => new Map<number, Views>());
    this.mostCounts = Math.max(1, Math.floor(MOST_KEPT / T));
  }

  /** The steps in the order of the forward pass. `running`: B_t for every step. */
  withCounts(running: readonly number[]): Views[] {
    const steps = running.map((count, t) => this.step(t, count));
    return this.of.reverse ? steps.reverse() : steps;
  }

  private step(t: number, count: number): Views {
    const kept = this.byCount[t];
    const step = kept.get(count) ?? this.stepWith(t, count);
    kept.delete(count);
    kept.set(count, step); // a Map keeps this order: the first one was used longest ago
    const [oldest] = kept.keys();
    if (kept.size > this.mostCounts) kept.delete(oldest);
    return step;
  }
}

/** The steps of an LSTM for any lengths. */
export const lstmSteps = (lstm: Tensors): StepCache<Step> =>
  new StepCache(lstm, (t, count) => stepWith(lstm, t, count));

/** The views of step t, at which `count` sequences run. */
function stepWith(lstm: Tensors, t: number, count: number): Step {
  const { projection } = lstm;
  return {
    running: count > 0 ? runningRows(lstm, t, count) : undefined,
    projected: count > 0 && projection ? projectedRows(lstm, projection, t, count) : undefined,
    ended: count < lstm.sizes.B ? endedRows(lstm, t, count) : undefined,
  };
}

/** The rows of h and c that step t reads and writes. */
export const stateRows = ({ reverse }: { readonly reverse: boolean }, t: number) =>
  reverse ? { read: t + 1, write: t } : { read: t, write: t + 1 };

function runningRows(lstm: Tensors, t: number, count: number) {
  const { read, write } = stateRows(lstm, t);
  const { projection } = lstm;
  const first = (tensor: Tensor, step: number): Tensor => rowsOf(stepOf(tensor, step), 0, count);
  const x = lstm.inputs.map((input) => first(input, t));
  const hPrev = first(lstm.h, read);
  return {
    /** What the step reads besides h: `[B_t,Iₖ]` each, or class indices `[B_t]`. */
    x,
    /** xₖᵀ, `[Iₖ,B_t]`; class indices as they are. */
    xTransposed: x.map((xk) => (xk.dimension === 1 ? xk : transposeOf(xk))),
    /** The hidden state that the step reads, `[B_t,H]`; with a projection `[B_t,P]`. */
    hPrev,
    /** hPrevᵀ, `[H,B_t]`, or `[P,B_t]`. */
    hPrevTransposed: transposeOf(hPrev),
    /** The cell state that the step reads, `[B_t,H]`. */
    cPrev: first(lstm.c, read),
    /** Pre-activations, `[B_t,4H]`. */
    z: rowsOf(lstm.z, 0, count),
    /** The activated gates, `[B_t,4H]`. */
    gates: first(lstm.gates, t),
    /** What (4) writes, `[B_t,H]`: the hidden state; with a projection m of (16). */
    h: projection ? first(projection.m, t) : first(lstm.h, write),
    /** The cell state that the step writes, `[B_t,H]`. */
    c: first(lstm.c, write),
    /** ∂loss/∂h, `[B_t,H]`; with a projection ∂loss/∂m. */
    dh: projection ? rowsOf(projection.dm, 0, count) : first(lstm.dh, write),
    /** ∂loss/∂c, `[B_t,H]`. */
    dc: first(lstm.dc, write),
    /** ∂loss/∂z, `[B_t,4H]`. */
    dz: rowsOf(lstm.dz, 0, count),
    /** ∂loss/∂xₖ, `[B_t,Iₖ]`; [] if they are not computed. */
    dx: lstm.dInputs.map((dInput) => first(dInput, t)),
    /** ∂loss/∂hPrev, `[B_t,H]`, or `[B_t,P]`. */
    dhPrev: first(lstm.dh, read),
    /** ∂loss/∂cPrev, `[B_t,H]`. */
    dcPrev: first(lstm.dc, read),
  };
}

function projectedRows(lstm: Tensors, { Wr, dWr, m, dm }: Projection, t: number, count: number) {
  const { write } = stateRows(lstm, t);
  const first = (tensor: Tensor, step: number): Tensor => rowsOf(stepOf(tensor, step), 0, count);
  const mOfStep = first(m, t);
  return {
    /** The hidden state that the step writes, `[B_t,P]`. */
    h: first(lstm.h, write),
    /** ∂loss/∂h, `[B_t,P]`. */
    dh: first(lstm.dh, write),
    /** What (4) has computed, `[B_t,H]`. */
    m: mOfStep,
    /** mᵀ, `[H,B_t]`. */
    mTransposed: transposeOf(mOfStep),
    /** ∂loss/∂m, `[B_t,H]`. */
    dm: rowsOf(dm, 0, count),
    /** The weights, `[H,P]`. */
    Wr,
    /** Wrᵀ, `[P,H]`. */
    WrTransposed: transposeOf(Wr),
    /** ∂loss/∂Wr, `[H,P]`. */
    dWr,
  };
}

function endedRows(lstm: Tensors, t: number, count: number) {
  const { read, write } = stateRows(lstm, t);
  const last = (tensor: Tensor, row: number): Tensor => rowsOf(stepOf(tensor, row), count, lstm.sizes.B);
  return {
    /** h before the step, `[B-B_t,H]`; with a projection `[B-B_t,P]`, and so the others of h. */
    hPrev: last(lstm.h, read),
    /** c before the step, `[B-B_t,H]`. */
    cPrev: last(lstm.c, read),
    /** h after the step, `[B-B_t,H]`. */
    h: last(lstm.h, write),
    /** c after the step, `[B-B_t,H]`. */
    c: last(lstm.c, write),
    /** ∂loss/∂hPrev, `[B-B_t,H]`. */
    dhPrev: last(lstm.dh, read),
    /** ∂loss/∂cPrev, `[B-B_t,H]`. */
    dcPrev: last(lstm.dc, read),
    /** ∂loss/∂h, `[B-B_t,H]`. */
    dh: last(lstm.dh, write),
    /** ∂loss/∂c, `[B-B_t,H]`. */
    dc: last(lstm.dc, write),
  };
}
