/** The initial values of a network's parameters. */
import { assertChoice } from '../core/arguments.js';
import type { Random } from '../core/rng.js';
import { fillRandom } from '../core/rng.js';
import type { Tensor } from '../core/tensor.js';
import { fill } from '../core/tensor.js';
import type { CompleteConfig } from './config.js';
import { cellsOf } from './config.js';
import type { Parameter } from './parameters.js';
import { valuesByName } from './parameters.js';

export const OUTPUT_INITS = ['normal', 'glorot'] as const;

/** Initial values of the output layer's weights and bias; see `Network.initialise`. */
export type OutputInit = (typeof OUTPUT_INITS)[number];

export const BIAS_INITS = ['zeros', 'chrono'] as const;

/** Initial values of the gates' biases; see `Network.initialise`. */
export type BiasInit = (typeof BIAS_INITS)[number];

/** What the initial values depend on. T: steps of a sequence. */
interface InitialValues {
  readonly output: OutputInit;
  readonly bias: BiasInit;
  readonly T: number;
  readonly config: CompleteConfig;
}

/** Draws every parameter in turn, on the host; see `Network.initialise`. */
export function initialise(parameters: readonly Parameter[], random: Random, initial: InitialValues): void {
  assertChoice('initialise: output', initial.output, OUTPUT_INITS);
  assertChoice('initialise: bias', initial.bias, BIAS_INITS);
  const chrono: ReturnType<typeof chronoBiases> =
    initial.bias === 'chrono' ? chronoBiases(parameters, random, initial) : {};
  for (const { name, value } of parameters) {
    const isOutput = name === 'outKernel' || name === 'outBias';
    if (isOutput && initial.output === 'normal') fillRandom(value, () => random.normal(0, 1));
    else if (value.dimension === 2) fillGlorot(value, random);
    else fill(value, 0);
    chrono[name]?.();
  }
}

/** Uniform within ±√(6/(rows+columns)). */
function fillGlorot(value: Tensor, random: Random): void {
  const [rows, columns] = value.shape;
  const limit = Math.sqrt(6 / (rows + columns));
  fillRandom(value, () => random.uniform(-limit, limit));
}

/**
 * Biases with which a unit keeps its state for about u steps. With them alone, the gate that keeps is u/(1+u). So the state falls
 * to 1/e of its value in u steps. u is uniform in 1 … T−1, one for each unit. From Tallec & Ollivier 2018, "Can recurrent neural
 * networks warp time?". Returns for each cell what draws its biases, by the name of its last bias. Throws a RangeError for a cell without
 * such a gate.
 */
function chronoBiases(
  parameters: readonly Parameter[],
  random: Random,
  { T, config }: InitialValues,
): Readonly<Record<string, (() => void) | undefined>> {
  const values = valuesByName(parameters);
  const draws = cellsOf(config)
    .filter(({ hasBias }) => hasBias)
    .map(({ cell, suffix, H, layer }): [string, () => void] => {
      const biases = Object.fromEntries(cell.biases.map((name) => [name, values[name + suffix]]));
      const draw = (): void => {
        for (let n = 0; n < H; n++) {
          cell.setChrono?.(biases, n, H, Math.log(random.uniform(1, Math.max(1, T - 1))), config.forgetBias);
        }
      };
      if (cell.setChrono) return [`${cell.biases[cell.biases.length - 1]}${suffix}`, draw];
      throw new RangeError(
        `initialise: bias chrono: layer ${layer} is of the cell ${cell.name}, which has no gate that keeps its state: use zeros`,
      );
    });
  return Object.fromEntries(draws);
}
