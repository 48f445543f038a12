/**
 * A network as a plain object of sizes: the same in code, in checkpoints and on the command line. src/network/network.ts computes it.
 */
import type { TypeName } from '../core/arguments.js';
import {
  assertChoice,
  assertKinds,
  assertList,
  assertObject,
  assertSizes,
  counted,
  describe,
} from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { DataError } from '../core/errors.js';
import { MOST_CLASSES } from '../core/numbers.js';
import type { Shape } from '../core/tensor.js';
import type { Cell, CellWidths } from '../cells/cell.js';
import type { CellName } from '../cells/names.js';
import { assertCell, assertOneCellPerName, cellOf, nameOfCell } from '../cells/cells.js';

/** What a network reads: numbers, or for each step one class. */
export const INPUT_KINDS = ['numbers', 'classes'] as const;
/** Losses: softmax cross-entropy (5) of classes; of numbers, the squared error (13) and (17) to (19). */
export const LOSSES = ['crossEntropy', 'squaredError', 'absoluteError', 'huber', 'pinball'] as const;
/** Which states the output layer reads: those after the last step, or those of every step. */
export const READS = ['last', 'every'] as const;

/** The factors of a scan (28): from 0 to 1, or from -1 to 1. */
export const EIGENVALUES = ['positive', 'signed'] as const;

/** One layer: a cell, or two that read the sequence in both directions. */
export interface LayerSizes {
  /** Hidden units of each direction. */
  readonly hidden: number;
  /** Whether a second cell reads the sequence from its end to its start. Default: false. */
  readonly bidirectional?: boolean;
  /** P of (16), smaller than `hidden`: numbers that each direction passes on; for LSTMs. Default: 0, all of them, no projection. */
  readonly projection?: number;
  /** Whether the cells have biases, such as b of (1). Without them, b is 0; the forget bias is added all the same. Default: true. */
  readonly bias?: boolean;
  /** The cell: the name of one, such as `'gru'`, see `CellName`; or one of your own, as `stepCell` makes it. Default: 'lstm'. */
  readonly cell?: CellName | Cell;
}

/** A network of recurrent layers, and an output layer that reads the top layer's states. */
export interface NetworkConfig {
  /** I: numbers that one step reads; classes if `inputKind` is `'classes'`. */
  readonly inputs: number;
  /** The layers, the lowest first. */
  readonly layers: readonly LayerSizes[];
  /** C: numbers that the output layer computes. */
  readonly outputs: number;
  /** What a step reads: I numbers, or the index of one of I classes. Default: 'numbers'. */
  readonly inputKind?: (typeof INPUT_KINDS)[number];
  /** Default: 'crossEntropy'. */
  readonly loss?: (typeof LOSSES)[number];
  /** δ of the loss 'huber': larger errors cost as in 'absoluteError'. Default: 1. */
  readonly delta?: number;
  /**
   * For the loss 'pinball', between 0 and 1: the outputs of each target, one for each quantile. Output g·Q+n is quantile n of target g.
   * Default: [], for the other losses.
   */
  readonly quantiles?: readonly number[];
  /** Which states the output layer reads; the loss is computed there. Default: 'last'. */
  readonly reads?: (typeof READS)[number];
  /** p of (12): the probability that a number from one layer to the next is dropped in training. Default: 0. */
  readonly dropout?: number;
  /** Added to the forget gate's pre-activation, in every cell that has one. Default: 1. */
  readonly forgetBias?: number;
  /** The factors of minGRU and minLSTM: a₀ from 0 to 1, or signed, 2·a₀ - 1 (28). Default: 'positive'. */
  readonly eigenvalues?: (typeof EIGENVALUES)[number];
  /** The name of each class, in the order of the outputs; for the loss 'crossEntropy'. Default: [], the classes have no names. */
  readonly classNames?: readonly string[];
}

/** `NetworkConfig` with a value for every field. */
export type CompleteConfig = Required<Omit<NetworkConfig, 'layers'>> & {
  /** The layers, the lowest first. */
  readonly layers: readonly Required<LayerSizes>[];
};

/** The sizes of a batch, each a whole number ≥ 1. */
export interface BatchSizes {
  /** Steps of a sequence. */
  readonly T: number;
  /** Sequences in a batch. */
  readonly B: number;
}

