/** Mistakes in the order of steps: the reverse direction's outputs are not turned back, or the padding is read. */
import { findNonFinite } from '../core/tensor.js';
import type { Mistake } from './mistake.js';
import { passOf } from './mistake.js';
import type { Treatment } from './mistaken-network.js';
import { RIGHT, solveMistaken } from './mistaken-network.js';
import type { Problem } from './problem.js';
import { hasPadding } from './problem.js';

/** The mistakes in the order of this problem's steps. */
export function sequenceMistakes(problem: Problem): Mistake[] {
  return [...reverseMistakes(problem), ...(hasPadding(problem) ? lengthMistakes(problem) : [])];
}

function treated(problem: Problem, words: string, treatment: Partial<Treatment>): Mistake {
  return {
    words,
    pass: (backend, onStep) => solveMistaken(backend, problem, { ...RIGHT, ...treatment }, onStep),
  };
}

function reverseMistakes(problem: Problem): Mistake[] {
  const { layers, reads } = problem.network;
  const hasReverse = layers.some(({ bidirectional }) => bidirectional);
  if (!hasReverse || problem.lengths.every((length) => length === 1)) return [];
  const mistakes = [
    treated(problem, "the reverse direction's outputs are not turned back: its first one stands at step 0", {
      isTurnedBack: false,
    }),
  ];
  if (reads === 'last' && layers[layers.length - 1].bidirectional) {
    mistakes.push(
      treated(
        problem,
        "the output layer reads the reverse direction's state at the sequence's end; here it reads that at step 0",
        { readsFirst: true },
      ),
      treated(
        problem,
        "the reverse direction's outputs are not turned back, but the output layer reads them at step 0",
        { isTurnedBack: false, readsFirst: true },
      ),
    );
  }
  return mistakes;
}

/** These programs read x beyond the ends, so it must be finite there. */
function lengthMistakes(problem: Problem): Mistake[] {
  const { network, sizes, tensors, labels } = problem;
  const isFinite = (name: string): boolean => {
    const tensor = tensors.get(name);
    return tensor === undefined || findNonFinite(tensor) === undefined;
  };
  if (!isFinite('x')) return [];
  const mistakes: Mistake[] = [];
  if (isFinite('targets') && (labels ?? []).every((label) => label >= -1 && label < network.outputs)) {
    const counted = network.reads === 'every' ? ', and counts in the loss' : '';
    mistakes.push({
      words: `the lengths are ignored: the padding is read${counted}`,
      pass: passOf(() => ({ ...problem, lengths: problem.lengths.map(() => sizes.T) })),
    });
  }
  if (network.reads === 'every' && network.layers.some(({ bidirectional }) => bidirectional)) {
    mistakes.push(
      treated(problem, 'the LSTM ignores the lengths: its reverse direction starts in the padding', {
        readsPadding: true,
      }),
    );
  }
  return mistakes;
}
