/**
 * The steps of a scan, in blocks. The gates of a scan do not read the state, so the products with x of many steps are one. All steps at
 * which every sequence of the batch runs are one block; each later one, at which some have ended, is a block of its own. recurrence.ts
 * runs the blocks as it runs steps.
 */
import type { Backend } from '../core/backend.js';
import { type Tensor, flatten, matrixOf, rowsOf, stepOf, transposeOf } from '../core/tensor.js';
import { runningCounts } from './ended-sequences.js';
import { inputBackward, inputForward } from './lstm-input.js';
import { StepCache } from './lstm-step-views.js';
import type { RecurrenceStep, RecurrenceTensors, StepRows, Steps } from './recurrence.js';
import { endedRows, inputRows } from './recurrence.js';

/** A scan over its tensors. Made by `bindScan`. */
export interface Scan extends Steps {
  /** Each sequence of the batch gets its own length: whole numbers 1 … T, the longest first. */
  setLengths(lengths: ArrayLike<number>): void;
}

/**
 * The views of a block of N steps, for the B_t sequences that run. h, dh `[N,B_t,H]`; the state before, hPrev, and dhPrev `[B_t,H]`; gates,
 * dz `[N,B_t,…]`, and as matrices of all rows, `[N·B_t,…]`: z, dzRows. x, xTransposed and dx are those of all rows, too.
 */
export type Block = StepRows<'h' | 'dh' | 'hPrev' | 'dhPrev' | 'gates' | 'dz' | 'z' | 'dzRows'>;

/** A scan whose sequences all have T steps. */
export function bindScan(tensors: RecurrenceTensors): Scan {
  const { sizes, inputs, values, gradients, reverse } = tensors;
  const { T, B, I } = sizes;
  const [Wx, dWx] = [values, gradients].map(({ kernel }) => inputRows(kernel, I, inputs));
  const cache = new StepCache(tensors, (t, count): RecurrenceStep | undefined =>
    count === B
      ? undefined // it belongs to the block of whole steps
      : {
          running: count > 0 ? asRows(blockOf(tensors, t, t + 1, count)) : undefined,
          ended: endedRows(tensors, t, count),
        },
  );
  const stepsWith = (running: readonly number[]): RecurrenceStep[] => {
    const whole = running.filter((count) => count === B).length;
    const block = { running: asRows(blockOf(tensors, 0, whole, B)), ended: undefined };
    const others = cache.withCounts(running).filter((step) => step !== undefined);
    return reverse ? [...others, block] : [block, ...others];
  };
  const scan = { ...tensors, Wx, WxTransposed: Wx.map(transposeOf), dWx, steps: stepsWith(Array<number>(T).fill(B)) };
  const setLengths = (lengths: ArrayLike<number>): void => {
    scan.steps = stepsWith(runningCounts(sizes, lengths));
  };
  return Object.assign(scan, { setLengths });
}

/** A block as recurrence.ts passes it on. */
const asRows = (block: Block): StepRows => block as unknown as StepRows;

/** The views of steps `from … to - 1` for the first `count` sequences, which are all if there is more than one step. */
function blockOf(
  { states: { h }, dStates, others, inputs, dInputs, reverse }: RecurrenceTensors,
  from: number,
  to: number,
  count: number,
): Block {
  const steps = (tensor: Tensor): Tensor => rowsOf(tensor, from, to).hi(-1, count);
  const rows = (tensor: Tensor): Tensor => (tensor.dimension === 2 ? flatten(steps(tensor)) : matrixOf(steps(tensor)));
  /** Row t+1 of a state is that after step t; in reverse, row t. */
  const states = (tensor: Tensor): Tensor =>
    (reverse ? rowsOf(tensor, from, to) : rowsOf(tensor, from + 1, to + 1)).hi(-1, count);
  const before = (tensor: Tensor): Tensor => rowsOf(stepOf(tensor, reverse ? to : from), 0, count);
  const x = inputs.map(rows);
  return {
    ...{ h: states(h), dh: states(dStates.h), hPrev: before(h), dhPrev: before(dStates.h) },
    ...{ gates: steps(others.gates), dz: steps(others.dz), z: rows(others.gates), dzRows: rows(others.dz) },
    ...{ x, xTransposed: x.map((xk) => (xk.dimension === 1 ? xk : transposeOf(xk))), dx: dInputs.map(rows) },
  };
}

/** (1) z = x·Wx + b of all steps of a block: in `gates`, which the cell then activates. */
export function scanInputForward(backend: Backend, { Wx, values }: Scan, { z, x }: Block): void {
  inputForward(backend, z, x, Wx, values.bias);
}

/** (1′) from  z = x·Wx + b:  dx += dz·Wxᵀ;  dWx += xᵀ·dz;  db += Σ dz, the sum over all rows of the block. */
export function scanInputBackward(
  backend: Backend,
  { WxTransposed, dWx, gradients }: Scan,
  { dzRows, dx, xTransposed }: Block,
): void {
  backend.columnSums(gradients.bias, dzRows, { accumulate: true });
  inputBackward(backend, dx, dWx, dzRows, xTransposed, WxTransposed);
}
