/**
 * The forward pass of a run of steps: x·Wx + b of all steps is one product, into the rows of `gates`, which the steps overwrite anyway;
 * then a step is one launch: hPrev·Wh, the gates, c and h. Every sum has the order of the calls, and so the same bits.
 */
import type { ListedCall } from './calls.js';
import { areApart, areOtherTensors, isApartBy, isSamePlace, isTight, joined, startOf, strideOf } from './calls.js';
import { stepForward } from './cell.js';
import type { AdapterKind } from './device.js';
import type { Launch } from './kernel.js';
import { matmul } from './matmul.js';
import { embeddingForward } from './rows.js';

/** z = x·Wx + b in one or more calls; z += hPrev·Wh; the cell. */
interface Step {
  readonly inputs: readonly ListedCall[];
  readonly recurrent: ListedCall;
  readonly cell: ListedCall;
}

const X_OF_PRODUCT = 1;
const INDICES = 2;
const GATES = 2;

/** The step whose calls begin at `n`; undefined if they are others, or operands that one launch cannot compute with. */
function stepAt(calls: readonly ListedCall[], n: number): Step | undefined {
  const first = calls[n];
  if (!(first.operation === 'embeddingForward' || (first.operation === 'matmul' && first.option === 'bias'))) return;
  const z = first.places[0];
  let end = n + 1;
  const adds = (call: ListedCall | undefined): boolean =>
    call?.operation === 'matmul' && call.option === 'accumulate' && isSamePlace(call.places[0], z);
  while (adds(calls[end])) end++;
  const cell = calls.at(end);
  if (end - n < 2 || cell?.operation !== 'lstmCellForward' || !isSamePlace(cell.places[3], z)) return;
  const step = { inputs: calls.slice(n, end - 1), recurrent: calls[end - 1], cell };
  return isLaunchable(step) ? step : undefined;
}

function isLaunchable({ inputs, recurrent, cell }: Step): boolean {
  const [h, c, gates, z] = cell.places; // h or c may replace cPrev: a thread reads its numbers there first
  const [, hPrev, Wh] = recurrent.places;
  const read = inputs.flatMap(({ places }) => places.slice(1));
  const isProductOfRows = ({ operation, places }: ListedCall): boolean =>
    operation === 'embeddingForward' || !places[X_OF_PRODUCT].transposed;
  return (
    h.columns % 4 === 0 &&
    !hPrev.transposed &&
    !Wh.transposed &&
    inputs.every(isProductOfRows) &&
    areApart([h, c, gates, z, hPrev, Wh]) &&
    areOtherTensors([gates], [hPrev, Wh]) && // the gates of later steps get x·Wx + b before this step
    areOtherTensors([h, c, gates, z], read)
  );
}

/** Whether `next` is the step after `last`; `first` and `second` set the strides, and `last` may be `first`. */
function follows(first: Step, second: Step, last: Step, next: Step): boolean {
  const stride = strideOf(first.cell, second.cell, GATES);
  if (next.inputs.length !== first.inputs.length || !isTight(stride, first.cell.places[GATES])) return false;
  const isNextInput = (input: ListedCall, n: number): boolean => {
    const [before, one, two] = [last.inputs[n], first.inputs[n], second.inputs[n]];
    if (input.operation !== one.operation || input.option !== one.option) return false;
    const isOf = (index: number): boolean => isSamePlace(input.places[index], one.places[index]);
    if (input.operation === 'embeddingForward') {
      const tensor = one.places[INDICES];
      const isIndices = input.places[INDICES].data === tensor.data && input.places[INDICES].columns === tensor.columns;
      return (
        isOf(1) && isOf(3) && isIndices && input.firstIndex - before.firstIndex === two.firstIndex - one.firstIndex
      );
    }
    const xStride = strideOf(one, two, X_OF_PRODUCT);
    return (
      isOf(2) &&
      (input.option !== 'bias' || isOf(3)) &&
      xStride > 0 === stride > 0 &&
      isTight(xStride, one.places[X_OF_PRODUCT]) &&
      isApartBy(before, input, X_OF_PRODUCT, xStride)
    );
  };
  return (
    isApartBy(last.cell, next.cell, GATES, stride) &&
    isSamePlace(next.cell.places[3], first.cell.places[3]) &&
    next.inputs.every(isNextInput)
  );
}

const lengthOf = ({ inputs }: Step): number => inputs.length + 2;

/** The steps of the run that begins at call `n`. */
function stepsAt(calls: readonly ListedCall[], n: number): Step[] {
  const steps: Step[] = [];
  for (let at = n; at < calls.length;) {
    const step = stepAt(calls, at);
    if (!step) break;
    if (steps.length > 0 && !follows(steps[0], steps.at(1) ?? step, steps[steps.length - 1], step)) break;
    steps.push(step);
    at += lengthOf(step);
  }
  return steps;
}

function inputLaunch(kind: AdapterKind, steps: readonly Step[], n: number): Launch {
  const [first, last] = [steps[0], steps[steps.length - 1]];
  const gates = joined(first.cell.places[GATES], last.cell.places[GATES], steps.length);
  const [one, other] = [first.inputs[n], last.inputs[n]];
  if (one.operation === 'matmul') {
    const x = joined(one.places[X_OF_PRODUCT], other.places[X_OF_PRODUCT], steps.length);
    return matmul(kind, gates, x, one.places[2], startOf(one));
  }
  // in the order of the rows of gates, which is the reverse of the steps if these run backwards
  const isReverse = first.cell.places[GATES].address > last.cell.places[GATES].address;
  const pitch = steps.length > 1 ? steps[1].inputs[n].firstIndex - one.firstIndex : 0;
  const indices = { first: (isReverse ? other : one).firstIndex, pitch: isReverse ? -pitch : pitch };
  const [, a, { columns }, bias] = one.places;
  return embeddingForward(gates, a, { ...indices, perStep: columns }, bias);
}

/** Launches, and how many calls they compute. */
export interface Merged {
  readonly launches: readonly Launch[];
  readonly count: number;
}

export function forwardRun(calls: readonly ListedCall[], n: number, kind: AdapterKind): Merged | undefined {
  const steps = stepsAt(calls, n);
  if (steps.length === 0) return;
  const inputs = steps[0].inputs.map((_, k) => inputLaunch(kind, steps, k));
  const cells = steps.map(({ cell, recurrent }, s) => {
    const [h, c, gates, z, cPrev] = cell.places;
    const [, hPrev, Wh] = recurrent.places;
    return stepForward(kind, { h, c, gates, z, cPrev, hPrev, Wh }, cell.number(0), s === steps.length - 1);
  });
  return { launches: [...inputs, ...cells], count: steps.length * lengthOf(steps[0]) };
}
