/** How many numbers a model holds, computed from its sizes before it is allocated. */
import type { ModelSizes } from './model.js';
import { activationShapes, parameterShapes } from './model.js';
import type { Shape } from './tensor.js';

/** For a model that is only evaluated: each parameter has a value and a gradient. */
export const numbersOfModel = (sizes: ModelSizes): number =>
  2 * numbersOfParameters(sizes) + numbersOfActivations(sizes);

/** For a model that is trained: Adam adds two moments for each parameter. */
export const numbersOfTraining = (sizes: ModelSizes): number => numbersOfModel(sizes) + 2 * numbersOfParameters(sizes);

export const numbersOfParameters = (sizes: ModelSizes): number => numbersIn(parameterShapes(sizes));

export const numbersOfActivations = (sizes: ModelSizes): number => numbersIn(activationShapes(sizes));

/** `sizeOf` is not used: it throws for huge shapes, and its message does not name T, B, I, H and C. */
function numbersIn(shapes: Readonly<Record<string, Shape>>): number {
  return Object.values(shapes).reduce((sum, shape) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
}