const KINDS = {
  inputs: 'number',
  layers: 'object',
  outputs: 'number',
  inputKind: 'string',
  loss: 'string',
  delta: 'number',
  quantiles: 'object',
  reads: 'string',
  dropout: 'number',
  forgetBias: 'number',
  eigenvalues: 'string',
  classNames: 'object',
} as const satisfies Record<keyof NetworkConfig, TypeName>;

/** The layers that a network can have, and a checkpoint can hold. */
export const MOST_LAYERS = 1000;
/** Masks are drawn with 16 bits; see `drawMask`. */
export const MOST_DROPOUT = 0.99;

const LAYER_KINDS = {
  hidden: 'number',
  bidirectional: 'boolean',
  projection: 'number',
  bias: 'boolean',
} as const satisfies Record<Exclude<keyof LayerSizes, 'cell'>, TypeName>;

/** The same network with the defaults filled in. Throws a TypeError or a RangeError that names a wrong field. */
export function completeConfig(network: NetworkConfig): CompleteConfig {
  assertKinds('network', network, KINDS);
  const { loss = 'crossEntropy', reads = 'last', inputKind = 'numbers', dropout = 0, forgetBias = 1 } = network;
  const { delta = 1, quantiles = [], classNames = [], eigenvalues = 'positive' } = network;
  assertSizes('network', network, ['inputs', 'outputs']);
  if (!isList(network.layers) || network.layers.length === 0) {
    throw new RangeError(`network: layers is ${describe(network.layers)}: must be a list of one layer or more`);
  }
  if (network.layers.length > MOST_LAYERS) {
    throw new RangeError(`network has ${counted(network.layers.length, 'layer')}: must be at most ${MOST_LAYERS}`);
  }
  // Array.from, because map leaves out the holes of a sparse list
  const layers = Array.from(network.layers).map((layer: LayerSizes, n) =>
    completeLayer(layer, `network: layers[${n}]`),
  );
  assertOneCellPerName(
    'network: layers',
    layers.map(({ cell }) => cell),
  );
  assertChoice('network: loss is', loss, LOSSES);
  assertChoice('network: reads is', reads, READS);
  assertChoice('network: eigenvalues is', eigenvalues, EIGENVALUES);
  if (eigenvalues === 'signed' && !layers.some(({ cell }) => cellOf(cell).hasFactors === true)) {
    throw new RangeError('network: eigenvalues is signed: must be positive, because no layer is a mingru or minlstm');
  }
  assertChoice('network: inputKind is', inputKind, INPUT_KINDS);
  if (!(dropout >= 0 && dropout <= MOST_DROPOUT)) {
    throw new RangeError(`network: dropout is ${dropout}: must be in 0 … ${MOST_DROPOUT}`);
  }
  if (dropout > 0 && network.layers.length === 1) {
    throw new RangeError(
      `network: dropout is ${dropout}: must be 0 with one layer: it drops numbers between two layers`,
    );
  }
  if (!Number.isFinite(forgetBias)) throw new RangeError(`network: forgetBias is ${forgetBias}: must be finite`);
  if (!(delta > 0 && delta < Infinity)) throw new RangeError(`network: delta is ${delta}: must be a number > 0`);
  assertQuantiles(quantiles, loss, network.outputs);
  const { inputs, outputs } = network;
  if (classNames.length > 0 || !Array.isArray(classNames)) {
    if (loss !== 'crossEntropy') throw new RangeError(`network: classNames: must be [], because the loss is ${loss}`);
    assertClassNames('network: classNames', classNames, outputs);
  }
  const lists = { quantiles: [...quantiles], classNames: [...classNames] };
  return { inputs, layers, outputs, inputKind, loss, delta, reads, dropout, forgetBias, eigenvalues, ...lists };
}

