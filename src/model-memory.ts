/** How many numbers a model of given sizes holds, known before it is made. */
import type { ModelSizes } from './model.js';
import { activationShapes, parameterShapes } from './model.js';
import type { Shape } from './tensor.js';

export const numbersOfModel = (sizes: ModelSizes): number => numbersOfParameters(sizes) + numbersOfActivations(sizes);

/** Each parameter has a gradient and two moments. */
export const numbersOfParameters = (sizes: ModelSizes): number => 4 * numbersIn(parameterShapes(sizes));

export const numbersOfActivations = (sizes: ModelSizes): number => numbersIn(activationShapes(sizes));

/** Not `sizeOf`, which refuses what no computer holds without naming the sizes. */
function numbersIn(shapes: Readonly<Record<string, Shape>>): number {
  return Object.values(shapes).reduce((sum, shape) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
}
