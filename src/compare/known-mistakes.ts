/** Mistakes that people make when they write an LSTM, a GRU or an RNN. Each is made on purpose by changing the problem or the results. */
import { type Tensor, fill, findNonFinite, formatShape, tensorFrom, valuesOf } from '../core/tensor.js';
import { cellOf } from '../cells/cells.js';
import { type CellPlace, widthOf } from '../network/config.js';
import type { Mistake } from './output-mistakes.js';
import {
  alongAxis,
  otherLayout,
  passOf,
  withTensors,
  lossMistakes,
  paddingInLoss,
  turnedMistakes,
} from './output-mistakes.js';
import type { Problem, Results } from './problem.js';
import {
  blocksOf,
  cellsIn,
  COMPARED_CELLS,
  hasPadding,
  isBeyondEnd,
  OF_CELL,
  parameterShapesOf,
  statesOf,
} from './problem.js';
import { resetBeforeProduct } from './reset-before-product.js';

/**
 * The mistakes that change a result of this problem. Those that need no new pass come first, then the frequent ones: the
 * search may run out of time.
 */
export function mistakesFor(problem: Problem, theirs: Results): Mistake[] {
  const hasStates = initialStatesOf(problem).some((name) => problem.tensors.has(name));
  const mentionsStates = hasStates || initialStatesOf(problem).some((name) => theirs.has(`d.${name}`));
  return [
    ...lossMistakes(problem, theirs),
    ...paddingInLoss(problem),
    ...forgetBiasMistakes(problem),
    ...(problem.cell === 'gru' ? gruMistakes(problem) : []),
    ...transposedKernels(problem),
    hiddenRowsFirst(problem),
    ...turnedMistakes(problem),
    ...(hasPadding(problem) ? lengthMistakes(problem) : []),
    ...directionMistakes(problem, mentionsStates),
    ...layerMistakes(problem),
    ...(mentionsStates ? stateMistakes(problem, hasStates) : []),
    ...permutations(gatesOf(problem))
      .slice(1) // the first one is right
      .map((order) => otherGateOrder(problem, order)),
  ];
}

/** h0, and of LSTMs c0. */
const initialStatesOf = (problem: Problem): string[] => statesOf(problem).map((name) => `${name}0`);

/** The gates in the order of the kernel's columns, a letter each. */
const gatesOf = ({ cell }: Problem): string => cellOf(cell).gates.join('');

function forgetBiasMistakes(problem: Problem): Mistake[] {
  const { forgetBias } = problem.network;
  if (forgetBias === 0) return [];
  const times = (factor: number, words: string): Mistake => ({
    words: `the forget bias, ${forgetBias}, is ${words}`,
    pass: passOf(() => ({ ...problem, network: { ...problem.network, forgetBias: factor * forgetBias } })),
  });
  return [times(0, 'missing'), times(2, 'added twice')];
}

/** What other texts define differently: the GRU of Cho et al. (2014). */
function gruMistakes(problem: Problem): Mistake[] {
  const { network } = problem;
  const layers = network.layers.map((layer) => ({ ...layer, cell: resetBeforeProduct }));
  // σ(-a) = 1-σ(a), so z and 1-z are exchanged if the sign of all that z's pre-activation adds up is
  const negated = otherLayout(problem, 'z and 1-z are exchanged: h = (1-z)*hPrev + z*n', (name, shape) => {
    if (!OF_CELL.test(name)) return {};
    const H = shape[shape.length - 1] / 3;
    return { sign: (n) => (Math.floor(n / H) % 3 === gatesOf(problem).indexOf('z') ? -1 : 1) };
  });
  const words =
    'r multiplies hPrev before the product: n = tanh(x·Wxn + (r*hPrev)·Whn + …), reset_after=False in Keras';
  return [negated, { words, pass: passOf(() => ({ ...problem, network: { ...network, layers } })) }];
}

/** The cell whose kernel has this name. */
const cellOfKernel = (problem: Problem, name: string): CellPlace | undefined =>
  cellsIn(problem).find(({ suffix }) => name === `kernel${suffix}`);

/** Shapes show this mistake unless a kernel is square. */
function transposedKernels(problem: Problem): Mistake[] {
  const isSquare = ({ I, H, P = H }: CellPlace): boolean => I + P === blocksOf(problem.cell) * H;
  const squares = cellsIn(problem).filter(isSquare);
  if (squares.length === 0) return [];
  const words = squares.length === 1 ? 'the kernel is transposed' : 'the square kernels are transposed';
  const layout = otherLayout(problem, words, (name, [N]) => {
    const place = cellOfKernel(problem, name);
    return place && isSquare(place) ? { at: (n) => (n % N) * N + Math.floor(n / N) } : {};
  });
  return [layout];
}

