/** The launches of one call. merge.ts has those of several calls together. */
import type { Place } from './allocations.js';
import type { Call, OperationName } from './calls.js';
import { cellBackward, cellForward } from './cell.js';
import { clipByNorm, clipByValue } from './clipping.js';
import type { AdapterKind } from './device.js';
import type { Datum, Launch } from './kernel.js';
import type { CostKind, Labels } from './loss.js';
import { crossEntropyBackward, crossEntropyForward, errorBackward, errorForward } from './loss.js';
import { matmul } from './matmul.js';
import type { Memory } from './memory.js';
import { adam, add, copy, fill, multiply, sgd } from './pointwise.js';
import { columnSums, embeddingBackward, embeddingForward } from './rows.js';

/** A call in a list, and its numbers as data of a launch. */
export interface ListedCall extends Call {
  readonly number: (index: number) => Datum;
}

export const listed = (call: Call, at: number): ListedCall => ({
  ...call,
  number: (index) => ({ call: at, index }),
});

type MakeLaunches = (call: ListedCall, kind: AdapterKind, scratch: Memory['scratch']) => Launch | readonly Launch[];

/** What a product adds: its bias, what its output holds, or nothing. */
export const startOf = ({ option, places }: Call): Place | 'out' | 'nothing' => {
  if (option === 'bias') return places[3];
  return option === 'accumulate' ? 'out' : 'nothing';
};

const labelsOf = ({ firstIndex }: Call, labels: Place): Labels => (firstIndex < 0 ? labels : firstIndex);

/** Indices of one step. */
const indicesOf = ({ firstIndex }: Call, { columns }: Place) => ({ first: firstIndex, perStep: columns, pitch: 0 });

const LAUNCHES: Readonly<Record<OperationName, MakeLaunches>> = {
  matmul: (call, kind) => matmul(kind, call.places[0], call.places[1], call.places[2], startOf(call)),
  columnSums: ({ places: [out, a], option }) => columnSums(out, a, option === 'accumulate'),
  lstmCellForward: ({ places: [h, c, gates, z, cPrev], number }) => cellForward({ h, c, gates, z, cPrev }, number(0)),
  lstmCellBackward: ({ places: [dz, dc, dcPrev, dh, gates, c, cPrev] }) =>
    cellBackward({ dz, dc, dcPrev, dh, gates, c, cPrev }),
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
export const launchesOfOne = (call: ListedCall, kind: AdapterKind, scratch: Memory['scratch']): readonly Launch[] =>
  [LAUNCHES[call.operation](call, kind, scratch)].flat();
