/** How many numbers a model of given sizes holds, known before it is made. */
import type { ModelSizes } from './model.js';
import { activationShapes, parameterShapes } from './model.js';
import type { Shape } from './tensor.js';

/** Of a model that is only evaluated: each parameter has a value and a gradient. */
export const numbersOfModel = (sizes: ModelSizes): number =>
  2 * numbersOfParameters(sizes) + numbersOfActivations(sizes);

/** Of a model that is trained: Adam adds two moments to each parameter. */
export const numbersOfTraining = (sizes: ModelSizes): number => numbersOfModel(sizes) + 2 * numbersOfParameters(sizes);

export const numbersOfParameters = (sizes: ModelSizes): number => numbersIn(parameterShapes(sizes));

export const numbersOfActivations = (sizes: ModelSizes): number => numbersIn(activationShapes(sizes));

/** Not `sizeOf`, which refuses what no computer holds without naming the sizes. */
function numbersIn(shapes: Readonly<Record<string, Shape>>): number {
  return Object.values(shapes).reduce((sum, shape) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
}