function hiddenRowsFirst(problem: Problem): Mistake {
  const words =
    problem.suffixes.length === 1
      ? "the kernel's rows of h stand above those of x; here x comes first"
      : "each kernel's rows of h stand above those of its inputs; here the inputs come first";
  return otherLayout(problem, words, (name, shape) => {
    const place = cellOfKernel(problem, name);
    if (!place) return {};
    const { H, P = H } = place;
    return { at: alongAxis(shape, 0, (row) => (row + P) % shape[0]) };
  });
}

/** Their gates are in another order, such as `ifjo`. */
function otherGateOrder(problem: Problem, order: string): Mistake {
  const ours = gatesOf(problem);
  const list = (gates: string): string => gates.split('').join(', ');
  const words = `the gates are in the order ${list(order)}; here they are ${list(ours)}`;
  return otherLayout(problem, words, (name, shape) => {
    if (!OF_CELL.test(name) || name.startsWith('projection')) return {};
    const axis = shape.length - 1;
    const H = shape[axis] / ours.length;
    const blockOf = (k: number): number => order.indexOf(ours[Math.floor(k / H)]);
    return { at: alongAxis(shape, axis, (k) => blockOf(k) * H + (k % H)) };
  });
}

/** These programs read x beyond the ends, so it must be finite there. */
function lengthMistakes(problem: Problem): Mistake[] {
  const { network, sizes, tensors, labels } = problem;
  const isFinite = (name: string): boolean => {
    const tensor = tensors.get(name);
    return tensor === undefined || findNonFinite(tensor) === undefined;
  };
  if (!isFinite('x')) return [];
  const withoutLengths = { ...problem, lengths: problem.lengths.map(() => sizes.T) };
  const mistakes: Mistake[] = [];
  if (isFinite('targets') && (labels ?? []).every((label) => label >= -1 && label < network.outputs)) {
    const counted = network.reads === 'every' ? ', and counts in the loss' : '';
    mistakes.push({
      words: `the lengths are ignored: the padding is read${counted}`,
      pass: passOf(() => withoutLengths),
    });
  }
  if (network.reads === 'every' && network.layers.some(({ bidirectional }) => bidirectional)) {
    mistakes.push({
      words: `the ${COMPARED_CELLS[problem.cell].split(' ')[1]} ignores the lengths: its reverse direction starts in the padding`,
      pass: passOf(() => ({ ...withoutLengths, ...answersInside(problem) })),
    });
  }
  return mistakes;
}

/** Labels and targets beyond the ends that count in no loss. */
function answersInside(problem: Problem): Pick<Problem, 'labels' | 'tensors'> {
  const { labels, lengths, sizes } = problem;
  const isOutside = (row: number): boolean => isBeyondEnd({ lengths }, Math.floor(row / sizes.B), row % sizes.B);
  if (labels) return { labels: labels.map((label, row) => (isOutside(row) ? -1 : label)), tensors: problem.tensors };
  const targetsInside = (targets: Tensor): Tensor => {
    const copy = tensorFrom(valuesOf(targets), targets.shape);
    lengths.forEach((length, b) => {
      for (let t = length; t < sizes.T; t++) fill(copy.pick(t, b), NaN);
    });
    return copy;
  };
  return { labels, tensors: withTensors(problem, ['targets'], targetsInside).tensors };
}

/** What the other program exchanges: nothing, if a field is missing. */
interface Exchange {
  /** The end of the names of the weights that it has in place of those with this end. */
  readonly weights?: (suffix: string) => string;
  /** The place in its h0 and c0 of the state of cell n. */
  readonly states?: (n: number) => number;
  /** Above a bidirectional layer, the reverse outputs come first. */
  readonly outputs?: boolean;
}

function exchanged(problem: Problem, words: string, exchange: Exchange, hasPass = true): Mistake {
  const { weights = (suffix: string) => suffix, states, outputs = false } = exchange;
  const { layers } = problem.network;
  /** For a tensor that reads both directions of a layer, or has them side by side: how many numbers are those of one. */
  const widthIn = (name: string, extent: number): number => {
    if (name === 'h' || name === 'c') return layers[layers.length - 1].bidirectional ? extent / 2 : 0;
    const reader = name === 'outKernel' ? layers.length : (cellOfKernel(problem, name)?.layer ?? 0);
    return reader > 0 && layers[reader - 1].bidirectional ? widthOf(layers[reader - 1]) / 2 : 0;
  };
  return otherLayout(
    problem,
    words,
    (name, shape) => {
      if (name === 'h0' || name === 'c0') return { at: states && alongAxis(shape, 0, states) };
      const [kind] = OF_CELL.exec(name) ?? [];
      const from = kind === undefined ? name : kind + weights(name.slice(kind.length));
      const axis = name === 'h' || name === 'c' ? 2 : 0;
      const width = outputs ? widthIn(name, shape[axis]) : 0;
      const other = (k: number): number => (k >= 2 * width ? k : (k + width) % (2 * width));
      return { from, at: width > 0 ? alongAxis(shape, axis, other) : undefined };
    },
    hasPass,
  );
}

