/** The initial values of a network's parameters. */
import type { Parameter } from './parameters.js';
import type { Random } from './rng.js';
import { fillRandom } from './rng.js';
import type { Tensor } from './tensor.js';
import { fill } from './tensor.js';

/** How the output layer's weights and bias start; see `Network.initialise`. */
export const OUTPUT_STARTS = ['normal', 'glorot'] as const;

/** How the output layer's weights and bias start; see `Network.initialise`. */
export type OutputStart = (typeof OUTPUT_STARTS)[number];

/** Draws every parameter in turn, on the host; see `Network.initialise`. */
export function initialise(parameters: readonly Parameter[], random: Random, output: OutputStart): void {
  for (const { name, value } of parameters) {
    const isOutput = name === 'outKernel' || name === 'outBias';
    if (isOutput && output === 'normal') fillRandom(value, () => random.normal(0, 1));
    else if (value.dimension === 2) fillGlorot(value, random);
    else fill(value, 0);
  }
}

/** Uniform within ±√(6/(rows+columns)). */
function fillGlorot(value: Tensor, random: Random): void {
  const [rows, columns] = value.shape;
  const limit = Math.sqrt(6 / (rows + columns));
  fillRandom(value, () => random.uniform(-limit, limit));
}
