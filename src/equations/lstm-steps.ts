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

/** The tensors of which a forward step has views; src/equations/lstm-tensors.ts has the shapes. */
interface Forward {
  readonly sizes: { readonly T: number; readonly B: number };
  readonly reverse: boolean;
  readonly inputs: readonly Tensor[];
  readonly h: Tensor;
  readonly c: Tensor;
  readonly z: Tensor;
  readonly gates: Tensor;
}

/** As `Forward`, for both passes. */
interface Backward extends Forward {
  readonly dInputs: readonly Tensor[];
  readonly dh: Tensor;
  readonly dc: Tensor;
  readonly dz: Tensor;
}

/** The views of one step. */
export interface Step {
  /** The B_t sequences that run at this step, the first rows; undefined if none does. */
  readonly running: ReturnType<typeof runningViews> | undefined;
  /** The sequences that do not, the other rows; undefined if all run. */
  readonly ended: ReturnType<typeof endedViews> | undefined;
}

/** The views of one step, with those of its gradients. */
export interface TrainingStep {
  /** The B_t sequences that run at this step, the first rows; undefined if none does. */
  readonly running: (ReturnType<typeof runningViews> & ReturnType<typeof runningGradients>) | undefined;
  /** The sequences that do not, the other rows; undefined if all run. */
  readonly ended: (ReturnType<typeof endedViews> & ReturnType<typeof endedGradients>) | undefined;
}

/** B_t for every step: how many sequences are longer than t. Throws a RangeError unless the longest come first. */
export function runningCounts({ T, B }: Forward['sizes'], lengths: ArrayLike<number>): number[] {
  if (lengths.length !== B) throw new RangeError(`lengths: ${lengths.length} numbers for a batch of ${B} sequences`);
  const running = Array<number>(T).fill(0);
  for (let b = 0; b < B; b++) {
    const length = lengths[b];
    if (!(Number.isInteger(length) && length >= 1 && length <= T)) {
      throw new RangeError(`lengths[${b}] is ${length}: must be a whole number in 1…${T}`);
    }
    if (b > 0 && length > lengths[b - 1]) {
      throw new RangeError(`lengths: ${lengths[b - 1]} comes before ${length}: sort the batch, the longest first`);
    }
    for (let t = 0; t < length; t++) running[t]++;
  }
  return running;
}

/**
 * How many steps' views one LSTM keeps. One step's need about 6 KB, so these are 23 MB. With T 28 and B 128, that is every B_t.
 * With T 784, it is five B_t for each step: if a batch has 8 random lengths, 95 % of its steps find theirs.
 */
const MOST_KEPT = 4096;

/**
 * The steps of one LSTM for any lengths. Making the views of 784 steps can take as long as computing them for a small batch.
 * So each step keeps its views for the B_t that it had last.
 */
export class KeptSteps<OneLstm extends Forward, OneStep> {
  private readonly byCount: readonly Map<number, OneStep>[];
  private readonly mostCounts: number;

  /** `make` makes the views of step t, in which `count` sequences run. */
  constructor(
    private readonly lstm: OneLstm,
    private readonly make: (lstm: OneLstm, t: number, count: number) => OneStep,
  ) {
    const { T } = lstm.sizes;
    this.byCount = Array.from({ length: T }, () => new Map<number, OneStep>());
    this.mostCounts = Math.max(1, Math.floor(MOST_KEPT / T));
  }

  /** The steps in the order of the forward pass. `running`: B_t for every step. */
  withCounts(running: readonly number[]): OneStep[] {
    return stepOrder(this.lstm).map((t) => this.step(t, running[t]));
  }

  private step(t: number, count: number): OneStep {
    const kept = this.byCount[t];
    const step = kept.get(count) ?? this.make(this.lstm, t, count);
    kept.delete(count);
    kept.set(count, step); // a Map keeps this order: the first one was used longest ago
    const [oldest] = kept.keys();
    if (kept.size > this.mostCounts) kept.delete(oldest);
    return step;
  }
}

/** The views of step t of a forward pass, in which `count` sequences run. */
export function inferenceStep(lstm: Forward, t: number, count: number): Step {
  return {
    running: count > 0 ? runningViews(lstm, t, count) : undefined,
    ended: count < lstm.sizes.B ? endedViews(lstm, t, count) : undefined,
  };
}