function directionMistakes(problem: Problem, mentionsStates: boolean): Mistake[] {
  const { suffixes, network } = problem;
  if (!network.layers.some(({ bidirectional }) => bidirectional)) return [];
  const weights = (suffix: string): string => {
    const other = suffix.endsWith('.reverse') ? suffix.replace('.reverse', '') : `${suffix}.reverse`;
    return suffixes.includes(other) ? other : suffix;
  };
  const states = (n: number): number => suffixes.indexOf(weights(suffixes[n]));
  const mistakes = [
    exchanged(problem, 'the weights of the two directions are exchanged', { weights }),
    exchanged(
      problem,
      "the reverse direction's outputs come before the forward ones; here the forward ones come first",
      { outputs: true },
    ),
    exchanged(problem, 'the two directions are exchanged: the one named reverse reads the sequence from its start', {
      weights,
      states,
      outputs: true,
    }),
  ];
  if (mentionsStates) {
    const words = 'the weights and initial states of the two directions are exchanged';
    mistakes.push(exchanged(problem, words, { weights, states }));
  }
  return mistakes;
}

/** Up to this many layers, every pair is tried. With more layers, only neighbours: a thousand layers have half a million pairs. */
const MOST_LAYERS_IN_PAIRS = 16;

/** Layers can exchange their weights if these have the same shapes. */
function layerMistakes(problem: Problem): Mistake[] {
  const kernels = kernelShapesOf(problem);
  const count = kernels.length;
  const farthest = count > MOST_LAYERS_IN_PAIRS ? 1 : count - 1;
  const mistakes: Mistake[] = [];
  const add = (words: string, layerAt: (layer: number) => number): void => {
    const weights = (suffix: string): string => suffix.replace(/\d+/, (layer) => String(layerAt(Number(layer))));
    mistakes.push(exchanged(problem, words, { weights }));
  };
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count && b <= a + farthest; b++) {
      if (kernels[a] !== kernels[b]) continue;
      add(`the weights of layers ${a} and ${b} are exchanged`, (layer) => (layer === a ? b : layer === b ? a : layer));
    }
  }
  const isSymmetric = kernels.every((shapes, layer) => shapes === kernels[count - 1 - layer]);
  if (count > 3 && isSymmetric)
    add('the weights of the layers are in reverse order, the top layer first', (layer) => count - 1 - layer);
  return mistakes;
}

/** For each layer the shapes of its kernels, as a text. */
function kernelShapesOf(problem: Problem): string[] {
  const shapes = parameterShapesOf(problem);
  const kernels = problem.network.layers.map(() => '');
  for (const { layer, suffix } of cellsIn(problem)) kernels[layer] += formatShape(shapes.get(`kernel${suffix}`) ?? []);
  return kernels;
}

/** h0 and c0 are stacked in another order. Without them only their gradients differ, which needs no new pass. */
function stateMistakes(problem: Problem, hasStates: boolean): Mistake[] {
  const cells = cellsIn(problem);
  const sortedBy = (key: (place: CellPlace) => number): number[] =>
    [...cells.keys()].sort((a, b) => key(cells[a]) - key(cells[b]) || a - b);
  const orders: [string, number[]][] = [
    ['all forward directions first', sortedBy(({ reverse }) => Number(reverse))],
    ['the top layer first', sortedBy(({ layer }) => -layer)],
    ['the reverse direction of each layer first', sortedBy(({ layer, reverse }) => 2 * layer - Number(reverse))],
  ];
  return orders
    .filter(([, order]) => order.some((from, to) => from !== to))
    .map(([stacked, order]) => {
      const names = initialStatesOf(problem).join(' and ');
      const words = `${names} ${names.includes(' ') ? 'are' : 'is'} stacked with ${stacked}; here the order is that of PyTorch`;
      return exchanged(problem, words, { states: (n) => order.indexOf(n) }, hasStates);
    });
}

function permutations(letters: string): string[] {
  if (letters === '') return [''];
  return letters.split('').flatMap((letter) => permutations(letters.replace(letter, '')).map((rest) => letter + rest));
}
