/** Mistakes that people make when they write an LSTM. Each is made on purpose by changing the problem or the results. */
import { GATE_ORDER, reorderGates } from '../gate-order.js';
import type { Tensor } from '../tensor.js';
import { rowsOf, tensorFrom, transposeOf, valuesOf } from '../tensor.js';
import type { Problem, ResultName, Results } from './problem.js';

interface Mistake {
  /** Whether the mistake changes a result of this problem. */
  readonly applies: (problem: Problem, theirs: Results) => boolean;
  /** A problem for which this program computes the mistaken program's numbers; the same object if it needs no new pass. */
  readonly change: (problem: Problem) => Problem;
  /** The results of that problem in the mistaken program's layout. */
  readonly changeBack: (results: Results, problem: Problem) => Results;
  readonly words: (problem: Problem) => string;
}

const same = (results: Results): Results => results;

/** Their gates are in another order, such as `ifjo`. */
function otherGateOrder(order: string): Mistake {
  const asTheyRead = (tensor: Tensor, H: number): Tensor =>
    tensorFrom(reorderGates(valuesOf(tensor), H, order, GATE_ORDER), tensor.shape);
  return {
    applies: () => true,
    change: (problem) => ({
      ...problem,
      kernel: asTheyRead(problem.kernel, problem.sizes.H),
      bias: asTheyRead(problem.bias, problem.sizes.H),
    }),
    changeBack: (results, { sizes: { H } }) =>
      withChanged(results, ['d.kernel', 'd.bias'], (values) => reorderGates(values, H, GATE_ORDER, order)),
    words: () => `the gates are in the order ${order.split('').join(', ')}; here they are i, j, f, o`,
  };
}

const wrongForgetBias = (factor: number, words: string): Mistake => ({
  applies: ({ forgetBias }) => forgetBias !== 0,
  change: (problem) => ({ ...problem, forgetBias: factor * problem.forgetBias }),
  changeBack: same,
  words: ({ forgetBias }) => `the forget bias, ${forgetBias}, is ${words}`,
});

/** Shapes show this mistake unless the kernel is square. */
const transposedKernel: Mistake = {
  applies: ({ sizes: { I, H } }) => I + H === 4 * H,
  change: (problem) => ({ ...problem, kernel: copied(transposeOf(problem.kernel)) }),
  changeBack: (results, { sizes: { I, H } }) =>
    withChanged(results, ['d.kernel'], (values) => valuesOf(transposeOf(tensorFrom(values, [I + H, 4 * H])))),
  words: () => 'the kernel is transposed',
};

const hiddenRowsFirst: Mistake = {
  applies: () => true,
  change: (problem) => ({ ...problem, kernel: withRowsMoved(problem.kernel, problem.sizes.H) }),
  changeBack: (results, { sizes: { I, H } }) =>
    withChanged(results, ['d.kernel'], (values) => valuesOf(withRowsMoved(tensorFrom(values, [I + H, 4 * H]), I))),
  words: () => "the kernel's rows of h stand above those of x; here x comes first",
};

const GRADIENTS: readonly ResultName[] = ['d.kernel', 'd.bias', 'd.outKernel', 'd.outBias', 'd.x', 'd.h0', 'd.c0'];

/** Only the loss can distinguish the two cases; without a loss, only the gradients are named. */
const sumOverBatch = (scaled: readonly ResultName[], words: string): Mistake => ({
  applies: ({ sizes: { B } }, theirs) => B > 1 && (theirs.has('loss') || !scaled.includes('loss')),
  change: (problem) => problem,
  changeBack: (results, { sizes: { B } }) => withChanged(results, scaled, (values) => values.map((value) => value * B)),
  words: () => words,
});

/** Those that need no new pass come first, then the frequent ones: the search may run out of time. */
export const MISTAKES: readonly Mistake[] = [
  sumOverBatch(['loss', ...GRADIENTS], 'the loss is the sum over the batch; here it is the mean'),
  sumOverBatch(
    GRADIENTS,
    'the gradients are those of the sum of the losses over the batch; here they are those of the mean',
  ),
  wrongForgetBias(0, 'missing'),
  wrongForgetBias(2, 'added twice'),
  transposedKernel,
  hiddenRowsFirst,
  ...permutations(GATE_ORDER)
    .filter((order) => order !== GATE_ORDER)
    .map(otherGateOrder),
];

function permutations(letters: string): string[] {
  if (letters === '') return [''];
  return letters.split('').flatMap((letter) => permutations(letters.replace(letter, '')).map((rest) => letter + rest));
}

function withChanged(
  results: Results,
  names: readonly ResultName[],
  change: (values: Float64Array) => Float64Array,
): Results {
  return new Map([...results].map(([name, values]) => [name, names.includes(name) ? change(values) : values]));
}

/** A copy with the first `count` rows moved below the others. */
function withRowsMoved(tensor: Tensor, count: number): Tensor {
  const [rows] = tensor.shape;
  const parts = [rowsOf(tensor, count, rows), rowsOf(tensor, 0, count)].map(valuesOf);
  return tensorFrom(Float64Array.from(parts.flatMap((part) => [...part])), tensor.shape);
}

const copied = (tensor: Tensor): Tensor => tensorFrom(valuesOf(tensor), tensor.shape);