/** The same with the views of gradients. */
export function trainingStep(lstm: Backward, t: number, count: number): TrainingStep {
  const { running, ended } = inferenceStep(lstm, t, count);
  return {
    running: running && { ...running, ...runningGradients(lstm, t, count) },
    ended: ended && { ...ended, ...endedGradients(lstm, t, count) },
  };
}

/** 0 … T-1; in reverse T-1 … 0. */
function stepOrder({ sizes: { T }, reverse }: Forward): number[] {
  return Array.from({ length: T }, (_, n) => (reverse ? T - 1 - n : n));
}

/** The rows of h and c that step t reads and writes. */
const stateRows = ({ reverse }: Forward, t: number) =>
  reverse ? { read: t + 1, write: t } : { read: t, write: t + 1 };

function runningViews(lstm: Forward, t: number, count: number) {
  const { read, write } = stateRows(lstm, t);
  const first = (tensor: Tensor, step: number): Tensor => rowsOf(stepOf(tensor, step), 0, count);
  const inputs = [...lstm.inputs.map((input) => first(input, t)), first(lstm.h, read)];
  return {
    /** What the step reads, `[B_t,Iₖ]` each, or class indices `[B_t]`; the last is hPrev, `[B_t,H]`. */
    inputs,
    /** inputₖᵀ, `[Iₖ,B_t]`; class indices as they are. */
    inputsTransposed: inputs.map((input) => (input.dimension === 1 ? input : transposeOf(input))),
    /** Pre-activations, `[B_t,4H]`. */
    z: rowsOf(lstm.z, 0, count),
    /** The activated gates, `[B_t,4H]`. */
    gates: first(lstm.gates, t),
    /** The cell state that the step reads, `[B_t,H]`. */
    cPrev: first(lstm.c, read),
    /** The hidden state that the step writes, `[B_t,H]`. */
    h: first(lstm.h, write),
    /** The cell state that the step writes, `[B_t,H]`. */
    c: first(lstm.c, write),
  };
}

function runningGradients(lstm: Backward, t: number, count: number) {
  const { read, write } = stateRows(lstm, t);
  const first = (tensor: Tensor, step: number): Tensor => rowsOf(stepOf(tensor, step), 0, count);
  const given = (dInput: Tensor | undefined) => dInput && first(dInput, t);
  return {
    /** ∂loss/∂z, `[B_t,4H]`. */
    dz: rowsOf(lstm.dz, 0, count),
    /** ∂loss/∂inputₖ, `[B_t,Iₖ]`; undefined for inputs whose gradient is not computed. The last is dhPrev. */
    dInputs: [...lstm.inputs.map((_, k) => given(lstm.dInputs.at(k))), first(lstm.dh, read)],
    /** ∂loss/∂cPrev, `[B_t,H]`. */
    dcPrev: first(lstm.dc, read),
    /** ∂loss/∂h, `[B_t,H]`. */
    dh: first(lstm.dh, write),
    /** ∂loss/∂c, `[B_t,H]`. */
    dc: first(lstm.dc, write),
  };
}

function endedViews(lstm: Forward, t: number, count: number) {
  const { hPrev, cPrev, h, c } = endedRows(lstm, lstm.h, lstm.c, t, count);
  return {
    /** h before the step, `[B-B_t,H]`. */
    hPrev,
    /** c before the step, `[B-B_t,H]`. */
    cPrev,
    /** h after the step, `[B-B_t,H]`. */
    h,
    /** c after the step, `[B-B_t,H]`. */
    c,
  };
}

function endedGradients(lstm: Backward, t: number, count: number) {
  const { hPrev, cPrev, h, c } = endedRows(lstm, lstm.dh, lstm.dc, t, count);
  return {
    /** ∂loss/∂hPrev, `[B-B_t,H]`. */
    dhPrev: hPrev,
    /** ∂loss/∂cPrev, `[B-B_t,H]`. */
    dcPrev: cPrev,
    /** ∂loss/∂h, `[B-B_t,H]`. */
    dh: h,
    /** ∂loss/∂c, `[B-B_t,H]`. */
    dc: c,
  };
}

/** The rows of the ended sequences before and after step t, in `h` and `c` `[T+1,B,H]`. */
function endedRows(lstm: Forward, h: Tensor, c: Tensor, t: number, count: number) {
  const { read, write } = stateRows(lstm, t);
  const last = (tensor: Tensor, row: number): Tensor => rowsOf(stepOf(tensor, row), count, lstm.sizes.B);
  return { hPrev: last(h, read), cPrev: last(c, read), h: last(h, write), c: last(c, write) };
}
