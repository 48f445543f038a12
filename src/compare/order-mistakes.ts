/** Mistakes in the order of directions and layers: their weights, outputs or initial states are exchanged. */
import { widthOf } from '../network-sizes.js';
import type { Tensor } from '../tensor.js';
import { copyInto, formatShape, rowsOf, tensorFrom, valuesOf, zeros } from '../tensor.js';
import type { Mistake } from './mistake.js';
import { passOf, withTensors } from './mistake.js';
import type { Problem, Results } from './problem.js';
import { lstmsIn, parameterShapesOf, shapesOf } from './problem.js';

/** Which LSTM of the file takes each LSTM's place in the other program: `moves[n]` is in the place of n. */
type Moves = readonly number[];

/** What the other program exchanges: nothing, if a field is missing. */
interface Exchange {
  readonly weights?: Moves;
  readonly states?: Moves;
  /** Above a bidirectional layer, the reverse outputs come first. */
  readonly outputs?: boolean;
}

/** The mistakes in the order of this problem's directions and layers. */
export function orderMistakes(problem: Problem, theirs: Results): Mistake[] {
  const hasStates = ['h0', 'c0'].some((name) => problem.tensors.has(name));
  const mentionsStates = hasStates || ['d.h0', 'd.c0'].some((name) => theirs.has(name));
  return [
    ...directionMistakes(problem, mentionsStates),
    ...layerMistakes(problem),
    ...(mentionsStates ? stateMistakes(problem, hasStates) : []),
  ];
}

function directionMistakes(problem: Problem, mentionsStates: boolean): Mistake[] {
  const lstms = lstmsIn(problem);
  if (!lstms.some(({ reverse }) => reverse)) return [];
  const moves = lstms.map(({ layer, reverse }, n) => {
    if (reverse) return n - 1;
    return problem.network.layers[layer].bidirectional ? n + 1 : n;
  });
  const one = (words: string, exchange: Exchange): Mistake => exchanged(problem, words, exchange);
  const mistakes = [
    one('the weights of the two directions are exchanged', { weights: moves }),
    one("the reverse direction's outputs come before the forward ones; here the forward ones come first", {
      outputs: true,
    }),
    one('the two directions are exchanged: the one named reverse reads the sequence from its start', {
      weights: moves,
      states: moves,
      outputs: true,
    }),
  ];
  if (mentionsStates) {
    mistakes.push(
      one('the weights and initial states of the two directions are exchanged', { weights: moves, states: moves }),
    );
  }
  return mistakes;
}

/** Layers can exchange their weights if these have the same shapes. */
function layerMistakes(problem: Problem): Mistake[] {
  const lstms = lstmsIn(problem);
  const shapes = parameterShapesOf(problem);
  const kernels = problem.network.layers.map((_, layer) =>
    lstms.filter((lstm) => lstm.layer === layer).map(({ suffix }) => formatShape(shapes.get(`kernel${suffix}`) ?? [])),
  );
  const count = kernels.length;
  const pairs = kernels.flatMap((_, a) => kernels.slice(a + 1).map((__, n): [number, number] => [a, a + 1 + n]));
  const orders = pairs.map(([a, b]) => ({
    words: `the weights of layers ${a} and ${b} are exchanged`,
    order: kernels.map((_, layer) => (layer === a ? b : layer === b ? a : layer)),
  }));
  if (count > 3) {
    orders.push({
      words: 'the weights of the layers are in reverse order, the top layer first',
      order: kernels.map((_, layer) => count - 1 - layer),
    });
  }
  return orders
    .filter(({ order }) => order.every((from, to) => kernels[from].join() === kernels[to].join()))
    .map(({ words, order }) => {
      const inLayer = (layer: number): number[] => lstms.flatMap((lstm, n) => (lstm.layer === layer ? [n] : []));
      return exchanged(problem, words, { weights: order.flatMap(inLayer) });
    });
}

