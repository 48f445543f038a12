/** How many numbers a network holds, computed from its sizes before it is allocated. */
import type { Shape } from '../core/tensor.js';
import type { BatchSizes, NetworkConfig } from './config.js';
import { cellsOf, cellTensorShapes, networkParameterShapes, outputShapes, widthOf } from './config.js';

/** For a network that is only evaluated: each parameter has a value and a gradient. */
export const elementCountOfNetwork = (network: NetworkConfig, sizes: BatchSizes): number =>
  2 * elementCountOfParameters(network) + elementCountOfActivations(network, sizes);

/** For a network that is trained: the optimiser adds up to two moments for each parameter. */
export const elementCountOfTraining = (network: NetworkConfig, sizes: BatchSizes): number =>
  elementCountOfNetwork(network, sizes) + 2 * elementCountOfParameters(network);

/** The numbers of all parameters, once. */
export const elementCountOfParameters = (network: NetworkConfig): number =>
  elementCountIn(Object.values(networkParameterShapes(network)));

/** The batch, the states, their gradients, and the output layer's tensors. */
export function elementCountOfActivations(network: NetworkConfig, sizes: BatchSizes): number {
  const { T, B } = sizes;
  const cells = cellsOf(network).map((place) => elementCountIn(Object.values(cellTensorShapes(place, sizes))));
  const dropped = (network.dropout ?? 0) > 0 ? network.layers.slice(0, -1) : [];
  const masks = dropped.map((layer) => 3 * T * B * widthOf(layer));
  return elementCountIn(Object.values(outputShapes(network, sizes))) + sumOf(cells) + sumOf(masks);
}

/** `sizeOf` is not used: it throws for huge shapes, and its message does not name the network's sizes. */
const elementCountIn = (shapes: readonly Shape[]): number =>
  sumOf(shapes.map((shape) => shape.reduce((product, extent) => product * extent, 1)));

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
