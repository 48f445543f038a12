/** Mistakes that people make when they write an LSTM. Each is made on purpose by changing the problem or the results. */
import type { Tensor } from '../core/tensor.js';
import { rowsOf, tensorFrom, transposeOf, valuesOf } from '../core/tensor.js';
import { GATE_ORDER, reorderGates } from '../equations/lstm-tensors.js';
import type { LstmPlace } from '../network/config.js';
import { lossMistakes } from './loss-mistakes.js';
import type { Mistake } from './mistake.js';
import { passOf, withResults, withTensors } from './mistake.js';
import { orderMistakes } from './order-mistakes.js';
import type { Problem, Results } from './problem.js';
import { lstmsIn, parameterShapesOf } from './problem.js';
import { sequenceMistakes } from './sequence-mistakes.js';

/**
 * The mistakes that change a result of this problem. Those that need no new pass come first, then the frequent ones: the
 * search may run out of time.
 */
export function mistakesFor(problem: Problem, theirs: Results): Mistake[] {
  return [
    ...lossMistakes(problem, theirs),
    ...forgetBiasMistakes(problem),
    ...transposedKernels(problem),
    hiddenRowsFirst(problem),
    ...sequenceMistakes(problem),
    ...orderMistakes(problem, theirs),
    ...permutations(GATE_ORDER)
      .filter((order) => order !== GATE_ORDER)
      .map((order) => otherGateOrder(problem, order)),
  ];
}

function forgetBiasMistakes(problem: Problem): Mistake[] {
  const { forgetBias } = problem.network;
  if (forgetBias === 0) return [];
  const times = (factor: number, words: string): Mistake => ({
    words: `the forget bias, ${forgetBias}, is ${words}`,
    pass: passOf(() => ({ ...problem, network: { ...problem.network, forgetBias: factor * forgetBias } })),
  });
  return [times(0, 'missing'), times(2, 'added twice')];
}

/** Shapes show this mistake unless a kernel is square. */
function transposedKernels(problem: Problem): Mistake[] {
  const squares = lstmsIn(problem).filter(({ I, H, P = H }) => I + P === 4 * H);
  if (squares.length === 0) return [];
  const words = squares.length === 1 ? 'the kernel is transposed' : 'the square kernels are transposed';
  const transposed = (kernel: Tensor): Tensor => copied(transposeOf(kernel));
  return [otherLayout(problem, words, ['kernel'], squares, transposed, transposed)];
}

function hiddenRowsFirst(problem: Problem): Mistake {
  const lstms = lstmsIn(problem);
  const words =
    lstms.length === 1
      ? "the kernel's rows of h stand above those of x; here x comes first"
      : "each kernel's rows of h stand above those of its inputs; here the inputs come first";
  return otherLayout(
    problem,
    words,
    ['kernel'],
    lstms,
    (kernel, { H, P = H }) => withRowsMoved(kernel, P),
    (kernel, { I }) => withRowsMoved(kernel, I),
  );
}

/** Their gates are in another order, such as `ifjo`. */
function otherGateOrder(problem: Problem, order: string): Mistake {
  const reordered = (tensor: Tensor, H: number, from: string, to: string): Tensor =>
    tensorFrom(reorderGates(valuesOf(tensor), H, from, to), tensor.shape);
  return otherLayout(
    problem,
    `the gates are in the order ${order.split('').join(', ')}; here they are i, j, f, o`,
    ['kernel', 'bias'],
    lstmsIn(problem),
    (tensor, { H }) => reordered(tensor, H, order, GATE_ORDER),
    (tensor, { H }) => reordered(tensor, H, GATE_ORDER, order),
  );
}

type Change = (tensor: Tensor, place: LstmPlace) => Tensor;

/** Kernels (and biases) of some LSTMs have another layout in the other program; so do their gradients. */
function otherLayout(
  problem: Problem,
  words: string,
  kinds: readonly string[],
  lstms: readonly LstmPlace[],
  toOurs: Change,
  toTheirs: Change,
): Mistake {
  const shapes = parameterShapesOf(problem);
  const all = lstms.flatMap((place) => kinds.map((kind) => [`${kind}${place.suffix}`, place] as const));
  const places = new Map(all.filter(([name]) => shapes.has(name))); // an LSTM can have no bias
  const changed = (change: Change, tensor: Tensor, name: string): Tensor => {
    const place = places.get(name);
    return place ? change(tensor, place) : tensor;
  };
  return {
    words,
    pass: passOf(() => withTensors(problem, [...places.keys()], (tensor, name) => changed(toOurs, tensor, name))),
    changeBack: (results) =>
      withResults(
        results,
        (name) => places.has(name.slice(2)),
        (values, name) => {
          const input = name.slice(2);
          return valuesOf(changed(toTheirs, tensorFrom(values, shapes.get(input) ?? []), input));
        },
      ),
  };
}

function permutations(letters: string): string[] {
  if (letters === '') return [''];
  return letters.split('').flatMap((letter) => permutations(letters.replace(letter, '')).map((rest) => letter + rest));
}

/** A copy with the first `count` rows moved below the others. */
function withRowsMoved(tensor: Tensor, count: number): Tensor {
  const [rows] = tensor.shape;
  const moved = new Float64Array(tensor.size);
  moved.set(valuesOf(rowsOf(tensor, count, rows)));
  moved.set(valuesOf(rowsOf(tensor, 0, count)), (rows - count) * (tensor.size / rows));
  return tensorFrom(moved, tensor.shape);
}

const copied = (tensor: Tensor): Tensor => tensorFrom(valuesOf(tensor), tensor.shape);
