/** Mistakes that people make when they write an LSTM. Each is made on purpose by changing the problem or the results. */
import { type Tensor, fill, findNonFinite, formatShape, tensorFrom, valuesOf } from '../core/tensor.js';
import { GATE_ORDER } from '../equations/lstm-tensors.js';
import { type LstmPlace, widthOf } from '../network/config.js';
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
import { type Problem, type Results, hasPadding, isBeyondEnd, lstmsIn, parameterShapesOf } from './problem.js';

/**
 * The mistakes that change a result of this problem. Those that need no new pass come first, then the frequent ones: the
 * search may run out of time.
 */
export function mistakesFor(problem: Problem, theirs: Results): Mistake[] {
  const hasStates = ['h0', 'c0'].some((name) => problem.tensors.has(name));
  const mentionsStates = hasStates || ['d.h0', 'd.c0'].some((name) => theirs.has(name));
  return [
    ...lossMistakes(problem, theirs),
    ...paddingInLoss(problem),
    ...forgetBiasMistakes(problem),
    ...transposedKernels(problem),
    hiddenRowsFirst(problem),
    ...turnedMistakes(problem),
    ...(hasPadding(problem) ? lengthMistakes(problem) : []),
    ...directionMistakes(problem, mentionsStates),
    ...layerMistakes(problem),
    ...(mentionsStates ? stateMistakes(problem, hasStates) : []),
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

/** The LSTM whose kernel has this name. */
const lstmOfKernel = (problem: Problem, name: string): LstmPlace | undefined =>
  lstmsIn(problem).find(({ suffix }) => name === `kernel${suffix}`);

/** Shapes show this mistake unless a kernel is square. */
function transposedKernels(problem: Problem): Mistake[] {
  const isSquare = ({ I, H, P = H }: LstmPlace): boolean => I + P === 4 * H;
  const squares = lstmsIn(problem).filter(isSquare);
  if (squares.length === 0) return [];
  const words = squares.length === 1 ? 'the kernel is transposed' : 'the square kernels are transposed';
  const layout = otherLayout(problem, words, (name, [N]) => {
    const lstm = lstmOfKernel(problem, name);
    return lstm && isSquare(lstm) ? { at: (n) => (n % N) * N + Math.floor(n / N) } : {};
  });
  return [layout];
}

function hiddenRowsFirst(problem: Problem): Mistake {
  const words =
    problem.suffixes.length === 1
      ? "the kernel's rows of h stand above those of x; here x comes first"
      : "each kernel's rows of h stand above those of its inputs; here the inputs come first";
  return otherLayout(problem, words, (name, shape) => {
    const lstm = lstmOfKernel(problem, name);
    if (!lstm) return {};
    const { H, P = H } = lstm;
    return { at: alongAxis(shape, 0, (row) => (row + P) % shape[0]) };
  });
}

/** Their gates are in another order, such as `ifjo`. */
function otherGateOrder(problem: Problem, order: string): Mistake {
  const words = `the gates are in the order ${order.split('').join(', ')}; here they are i, j, f, o`;
  return otherLayout(problem, words, (name, shape) => {
    if (!/^(kernel|bias)/.test(name)) return {};
    const axis = shape.length - 1;
    const H = shape[axis] / 4;
    const blockOf = (k: number): number => order.indexOf(GATE_ORDER[Math.floor(k / H)]);
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
      words: 'the LSTM ignores the lengths: its reverse direction starts in the padding',
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
  /** The place in its h0 and c0 of the state of LSTM n. */
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
    const reader = name === 'outKernel' ? layers.length : (lstmOfKernel(problem, name)?.layer ?? 0);
    return reader > 0 && layers[reader - 1].bidirectional ? widthOf(layers[reader - 1]) / 2 : 0;
  };
  return otherLayout(
    problem,
    words,
    (name, shape) => {
      if (name === 'h0' || name === 'c0') return { at: states && alongAxis(shape, 0, states) };
      const from = name.replace(/^(kernel|bias|projection)(\.|$).*/, (_, kind: string) => {
        return kind + weights(name.slice(kind.length));
      });
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
  for (const { layer, suffix } of lstmsIn(problem)) kernels[layer] += formatShape(shapes.get(`kernel${suffix}`) ?? []);
  return kernels;
}

/** h0 and c0 are stacked in another order. Without them only their gradients differ, which needs no new pass. */
function stateMistakes(problem: Problem, hasStates: boolean): Mistake[] {
  const lstms = lstmsIn(problem);
  const sortedBy = (key: (lstm: LstmPlace) => number): number[] =>
    [...lstms.keys()].sort((a, b) => key(lstms[a]) - key(lstms[b]) || a - b);
  const orders: [string, number[]][] = [
    ['all forward directions first', sortedBy(({ reverse }) => Number(reverse))],
    ['the top layer first', sortedBy(({ layer }) => -layer)],
    ['the reverse direction of each layer first', sortedBy(({ layer, reverse }) => 2 * layer - Number(reverse))],
  ];
  return orders
    .filter(([, order]) => order.some((from, to) => from !== to))
    .map(([stacked, order]) => {
      const words = `h0 and c0 are stacked with ${stacked}; here the order is that of PyTorch`;
      return exchanged(problem, words, { states: (n) => order.indexOf(n) }, hasStates);
    });
}

function permutations(letters: string): string[] {
  if (letters === '') return [''];
  return letters.split('').flatMap((letter) => permutations(letters.replace(letter, '')).map((rest) => letter + rest));
}
