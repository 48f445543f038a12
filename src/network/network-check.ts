/** Checks the gradients of this project's networks: every parameter, x and every initial state, at random values. */
import { type TypeName, assertKinds, assertSizes, assertWhole, plainCopyOf } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { LARGEST_WHOLE } from '../core/numbers.js';
import { fillRandom, Random } from '../core/rng.js';
import { type Tensor, copyInto, fill, zeros } from '../core/tensor.js';
import type { GradientsOf } from '../equations/gradcheck-problem.js';
import type { GradientReport } from '../equations/gradcheck-report.js';
import { checkGradients } from '../equations/gradcheck.js';
import type { BoundCell, Tensors } from '../cells/cell.js';
import { type BatchSizes, type NetworkConfig, completeConfig, lossRows, targetShape } from './config.js';
import { Network } from './network.js';
import { initialGradients, namedStates } from './states.js';
import { type NamedTensors, gradientsByName, valuesByName } from './parameters.js';
import { type ModelSizes, modelNetwork } from './tutorial-network.js';

/** Options of `checkNetworkGradients`. */
export interface NetworkCheck {
  /** Seed of the values and of the random directions. Default: 1. */
  readonly seed?: number;
  /** The largest relative error that passes. Default: 1e-7. */
  readonly tolerance?: number;
  /** `[B]`: steps of each sequence, in any order. Default: T each. */
  readonly lengths?: readonly number[];
  /** Another backend whose gradients are checked, of dtype f64. Default: the backend that computes the loss. */
  readonly suspect?: Backend;
}

/** Options of `checkModelGradients`. */
export interface ModelCheck extends Omit<NetworkCheck, 'lengths'> {
  /** Added to the forget gate's pre-activation. Default: 1. */
  readonly forgetBias?: number;
}

const NETWORK_CHECK = {
  seed: 'number',
  tolerance: 'number',
  lengths: 'object',
  suspect: 'object',
} as const satisfies Record<keyof NetworkCheck, TypeName>;

const { seed, tolerance, suspect } = NETWORK_CHECK;
const MODEL_CHECK = { seed, forgetBias: 'number', tolerance, suspect } as const satisfies Record<
  keyof ModelCheck,
  TypeName
>;

/** Checks the tutorial's network; see `checkNetworkGradients`. */
export async function checkModelGradients(
  backend: Backend,
  sizes: ModelSizes,
  options: ModelCheck = {},
): Promise<GradientReport[]> {
  assertKinds('gradcheck', options, MODEL_CHECK);
  const { forgetBias, ...others }: ModelCheck = plainCopyOf(options);
  return checkNetworkGradients(backend, modelNetwork(sizes, forgetBias), sizes, others);
}

/**
 * Checks a network on a backend of dtype f64: every parameter, x (unless it is classes) and every h0 and c0, at random
 * values. (If h0 and c0 were zero, mistakes in the first step's term of dWh and df would be invisible.) Beyond the end of
 * a sequence, x and targets are NaN. With dropout, every pass uses the same masks. With labels, one row in four does not count.
 */
export async function checkNetworkGradients(
  backend: Backend,
  network: NetworkConfig,
  sizes: BatchSizes,
  options: NetworkCheck = {},
): Promise<GradientReport[]> {
  assertKinds('gradcheck', options, NETWORK_CHECK);
  const { seed = 1, tolerance, suspect = backend } = options;
  assertWhole('gradcheck: seed', seed, 0, LARGEST_WHOLE);
  const config = completeConfig(network);
  assertSizes('network', sizes, ['T', 'B']);
  const opened = [backend, ...(suspect === backend ? [] : [suspect])].map(
    (where) => new Network(where, config, sizes, { inputGradient: true }),
  );
  const [computes, checked] = [opened[0], opened[opened.length - 1]];
  try {
    const { inputs, prepare } = randomProblem(computes, options);
    for (const each of opened) prepare(each);
    return await checkGradients({
      inputs,
      loss: async () => {
        for (const input of Object.values(inputs)) backend.upload(input);
        computes.forward({ dropout: true });
        return (await computes.metrics()).loss;
      },
      gradients: () => gradientsOf(checked, inputs),
      seed,
      ...(tolerance !== undefined && { tolerance }),
    });
  } finally {
    for (const each of opened) each.dispose();
  }
}

