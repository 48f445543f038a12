/** Mistakes in the order of directions and layers: their weights, outputs or initial states are exchanged. */
import type { Tensor } from '../core/tensor.js';
import { copyInto, formatShape, rowsOf, tensorFrom, valuesOf, zeros } from '../core/tensor.js';
import { widthOf } from '../network/config.js';
import type { Mistake } from './mistake.js';
import { passOf, withTensors } from './mistake.js';
import type { Problem, Results } from './problem.js';
import { lstmsIn, parameterShapesOf, shapesOf } from './problem.js';

/** Which LSTM of the file takes each LSTM's place in the other program: `moves[n]` is in the place of n. */
type Moves = readonly number[];

/** Up to this many layers, every pair is tried. With more layers, only neighbours: a thousand layers have half a million pairs. */
const MOST_LAYERS_IN_PAIRS = 16;

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
  const one = (words: string, exchange: Exchange): Mistake => exchanged(problem, words, () => exchange);
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
  const kernels = kernelShapesOf(problem);
  const count = kernels.length;
  const farthest = count > MOST_LAYERS_IN_PAIRS ? 1 : count - 1;
  const mistakes: Mistake[] = [];
  const add = (words: string, layerAt: (layer: number) => number): void => {
    mistakes.push(exchanged(problem, words, () => ({ weights: withLayersMoved(problem, layerAt) })));
  };
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count && b <= a + farthest; b++) {
      if (kernels[a] !== kernels[b]) continue;
      add(`the weights of layers ${a} and ${b} are exchanged`, (layer) => (layer === a ? b : layer === b ? a : layer));
    }
  }
  const isSymmetric = kernels.every((shapes, layer) => shapes === kernels[count - 1 - layer]);
  if (count > 3 && isSymmetric) {
    add('the weights of the layers are in reverse order, the top layer first', (layer) => count - 1 - layer);
  }
  return mistakes;
}

/** For each layer the shapes of its kernels, as a text. */
function kernelShapesOf(problem: Problem): string[] {
  const shapes = parameterShapesOf(problem);
  const kernels = problem.network.layers.map(() => '');
  for (const { layer, suffix } of lstmsIn(problem)) kernels[layer] += formatShape(shapes.get(`kernel${suffix}`) ?? []);
  return kernels;
}

/** Every LSTM in the place of the same direction of another layer; layer `layerAt(n)` is in the place of layer n. */
function withLayersMoved(problem: Problem, layerAt: (layer: number) => number): Moves {
  const places: number[][] = problem.network.layers.map(() => []);
  lstmsIn(problem).forEach(({ layer }, n) => places[layer].push(n));
  return places.flatMap((_, layer) => places[layerAt(layer)]);
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
        () => ({ states: inverseOf(order) }),
      );
      return hasStates && pass ? { ...mistake, pass } : mistake;
    });
}

/** `exchange` is called when the mistake is tried: a network of many layers has many mistakes. */
function exchanged(problem: Problem, words: string, exchange: () => Exchange): Mistake {
  const change = (): Problem => {
    const made = exchange();
    const { states } = made;
    const { moved, swapped } = changesBy(problem, made);
    const old = problem.tensors;
    const parameters = [...parameterShapesOf(problem).keys()];
    const given = ['h0', 'c0'].filter((name) => states && old.has(name));
    const changed = withTensors(problem, parameters, (tensor, name) =>
      swapped(old.get(moved.get(name) ?? name) ?? tensor, name),
    );
    return withTensors(changed, given, (tensor) => withStatesMoved(tensor, states ?? []));
  };

  const changeBack = (results: Results): Results => {
    const made = exchange();
    const { states, outputs = false } = made;
    const { moved, swapped } = changesBy(problem, made);
    const back = new Map(results);
    for (const [name, shape] of shapesOf(problem)) {
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

/** For each parameter the one that is in its place, and the parameter or its gradient with its blocks of rows swapped. */
function changesBy({ network, suffixes }: Problem, { weights, outputs = false }: Exchange) {
  const moved = new Map<string, string>();
  weights?.forEach((from, to) => {
    for (const kind of ['kernel', 'bias', 'projection'])
      moved.set(`${kind}${suffixes[to]}`, `${kind}${suffixes[from]}`);
  });
  const blocks = outputs ? blocksOf({ network, suffixes }) : new Map<string, number>();
  const swapped = (tensor: Tensor, name: string): Tensor => withBlocksSwapped(tensor, blocks.get(name) ?? 0);
  return { moved, swapped };
}

/** For each parameter whose first two blocks of rows belong to the two directions of the layer below, the rows of one. */
function blocksOf(problem: Pick<Problem, 'network' | 'suffixes'>): Map<string, number> {
  const { layers } = problem.network;
  const readers = lstmsIn(problem).map(({ layer, suffix }) => [`kernel${suffix}`, layer - 1] as const);
  const below = [...readers, ['outKernel', layers.length - 1] as const];
  return new Map(
    below
      .filter(([, layer]) => layer >= 0 && layers[layer].bidirectional)
      .map(([name, layer]) => [name, widthOf(layers[layer]) / 2]),
  );
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
  const [T, B, width] = states.shape;
  copyInto(copy.hi(T, B, width / 2), states.lo(0, 0, width / 2));
  copyInto(copy.lo(0, 0, width / 2), states.hi(T, B, width / 2));
  return copy;
}

/** Stacked states, `moves[n]` in the place of n. */
function withStatesMoved(states: Tensor, moves: Moves): Tensor {
  const copy = zeros(states.shape, 'f64');
  moves.forEach((from, to) => copyInto(copy.pick(to), states.pick(from)));
  return copy;
}

function inverseOf(moves: Moves): number[] {
  const inverse = Array<number>(moves.length);
  moves.forEach((from, to) => (inverse[from] = to));
  return inverse;
}
