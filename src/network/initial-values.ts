/** The initial values of a network's parameters. */
import { assertChoice } from '../core/arguments.js';
import type { Random } from '../core/rng.js';
import { fillRandom } from '../core/rng.js';
import type { Tensor } from '../core/tensor.js';
import { fill } from '../core/tensor.js';
import type { Parameter } from './parameters.js';

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
  readonly forgetBias: number;
}

/** Draws every parameter in turn, on the host; see `Network.initialise`. */
export function initialise(parameters: readonly Parameter[], random: Random, initial: InitialValues): void {
  assertChoice('initialise: output', initial.output, OUTPUT_INITS);
  assertChoice('initialise: bias', initial.bias, BIAS_INITS);
  for (const { name, value } of parameters) {
    const isOutput = name === 'outKernel' || name === 'outBias';
    if (isOutput && initial.output === 'normal') fillRandom(value, () => random.normal(0, 1));
    else if (value.dimension === 2) fillGlorot(value, random);
    else {
      fill(value, 0);
      if (!isOutput && initial.bias === 'chrono') setChronoBias(value, random, initial);
    }
  }
}

/** Uniform within ±√(6/(rows+columns)). */
function fillGlorot(value: Tensor, random: Random): void {
  const [rows, columns] = value.shape;
  const limit = Math.sqrt(6 / (rows + columns));
  fillRandom(value, () => random.uniform(-limit, limit));
}

/**
 * Biases `[4H]` with which a unit keeps its state for about u steps. If z were only the bias, f would be u/(1+u) for every
 * forget bias, and i would be 1/(1+u). Then c falls to 1/e of its value in u steps. u is uniform in 1 … T−1, one for each
 * unit. From Tallec & Ollivier 2018, "Can recurrent neural networks warp time?".
 */
function setChronoBias(bias: Tensor, random: Random, { T, forgetBias }: InitialValues): void {
  const H = bias.shape[0] / 4;
  for (let n = 0; n < H; n++) {
    const logarithm = Math.log(random.uniform(1, Math.max(1, T - 1)));
    bias.set(n, -logarithm);
    bias.set(2 * H + n, logarithm - forgetBias);
  }
}