/** h0 and c0 are stacked in another order. Without them only their gradients differ, which needs no new pass. */
function stateMistakes(problem: Problem, hasStates: boolean): Mistake[] {
  const lstms = lstmsIn(problem);
  const places = [...lstms.keys()];
  const sortedBy = (key: (n: number) => number): number[] => [...places].sort((a, b) => key(a) - key(b) || a - b);
  const isReverse = (n: number): number => Number(lstms[n].reverse);
  const orders: [string, number[]][] = [
    ['all forward directions first', sortedBy(isReverse)],
    ['the top layer first', sortedBy((n) => -lstms[n].layer)],
    ['the reverse direction of each layer first', sortedBy((n) => 2 * lstms[n].layer - isReverse(n))],
  ];
  return orders
    .filter(([, order]) => order.some((from, to) => from !== to))
    .map(([words, order]) => {
      const { pass, ...mistake } = exchanged(
        problem,
        `h0 and c0 are stacked with ${words}; here the order is that of PyTorch`,
        { states: places.map((n) => order.indexOf(n)) },
      );
      return hasStates && pass ? { ...mistake, pass } : mistake;
    });
}

function exchanged(problem: Problem, words: string, { weights, states, outputs = false }: Exchange): Mistake {
  const { suffixes } = problem;
  const moved = new Map<string, string>(); // for each parameter the one that is in its place
  weights?.forEach((from, to) => {
    for (const kind of ['kernel', 'bias']) moved.set(`${kind}${suffixes[to]}`, `${kind}${suffixes[from]}`);
  });
  const shapes = shapesOf(problem);
  const swapped = (tensor: Tensor, name: string): Tensor =>
    outputs ? withBlocksSwapped(tensor, blocksOf(problem, name)) : tensor;

  const change = (): Problem => {
    const old = problem.tensors;
    const parameters = [...parameterShapesOf(problem).keys()];
    const given = ['h0', 'c0'].filter((name) => states && old.has(name));
    const changed = withTensors(problem, parameters, (tensor, name) =>
      swapped(old.get(moved.get(name) ?? name) ?? tensor, name),
    );
    return withTensors(changed, given, (tensor) => withStatesMoved(tensor, states ?? []));
  };

  const changeBack = (results: Results): Results => {
    const back = new Map(results);
    for (const [name, shape] of shapes) {
      const values = results.get(name);
      if (!values || name === 'loss') continue;
      const tensor = tensorFrom(values, shape);
      if (name === 'h' || name === 'c') back.set(name, valuesOf(outputs ? withHalvesSwapped(problem, tensor) : tensor));
      else if (name === 'd.h0' || name === 'd.c0') {
        if (states) back.set(name, valuesOf(withStatesMoved(tensor, inverseOf(states))));
      } else if (name.startsWith('d.')) {
        const input = name.slice(2);
        back.set(`d.${moved.get(input) ?? input}`, valuesOf(swapped(tensor, input)));
      }
    }
    return back;
  };
  return { words, pass: passOf(change), changeBack };
}

/** H of the layer below if its two directions are the first two blocks of rows of this parameter; else 0. */
function blocksOf(problem: Problem, name: string): number {
  const { layers } = problem.network;
  const lstm = lstmsIn(problem).find(({ suffix }) => name === `kernel${suffix}`);
  const below = name === 'outKernel' ? layers.length - 1 : (lstm?.layer ?? 0) - 1;
  const layer = layers.at(below);
  return below >= 0 && layer?.bidirectional ? layer.hidden : 0;
}

/** The first `count` rows exchange places with the next `count` rows. */
function withBlocksSwapped(tensor: Tensor, count: number): Tensor {
  if (count === 0) return tensor;
  const copy = tensorFrom(valuesOf(tensor), tensor.shape);
  copyInto(rowsOf(copy, 0, count), rowsOf(tensor, count, 2 * count));
  copyInto(rowsOf(copy, count, 2 * count), rowsOf(tensor, 0, count));
  return copy;
}

/** h or c `[T,B,directions·H]` with the two directions of the top layer exchanged. */
function withHalvesSwapped({ network }: Problem, states: Tensor): Tensor {
  const top = network.layers[network.layers.length - 1];
  if (!top.bidirectional) return states;
  const copy = zeros(states.shape, 'f64');
  const [T, B] = states.shape;
  const [H, width] = [top.hidden, widthOf(top)];
  copyInto(copy.hi(T, B, H), states.lo(0, 0, H));
  copyInto(copy.lo(0, 0, H), states.hi(T, B, width - H));
  return copy;
}

/** Stacked states, `moves[n]` in the place of n. */
function withStatesMoved(states: Tensor, moves: Moves): Tensor {
  const copy = zeros(states.shape, 'f64');
  moves.forEach((from, to) => copyInto(copy.pick(to), states.pick(from)));
  return copy;
}

function inverseOf(moves: Moves): number[] {
  return [...moves.keys()].map((n) => moves.indexOf(n));
}
