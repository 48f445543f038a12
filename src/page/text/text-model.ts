/** A character model of the page, its distributions, and the network that keeps its weights. */
import type { Backend } from '../../core/backend.js';
import type { Vocabulary } from '../../data/text.js';
import { characterOf } from '../../data/text.js';
import type { CompleteConfig } from '../../network/config.js';
import { completeConfig } from '../../network/config.js';
import { Network } from '../../network/network.js';
import type { NamedTensors } from '../../network/parameters.js';

/** A trained character model, on the host. It stays in the worker. */
export interface TextModel {
  readonly network: CompleteConfig;
  /** The weights by name, as `Network.save` gives them. They are not changed: other weights are another object. */
  readonly parameters: NamedTensors;
  readonly vocabulary: Vocabulary;
}

/** A character that can come next. */
export interface Choice {
  /** One code point; U+FFFD for the class of all other characters. */
  readonly character: string;
  /** 0 … 1 */
  readonly probability: number;
}

/** Choices that the page shows of one distribution. */
const MOST_CHOICES = 12;

/**
 * The 12 likeliest characters of a distribution `[C]`, the likeliest first; of equal ones, the first class first. Characters
 * of probability 0 are left out.
 */
export function likeliest(probabilities: ArrayLike<number>, vocabulary: Vocabulary): Choice[] {
  return Array.from(probabilities, (probability, index) => ({ probability, index }))
    .filter(({ probability }) => probability > 0)
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, MOST_CHOICES)
    .map(({ probability, index }) => ({ character: characterOf(vocabulary, index), probability }));
}

/** A network of one sequence for the weights of one model after another. It is made again only if the sizes change. */
export class KeptNetwork {
  private kept: Network | undefined;

  /**
   * The network with the weights of `model`, for T steps, without dropout. `inputKind`: what it reads, `'numbers'` with
   * ∂loss/∂x; the weights have the same shapes for both.
   */
  with(
    { network, parameters }: TextModel,
    backend: Backend,
    T: number,
    inputKind: CompleteConfig['inputKind'],
  ): Network {
    const sizes = completeConfig({ ...network, inputKind, dropout: 0 }); // dropout is used only in training
    if (this.kept && (this.kept.sizes.T !== T || JSON.stringify(this.kept.config) !== JSON.stringify(sizes))) {
      this.kept.dispose();
      this.kept = undefined;
    }
    this.kept ??= new Network(backend, sizes, { T, B: 1 }, { inputGradient: inputKind === 'numbers' });
    this.kept.load(parameters);
    return this.kept;
  }
}
