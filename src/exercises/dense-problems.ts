/** denseBackward, the output layer's own backward pass, which the exercise on a loss at every step asks for. */
import { Random } from '../core/rng.js';
import { type Tensor, rowsOf, zeros } from '../core/tensor.js';
import { type denseBackward, denseForward } from '../equations/dense.js';
import { column, row } from './behind.js';
import { type Case, byIndex, fixed, numericResult, resultOf, whileReading } from './results.js';
import type { CaseOptions } from './tensors.js';
import { backend, HELD, randomTensor, scale, setSpecialNumbers, unwritten, weightedSum } from './tensors.js';

/** Their names, beside dW and db of a network with a loss at every step. */
const [DW, DB] = ['dW of denseBackward', 'db of denseBackward'];

interface DenseCase extends CaseOptions {
  readonly seed: number;
  readonly N: number;
  /** Hₖ of each state. */
  readonly sizes: readonly number[];
  readonly C: number;
}

function denseCase({ seed, N, sizes, C, held, factor = 1, isOrdinary = false }: DenseCase): Case {
  const inputs = () => {
    const random = new Random(seed);
    const states = sizes.map((H) => randomTensor(random, [N, H]));
    const W = randomTensor(random, [sizes.reduce((sum, H) => sum + H, 0), C]);
    const [b, dLogits] = [randomTensor(random, [C]), randomTensor(random, [N, C])];
    scale(dLogits, factor);
    if (!isOrdinary) setSpecialNumbers([dLogits, W, ...states]);
    return { states, W, b, dLogits };
  };
  return {
    results(answer) {
      const { states, W, b, dLogits } = inputs();
      const dStates = states.map(({ shape }) => unwritten(shape, held));
      const [dW, db] = [unwritten(W.shape, held), unwritten(b.shape, held)];
      const named = byIndex('dStates', dStates);
      whileReading({ dLogits, ...byIndex('states', states), W, b }, { ...named, dW, db }, () =>
        (answer.denseBackward as typeof denseBackward)(
          backend,
          fixed([...dStates]),
          dW,
          db,
          dLogits,
          fixed([...states]),
          W,
        ),
      );
      return [
        ...Object.entries(named).map(([name, dState]) => resultOf(name, dState)),
        resultOf(DW, dW),
        resultOf(DB, db),
      ];
    },
    expected() {
      const { states, W, b, dLogits } = inputs();
      const logits = zeros([N, C], 'f64');
      const loss = (): number => (denseForward(backend, logits, states, W, b), weightedSum(dLogits, logits));
      const dStates = states.map((state, k) => numericResult(`dStates[${k}]`, state, loss));
      return [...dStates, numericResult(DW, W, loss), numericResult(DB, b, loss)];
    },
    behind(tensor, index) {
      const { states, W, dLogits } = inputs();
      const [first, second] = index;
      if (tensor === DB) return { inputs: [column('dLogits', dLogits, first)] };
      if (tensor === DW) {
        const { k, m } = stateOfRow(states, first);
        return { inputs: [column(`states[${k}]`, states[k], m), column('dLogits', dLogits, second)] };
      }
      const k = Number(/\d+/.exec(tensor));
      return { inputs: [row('dLogits', dLogits, first), row(`W for states[${k}]`, rowsFor(W, states, k), second)] };
    },
  };
}

/** The state whose rows of W include row `r`, and the row's number in them. */
function stateOfRow(states: readonly Tensor[], r: number): { readonly k: number; readonly m: number } {
  let m = r;
  let k = 0;
  for (; m >= states[k].shape[1]; k++) m -= states[k].shape[1];
  return { k, m };
}

/** The rows of W for state `k`. */
function rowsFor(W: Tensor, states: readonly Tensor[], k: number): Tensor {
  const begin = states.slice(0, k).reduce((sum, { shape: [, H] }) => sum + H, 0);
  return rowsOf(W, begin, begin + states[k].shape[1]);
}

export const DENSE_CASES: readonly Case[] = [
  denseCase({ seed: 4, N: 5, sizes: [3, 2, 6], C: 4 }),
  denseCase({ seed: 5, N: 1, sizes: [6], C: 2 }),
  denseCase({ seed: 6, N: 3, sizes: [1, 4], C: 5, held: HELD, factor: 100 }),
  denseCase({ seed: 7, N: 5, sizes: [6, 4, 6], C: 5, held: HELD, isOrdinary: true }),
];
