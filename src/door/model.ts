/**
 * The tutorial's network: an LSTM reads a sequence, and a dense layer computes class scores from its last hidden state. It
 * is a `Network` of one layer and one direction, with a name for each of its tensors.
 */
import { type TypeName, assertKinds, assertSizes } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import type { Lstm } from '../equations/lstm-tensors.js';
import type { NetworkOptions } from '../network/network.js';
import type { OutputTensors } from '../network/output.js';
import type { NamedTensors, Parameter } from '../network/parameters.js';
import { type ModelSizes, modelNetwork } from '../network/tutorial-network.js';
import { Network } from './network.js';

/** `'kernel'`, `'bias'`, `'outKernel'` or `'outBias'`. */
export type ParameterName = 'kernel' | 'bias' | 'outKernel' | 'outBias';

/** A tensor `[…]` for each parameter. */
export interface ParameterTensors extends NamedTensors {
  /** The LSTM's weights, `[I+H,4H]`: x rows first; gates i, j, f, o. */
  readonly kernel: Tensor;
  /** The LSTM's bias, `[4H]`: gates i, j, f, o. */
  readonly bias: Tensor;
  /** The output layer's weights, `[H,C]`. */
  readonly outKernel: Tensor;
  /** The output layer's bias, `[C]`. */
  readonly outBias: Tensor;
}

/**
 * The batch, and what the forward and the backward pass compute from it. In the tensors of the LSTM, sequences of different lengths are
 * sorted: see `Network.order`.
 */
export interface Activations
  extends
    Required<Omit<OutputTensors, 'mask'>>,
    Pick<Lstm, 'h' | 'c' | 'z' | 'gates' | 'dhUpstream' | 'dh' | 'dc' | 'dz'> {}

/** Options of a `Model`. */
export interface ModelOptions extends NetworkOptions {
  /** Added to the forget gate's pre-activation. Default: 1. */
  readonly forgetBias?: number;
}

/** The tutorial's network, with every tensor that its passes need. The caller disposes of it. */
export class Model extends Network {
  declare readonly sizes: ModelSizes;
  constructor(backend: Backend, sizes: ModelSizes, options: ModelOptions = {}) {
    assertKinds('model', options, {
      forgetBias: 'number',
      inputGradient: 'boolean',
      stateGradients: 'boolean',
    } satisfies Record<keyof ModelOptions, TypeName>);
    assertSizes('model', sizes, ['T', 'B', 'I', 'H', 'C']);
    const { forgetBias, inputGradient = false, stateGradients = false } = options;
    super(backend, modelNetwork(sizes, forgetBias), sizes, { inputGradient, stateGradients });
    const { h, c, z, gates, dhUpstream, dh, dc, dz } = this.lstm;
    Object.assign(this.activations, { h, c, z, gates, dhUpstream, dh, dc, dz });
  }

  /** The LSTM's weights, `[I+H,4H]`: x rows first; gates i, j, f, o. */
  get kernel(): Parameter {
    return this.parameters[0];
  }

  /** The LSTM's bias, `[4H]`: gates i, j, f, o. */
  get bias(): Parameter {
    return this.parameters[1];
  }

  /** The output layer's weights, `[H,C]`. */
  get outKernel(): Parameter {
    return this.parameters[2];
  }

  /** The output layer's bias, `[C]`. */
  get outBias(): Parameter {
    return this.parameters[3];
  }

  /** The batch, the states of the LSTM, and what the output layer and the loss compute from them. */
  override get activations(): Activations {
    return super.activations as Activations; // the constructor adds the LSTM's
  }

  /** The LSTM. */
  get lstm(): Lstm {
    return this.layers[0][0];
  }
}