/** Throws a TypeError or a RangeError unless the names are different texts, as many as there are classes. `what` begins the message. */
export function assertClassNames(what: string, names: readonly string[], classes = names.length): void {
  assertList(what, names, 'texts');
  const seen = new Set<unknown>();
  for (const [n, name] of Array.from<unknown>(names).entries()) {
    if (typeof name !== 'string' || name === '')
      throw new TypeError(`${what}[${n}] is ${describe(name)}: must be a text`);
    if (seen.has(name)) throw new RangeError(`${what}[${n}] is ${describe(name)}, which occurs before`);
    seen.add(name);
  }
  if (names.length > 0 && names.length === classes) return;
  throw new RangeError(
    `${what} has ${counted(names.length, 'text')}: must have one for each class${classes > 0 ? `, ${classes}` : ''}`,
  );
}

const isList = (value: unknown): boolean => Array.isArray(value);

function assertQuantiles(quantiles: readonly number[], loss: CompleteConfig['loss'], outputs: number): void {
  assertList('network: quantiles', quantiles, 'numbers between 0 and 1');
  const wrong = Array.from(quantiles).find((q) => !(q > 0 && q < 1));
  if (wrong !== undefined) throw new RangeError(`network: quantiles has ${describe(wrong)}: must be between 0 and 1`);
  const Q = quantiles.length;
  if (loss === 'pinball' ? Q > 0 && outputs % Q === 0 : Q === 0) return;
  throw new RangeError(
    loss === 'pinball'
      ? `network: outputs is ${outputs}, with ${Q} quantiles: must be a multiple, the quantiles of each target`
      : `network: quantiles has ${counted(Q, 'number')}: must be [], because the loss is ${loss}`,
  );
}

function completeLayer(layer: LayerSizes, what: string): Required<LayerSizes> {
  assertObject(what, layer);
  const { cell = 'lstm' } = layer;
  assertKinds(what, layer, { ...LAYER_KINDS, cell: typeof cell === 'string' ? 'string' : 'object' });
  assertSizes(what, layer, ['hidden']);
  assertCell(`${what}: cell`, cell);
  const { hidden, bidirectional = false, projection = 0, bias = true } = layer;
  if (projection > 0 && cellOf(cell).canProject !== true) {
    throw new RangeError(
      `${what}: projection is ${projection}: must be 0 for the cell ${nameOfCell(cell)}: only an lstm has (16)`,
    );
  }
  if (Number.isInteger(projection) && projection >= 0 && projection < hidden) {
    return { hidden, bidirectional, projection, bias, cell };
  }
  throw new RangeError(
    `${what}: projection is ${projection}: must be a whole number smaller than hidden, ${hidden}, or 0 for none`,
  );
}

/** The network for a file. Fields that format version 2 does not have are left out if the network does not need them. */
export function storedConfig({ layers, delta, quantiles, classNames, eigenvalues, ...others }: CompleteConfig) {
  const { inputs, ...rest } = others;
  return {
    ...{ inputs, layers: layers.map(storedLayer), ...rest },
    ...(rest.loss === 'huber' && { delta }),
    ...(rest.loss === 'pinball' && { quantiles }),
    ...(classNames.length > 0 && { classNames }),
    ...(eigenvalues === 'signed' && { eigenvalues }),
  };
}

/** A layer of `storedConfig`, with its cell by name. */
export const storedLayer = ({ hidden, bidirectional, projection, bias, cell }: Required<LayerSizes>): StoredLayer => ({
  ...{ hidden, bidirectional },
  ...(projection > 0 && { projection }),
  ...(!bias && { bias }),
  ...(cell !== 'lstm' && { cell: nameOfCell(cell) }),
});

/** A layer as a file has it. */
type StoredLayer = Omit<LayerSizes, 'cell'> & { readonly cell?: string };

/** Whether a layer has another cell than the LSTM, a projection or no biases, the loss is new, or classes have names. Files of format version 2 have no such networks. */
export const needsVersion3 = (network: CompleteConfig): boolean =>
  computesAsVersion3(network) || network.classNames.length > 0;

const computesAsVersion3 = ({ layers, loss }: CompleteConfig): boolean =>
  layers.some(({ projection, bias, cell }) => projection > 0 || !bias || cell !== 'lstm') ||
  !['crossEntropy', 'squaredError'].includes(loss);

