/**
 * The launches of a list of calls. Calls that a sequence makes at each of its steps become fewer launches: forward-run.ts and
 * backward-run.ts. The updates of all parameters become one. Any other call has its own launches, most often one.
 *
 * A launch on a GPU takes some microseconds, also for a few numbers, and a product over all steps gives it more work at once.
 */
import type { Place } from './allocations.js';
import { backwardRun, type Scratch } from './backward-run.js';
import { type Call, type ListedCall, type OperationName, areOtherTensors, listed, startOf } from './calls.js';
import { cellBackward, cellForward } from './cell.js';
import { cellLaunch } from './cells.js';
import { clipByNorm, clipByValue } from './clipping.js';
import type { AdapterKind } from './device.js';
import { type Merged, forwardRun } from './forward-run.js';
import type { Launch } from './kernel.js';
import type { CostKind, Labels } from './loss.js';
import { crossEntropyBackward, crossEntropyForward, errorBackward, errorForward } from './loss.js';
import { matmul } from './matmul.js';
import { adam, add, copy, fill, multiply, sgd } from './pointwise.js';
import { columnSums, embeddingBackward, embeddingForward } from './rows.js';

type MakeLaunches = (call: ListedCall, kind: AdapterKind, scratch: Scratch) => Launch | readonly Launch[];

const labelsOf = ({ firstIndex }: Call, labels: Place): Labels => (firstIndex < 0 ? labels : firstIndex);

/** Indices of one step. */
const indicesOf = ({ firstIndex }: Call, { columns }: Place) => ({ first: firstIndex, perStep: columns, pitch: 0 });

const LAUNCHES: Readonly<Record<OperationName, MakeLaunches>> = {
  matmul: (call, kind) => matmul(kind, call.places[0], call.places[1], call.places[2], startOf(call)),
  columnSums: ({ places: [out, a], option }) => columnSums(out, a, option === 'accumulate'),
  lstmCellForward: ({ places: [h, c, gates, z, cPrev], number }) => cellForward({ h, c, gates, z, cPrev }, number(0)),
  lstmCellBackward: ({ places: [dz, dc, dcPrev, dh, gates, c, cPrev] }) =>
    cellBackward({ dz, dc, dcPrev, dh, gates, c, cPrev }),
  tanhForward: ({ places }) => cellLaunch('tanhForward', places),
  tanhBackward: ({ places }) => cellLaunch('tanhBackward', places),
  gruCellForward: ({ places }) => cellLaunch('gruCellForward', places),
  gruCellBackward: ({ places }) => cellLaunch('gruCellBackward', places),
  crossEntropyForward: (call) => {
    const [losses, probabilities, logits, labels] = call.places;
    return crossEntropyForward(losses, probabilities, logits, labelsOf(call, labels));
  },
  crossEntropyBackward: (call) => {
    const [dLogits, probabilities, labels] = call.places;
    return crossEntropyBackward(dLogits, probabilities, labelsOf(call, labels), call.number(0));
  },
  errorForward: ({ places: [losses, ...operands], option, number }) =>
    errorForward(option as CostKind, losses, operands, option === 'huber' ? { delta: number(0) } : {}),
  errorBackward: ({ places: [dOutputs, ...operands], option, number }) => {
    const count = number(0);
    return errorBackward(
      option as CostKind,
      dOutputs,
      operands,
      option === 'huber' ? { delta: number(1), count } : { count },
    );
  },
  clipByValue: ({ places, number }) => clipByValue(places, number(0)),
  clipByNorm: ({ places, number }, _, scratch) => clipByNorm(places, number(0), scratch),
  adam: ({ places, number }) => adam([{ places, rate: number(0) }]),
  sgd: ({ places, number }) => sgd(places, number(0), number(1)),
  embeddingForward: (call) => {
    const [out, a, indices, bias] = call.places;
    return embeddingForward(out, a, indicesOf(call, indices), bias);
  },
  embeddingBackward: (call, kind) => {
    const [out, indices, a] = call.places;
    return embeddingBackward(kind, out, indicesOf(call, indices), a);
  },
  multiply: ({ places }) => multiply(places),
  add: ({ places }) => add(places),
  fill: ({ places, number }) => fill(places, number(0)),
  copy: ({ places }) => copy(places),
};

/** The launches of one call, most often one. */
const launchesOfOne = (call: ListedCall, kind: AdapterKind, scratch: Scratch): readonly Launch[] =>
  [LAUNCHES[call.operation](call, kind, scratch)].flat();

/** Updates of different tensors, one after another. */
function adamRun(calls: readonly ListedCall[], n: number): Merged | undefined {
  let end = n;
  const places = () => calls.slice(n, end).flatMap((call) => call.places);
  while (calls.at(end)?.operation === 'adam' && end < calls.length && areOtherTensors(calls[end].places, places()))
    end++;
  if (end - n < 2) return;
  return {
    launches: adam(calls.slice(n, end).map((call) => ({ places: call.places, rate: call.number(0) }))),
    count: end - n,
  };
}

export function launchesOf(given: readonly Call[], kind: AdapterKind, scratch: Scratch): Launch[] {
  const calls = given.map(listed);
  const launches: Launch[] = [];
  for (let n = 0; n < calls.length;) {
    const merged = forwardRun(calls, n, kind) ?? backwardRun(calls, n, kind, scratch) ?? adamRun(calls, n);
    launches.push(...(merged?.launches ?? launchesOfOne(calls[n], kind, scratch)));
    n += merged?.count ?? 1;
  }
  return launches;
}