/** Random values for `network`; `prepare` gives any copy of it the same classes, labels or targets, lengths and masks. */
function randomProblem(network: Network, { seed = 1, lengths }: NetworkCheck) {
  const random = new Random(seed);
  const { inputs: I, outputs: C, inputKind, loss, reads } = network.config;
  const inputs = inputsOf(network);
  for (const input of Object.values(inputs)) fillRandom(input, () => random.normal(0, 0.7));
  if (lengths && inputKind !== 'classes') setBeyondEnds(inputs.x, lengths, NaN);
  const rows = lossRows(network.config, network.sizes);
  const labels = Array.from({ length: rows }, (_, row) => (row % 4 === 3 ? -1 : random.below(C)));
  const targets = zeros(targetShape(network.config, network.sizes), 'f64');
  fillRandom(targets, () => random.normal(0, 1));
  if (lengths && reads === 'every') setBeyondEnds(targets, lengths, NaN);
  const classes = zeros([network.sizes.T, network.sizes.B], 'f64');
  fillRandom(classes, () => random.below(I));
  const masks = random.state;

  const prepare = (each: Network): void => {
    const { x } = each.activations;
    if (inputKind === 'classes') copyInto(x, classes);
    each.setTargets({ ...(loss === 'crossEntropy' ? { labels } : { targets }), ...(lengths && { lengths }) });
    each.backend.upload(x);
    for (const { cell, initial } of each.layers.flat()) {
      for (const [name, value] of Object.entries(cell.heldStates ?? {})) {
        fill(initial[name], value.at);
        each.backend.upload(initial[name]);
      }
    }
    const sameMasks = new Random(0);
    sameMasks.restore(masks);
    each.drawMasks(sameMasks);
  };
  return { inputs, prepare };
}

/** Sets a tensor `[T,B,N]` at the steps beyond each sequence's end. */
function setBeyondEnds(tensor: Tensor, lengths: readonly number[], value: number): void {
  lengths.forEach((length, b) => {
    for (let t = length; t < tensor.shape[0]; t++) fill(tensor.pick(t, b, null), value);
  });
}

/** The gradients of `network` at the values of `given`. */
async function gradientsOf(network: Network, given: NamedTensors): Promise<GradientsOf> {
  const { backend } = network;
  const own = inputsOf(network);
  for (const [name, tensor] of Object.entries(own)) {
    copyInto(tensor, given[name]);
    backend.upload(tensor);
  }
  network.forward({ dropout: true });
  network.backward();
  const gradients: Record<string, Tensor> = { ...gradientsByName(network.parameters) };
  if (network.config.inputKind === 'numbers') gradients.x = network.dx;
  Object.assign(gradients, namedStates(network.config, freeStates(network, initialGradients)));
  for (const gradient of Object.values(gradients)) await backend.download(gradient);
  return gradients;
}

/** Everything that the loss of a network depends on, except classes, labels and targets. */
function inputsOf(network: Network): NamedTensors {
  const { parameters, activations } = network;
  const inputs: Record<string, Tensor> = { ...valuesByName(parameters) };
  if (network.config.inputKind === 'numbers') inputs.x = activations.x;
  return {
    ...inputs,
    ...namedStates(
      network.config,
      freeStates(network, ({ initial }) => initial),
    ),
  };
}

/** The initial states of each cell, or their gradients, without those that the check holds; see `heldStates`. */
const freeStates = ({ layers }: Network, statesOf: (cell: BoundCell) => Tensors): Tensors[] =>
  layers.flat().map((bound) => {
    const held = Object.keys(bound.cell.heldStates ?? {});
    return Object.fromEntries(Object.entries(statesOf(bound)).filter(([name]) => !held.includes(name)));
  });
