/** Mistakes in the order of the reverse direction's steps: its outputs are not turned back, or read at the wrong step. */
import type { Backend } from '../core/backend.js';
import { allocateAll, freeAll } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { rowsOf, stepOf } from '../core/tensor.js';
import type { Lstm } from '../equations/lstm-tensors.js';
import { lstmBackward, lstmForward } from '../equations/lstm.js';
import { outputViews } from '../network/layers.js';
import { NetworkOutput } from '../network/output.js';
import type { Mistake } from './mistake.js';
import type { Problem } from './problem.js';
import type { Passes } from './solve.js';
import { answersOf, solve } from './solve.js';

/** How a program treats the steps of the reverse directions. */
interface Treatment {
  /** The layer above, and the report, have their outputs in the order in which they were computed. */
  readonly isNotTurnedBack: boolean;
  /** An output layer that reads the last state reads the state after their first step. */
  readonly readsFirst: boolean;
}

/** The mistakes in the order of the steps of this problem's reverse directions. */
export function turnedMistakes(problem: Problem): Mistake[] {
  const { layers, reads } = problem.network;
  const hasReverse = layers.some(({ bidirectional }) => bidirectional);
  if (!hasReverse || problem.lengths.every((length) => length === 1)) return [];
  const notTurned = "the reverse direction's outputs are not turned back";
  const mistake = (words: string, isNotTurnedBack: boolean, readsFirst: boolean): Mistake => ({
    words,
    pass: (backend, onStep) => solve(backend, problem, onStep, passesWith({ isNotTurnedBack, readsFirst })),
  });
  const first = mistake(`${notTurned}: its first one stands at step 0`, true, false);
  if (reads !== 'last' || !layers[layers.length - 1].bidirectional) return [first];
  return [
    first,
    mistake(
      "the output layer reads the reverse direction's state at the sequence's end; here it reads that at step 0",
      false,
      true,
    ),
    mistake(`${notTurned}, but the output layer reads them at step 0`, true, true),
  ];
}

/**
 * The passes of src/network/network.ts. But what a reverse direction has computed is turned for its readers: output s then belongs to
 * step length-1-s. Before the direction's own backward pass it is turned again, with the gradients that its readers have written.
 */
export const passesWith =
  ({ isNotTurnedBack, readsFirst }: Treatment): Passes =>
  async (network, problem) => {
    const { backend, config, sizes, activations, layers } = network;
    const top = layers[layers.length - 1];
    const [kernel, bias] = network.parameters.slice(-2);
    const output = new NetworkOutput(backend, config, sizes, activations, { kernel, bias });
    output.set({ ...answersOf(problem), lengths: problem.lengths });
    const turnStates = (directions: readonly Lstm[]): void => {
      for (const { reverse, outputs } of directions)
        if (reverse) for (const states of [outputs.h, outputs.c]) turn(backend, states, problem.lengths);
    };
    const isTurnedFor = (directions: readonly Lstm[]): boolean =>
      directions === top && config.reads === 'last' ? readsFirst : isNotTurnedBack;

    for (const directions of layers) {
      for (const lstm of directions) lstmForward(backend, lstm);
      if (isTurnedFor(directions)) turnStates(directions);
    }
    const views = outputViews(config, top);
    output.forward(views);
    output.backward(views);
    const { loss } = await output.metrics();
    for (const directions of [...layers].reverse()) {
      if (isTurnedFor(directions)) {
        turnStates(directions);
        for (const {
          reverse,
          dhUpstream,
          sizes: { T },
        } of directions)
          if (reverse) turn(backend, rowsOf(dhUpstream, 0, T), problem.lengths);
      }
      directions.forEach((lstm, k) => lstmBackward(backend, lstm, { accumulate: k > 0 }));
    }
    if (isNotTurnedBack) turnStates(top); // for the report
    return loss;
  };

/** Reverses the order of the steps of each sequence `[T,B,N]`. Sequences of one length, which are neighbours, are turned together. */
function turn(backend: Backend, tensor: Tensor, lengths: readonly number[]): void {
  const { copy } = allocateAll(backend, { copy: tensor.shape });
  backend.copy(copy, tensor);
  for (let first = 0; first < lengths.length;) {
    const length = lengths[first];
    const end = lengths.lastIndexOf(length) + 1;
    const rows = (of: Tensor, t: number): Tensor => rowsOf(stepOf(of, t), first, end);
    for (let t = 0; t < length; t++) backend.copy(rows(tensor, t), rows(copy, length - 1 - t));
    first = end;
  }
  freeAll(backend, { copy });
}