/** Whether a network is of the tutorial's kind: one layer in one direction, and class scores from its last state. */
export function isPlain(network: CompleteConfig): boolean {
  const { layers, inputKind, loss, reads, dropout } = network;
  const isAlone = layers.length === 1 && !layers[0].bidirectional && !computesAsVersion3(network);
  return isAlone && inputKind === 'numbers' && loss === 'crossEntropy' && reads === 'last' && dropout === 0;
}

/** One cell of a network: where it stands, and what it reads. */
export interface CellPlace extends CellWidths {
  readonly cell: Cell;
  /** N: its layer, 0 for the lowest. */
  readonly layer: number;
  /** Whether it reads the sequence in reverse. */
  readonly reverse: boolean;
  /** Ends the names of its parameters: `''` if it is the only one, else `.N` or `.N.reverse`. */
  readonly suffix: string;
  /** Whether its biases are parameters. */
  readonly hasBias: boolean;
}

/** The cells of a network, layer by layer, the forward direction first: PyTorch's order. */
export function cellsOf({ inputs, layers }: Pick<NetworkConfig, 'inputs' | 'layers'>): CellPlace[] {
  const isAlone = layers.length === 1 && !(layers[0].bidirectional ?? false);
  return layers.flatMap(
    ({ hidden: H, bidirectional = false, projection = 0, bias: hasBias = true, ...rest }, layer) => {
      const cell = cellOf(rest.cell ?? 'lstm');
      const I = layer === 0 ? inputs : widthOf(layers[layer - 1]);
      const P = projection > 0 ? projection : undefined;
      return (bidirectional ? [false, true] : [false]).map((reverse) => {
        const suffix = isAlone ? '' : `.${layer}${reverse ? '.reverse' : ''}`;
        return { cell, layer, reverse, suffix, I, H, P, hasBias };
      });
    },
  );
}

/** The cells of a network of LSTMs. Throws a DataError if a layer has another cell. */
export function lstmsOf(network: Pick<NetworkConfig, 'inputs' | 'layers'>): CellPlace[] {
  network.layers.forEach(({ cell = 'lstm' }, n) => {
    if (cell === 'lstm') return;
    throw new DataError(`network: layer ${n} has the cell ${nameOfCell(cell)}, but this works only with LSTMs`);
  });
  return cellsOf(network);
}

/** For messages: `T 28, B 128, I 28, H 128, C 10`; H of each layer as `formatHidden` writes it. */
export const formatNetwork = (network: NetworkConfig, { T, B }: BatchSizes): string =>
  `T ${T}, B ${B}, I ${network.inputs}, H ${formatHidden(network)}, C ${network.outputs}`;

/** How many numbers a layer passes on at each step: directions·H, or directions·P. */
export const widthOf = ({ hidden, bidirectional = false, projection = 0 }: LayerSizes): number =>
  (bidirectional ? 2 : 1) * (projection > 0 ? projection : hidden);

/** Units of a layer for messages: `128`; `128→32` with a projection. */
export const formatUnits = ({ hidden, projection = 0 }: LayerSizes): string =>
  projection > 0 ? `${hidden}→${projection}` : String(hidden);

/** H of each layer for messages: `128`, `128,64`; `2·64` for a bidirectional layer; `128→32` with a projection. */
export const formatHidden = ({ layers }: Pick<NetworkConfig, 'layers'>): string =>
  layers.map((layer) => `${layer.bidirectional === true ? '2·' : ''}${formatUnits(layer)}`).join(',');

/**
 * The shape of each parameter, by name, in the order of checkpoints. Each LSTM has a kernel `[I+H,4H]` and a bias `[4H]`. With
 * a projection, the kernel is `[I+P,4H]`, and Wr of (16), named projection, is `[H,P]`. A GRU has a kernel `[I+H,3H]`, a bias and a
 * recurrentBias `[3H]`; an RNN a kernel `[I+H,H]` and a bias `[H]`. Then come outKernel `[directions·H,C]`, or `[directions·P,C]`, and
 * outBias `[C]`. Gradients have the same shapes.
 */
export function networkParameterShapes(network: NetworkConfig): Record<string, Shape> {
  const shapes: Record<string, Shape> = {};
  for (const place of cellsOf(network)) {
    for (const [name, shape] of Object.entries(ownParameterShapes(place))) shapes[`${name}${place.suffix}`] = shape;
  }
  const top = network.layers[network.layers.length - 1];
  shapes.outKernel = [widthOf(top), network.outputs];
  shapes.outBias = [network.outputs];
  return shapes;
}

/** The parameters of one cell that are the network's: all, or without `hasBias` those that are no biases. */
export function ownParameterShapes(place: CellPlace): Record<string, Shape> {
  const shapes = Object.entries(place.cell.parameterShapes(place));
  return Object.fromEntries(shapes.filter(([name]) => place.hasBias || !place.cell.biases.includes(name)));
}

/**
 * The shapes of the initial states of each cell: of an LSTM h `[B,H]`, or `[B,P]`, and c `[B,H]`; of a GRU or RNN h. Names: the state's
 * and 0, as in h0, then the cell's suffix.
 */
export function stateShapes(network: NetworkConfig, B: number): Record<string, Shape> {
  const shapes: Record<string, Shape> = {};
  for (const place of cellsOf(network)) {
    for (const [name, N] of Object.entries(place.cell.stateWidths(place))) shapes[`${name}0${place.suffix}`] = [B, N];
  }
  return shapes;
}

/** The shape of targets: that of logits, but with one number for all quantiles. */
export function targetShape(network: CompleteConfig, sizes: BatchSizes): Shape {
  const shape = outputShape(network, sizes);
  return [...shape.slice(0, -1), network.outputs / Math.max(network.quantiles.length, 1)];
}

/** Throws a RangeError if the network has more classes than the backend's precision holds: their indices are numbers in tensors. */
export function assertClassesFit({ inputs, inputKind, outputs, loss }: CompleteConfig, { dtype }: Backend): void {
  const counts = { inputs: inputKind === 'classes' ? inputs : 0, outputs: loss === 'crossEntropy' ? outputs : 0 };
  for (const [name, classes] of Object.entries(counts)) {
    if (dtype !== 'f32' || classes <= MOST_CLASSES) continue;
    throw new RangeError(
      `network: ${name} is ${counted(classes, 'class', 'classes')}: must be at most ${MOST_CLASSES}, which f32 can tell apart`,
    );
  }
}

/** How many rows have a loss: B, or T·B with a loss at every step. */
export const lossRows = ({ reads = 'last' }: NetworkConfig, { T, B }: BatchSizes): number =>
  reads === 'every' ? T * B : B;

/** The shape of x: `[T,B,I]`, or `[T,B]` for classes. */
export const inputShape = ({ inputs, inputKind = 'numbers' }: NetworkConfig, { T, B }: BatchSizes): Shape =>
  inputKind === 'classes' ? [T, B] : [T, B, inputs];

/** The shape of logits, dLogits and targets: `[B,C]`, or `[T,B,C]` with a loss at every step. */
export const outputShape = ({ outputs, reads = 'last' }: NetworkConfig, { T, B }: BatchSizes): Shape =>
  reads === 'every' ? [T, B, outputs] : [B, outputs];

/** The tensors around the cells: the batch, the output layer's results and the loss. */
export function outputShapes(network: NetworkConfig, sizes: BatchSizes) {
  const rows = [lossRows(network, sizes)];
  const output = outputShape(network, sizes);
  const common = { x: inputShape(network, sizes), logits: output, losses: rows, dLogits: output };
  return (network.loss ?? 'crossEntropy') === 'crossEntropy'
    ? { ...common, y: rows, probabilities: output }
    : { ...common, y: output, mask: output, ...(network.loss === 'pinball' && { quantiles: [network.outputs] }) };
}

/** The tensors of one cell that are no parameters of the network. A bias that is none is 0: it and its gradient, `d.bias`, are listed. */
export function cellTensorShapes(place: CellPlace, sizes: BatchSizes): Record<string, Shape> {
  const { cell, hasBias, I, H, P } = place;
  const parameters = cell.parameterShapes(place);
  const missing = hasBias
    ? []
    : cell.biases.flatMap((name) => [name, `d.${name}`].map((key) => [key, parameters[name]]));
  return { ...cell.activationShapes({ ...sizes, I, H, P }), ...(Object.fromEntries(missing) as Record<string, Shape>) };
}
