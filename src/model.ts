/**
 * The tutorial's network: an LSTM reads a sequence, and a dense layer computes class scores from its last hidden state.
 *
 * The model owns its tensors, allocated once: the parameters and their gradients, with the shapes of `parameterShapes`,
 * and the activations, with those of `activationShapes`. Adam's moments belong to `Adam`.
 */
import type { TypeName } from './arguments.js';
import { assertKinds, assertSizes } from './arguments.js';
import type { Backend } from './backend.js';
import { allocateAll } from './backend.js';
import { denseBackward, denseForward } from './dense.js';
import { DataError } from './errors.js';
import type { Lstm, LstmSizes, LstmTensors } from './lstm.js';
import { bindLstm, lstmBackward, lstmForward, lstmShapes } from './lstm.js';
import type { Parameter } from './parameters.js';
import { assertFinite, loadTensors, saveTensors, valuesByName } from './parameters.js';
import type { Random } from './rng.js';
import { fillRandom } from './rng.js';
import type { Shape, Tensor } from './tensor.js';
import { fill, findNonFinite, stepOf } from './tensor.js';

/** The sizes of the network, each a whole number ≥ 1. */
export interface ModelSizes extends LstmSizes {
  /** Classes that the output layer scores. */
  readonly C: number;
}

/** The shape of each parameter; its gradient has the same. */
export function parameterShapes({ I, H, C }: Pick<ModelSizes, 'I' | 'H' | 'C'>) {
  return {
    /** The LSTM's weights, `[I+H,4H]`: x rows first; gates i, j, f, o. */
    kernel: [I + H, 4 * H],
    /** The LSTM's bias, `[4H]`: gates i, j, f, o. */
    bias: [4 * H],
    /** The output layer's weights, `[H,C]`. */
    outKernel: [H, C],
    /** The output layer's bias, `[C]`. */
    outBias: [C],
  } satisfies Record<string, Shape>;
}

/** `'kernel'`, `'bias'`, `'outKernel'` or `'outBias'`. */
export type ParameterName = keyof ReturnType<typeof parameterShapes>;

/** The batch, and what the forward and the backward pass compute from it. */
export interface Activations extends Pick<
  LstmTensors,
  'x' | 'h' | 'c' | 'z' | 'gates' | 'dhOutside' | 'dh' | 'dc' | 'dz'
> {
  /** The labels, one-hot, `[B,C]`. */
  readonly y: Tensor;
  /** The output layer's scores, `[B,C]`. */
  readonly logits: Tensor;
  /** Softmax of the logits, `[B,C]`. */
  readonly probabilities: Tensor;
  /** The loss of each sequence, in nats, `[B]`. */
  readonly losses: Tensor;
  /** For each sequence 1 if the largest logit is the label's, else 0; `[B]`. */
  readonly correct: Tensor;
  /** ∂(mean loss)/∂logits, `[B,C]`. */
  readonly dLogits: Tensor;
}

/** The shape of each activation. */
export function activationShapes(sizes: ModelSizes) {
  const { x, h, c, z, gates, dhOutside, dh, dc, dz } = lstmShapes(sizes);
  const { B, C } = sizes;
  return {
    x,
    h,
    c,
    z,
    gates,
    dhOutside,
    dh,
    dc,
    dz,
    y: [B, C],
    logits: [B, C],
    probabilities: [B, C],
    losses: [B],
    correct: [B],
    dLogits: [B, C],
  } satisfies Record<keyof Activations, Shape>;
}

/** A tensor for each parameter. (The mapped type keeps the comments of `parameterShapes`.) */
export type ParameterTensors = { readonly [Name in keyof ReturnType<typeof parameterShapes>]: Tensor };

/** Options of a `Model`. */
export interface ModelOptions {
  /** Added to the forget gate's pre-activation. Default: 1. */
  readonly forgetBias?: number;
  /** Also compute ∂loss/∂x, into `dx`. Training does not need it. Default: false. */
  readonly inputGradient?: boolean;
}

/** Loss and accuracy of a forward pass on its batch. */
export interface Metrics {
  /** Mean loss, in nats. */
  readonly loss: number;
  /** Share (0 … 1) of the sequences that are classified correctly. */
  readonly accuracy: number;
}

/** The network, with every tensor that its passes need. The caller disposes of it. */
export class Model {
  /** The LSTM's weights, `[I+H,4H]`: x rows first; gates i, j, f, o. */
  readonly kernel: Parameter<ParameterName>;
  /** The LSTM's bias, `[4H]`: gates i, j, f, o. */
  readonly bias: Parameter<ParameterName>;
  /** The output layer's weights, `[H,C]`. */
  readonly outKernel: Parameter<ParameterName>;
  /** The output layer's bias, `[C]`. */
  readonly outBias: Parameter<ParameterName>;
  /** All parameters: kernel, bias, outKernel, outBias. `backward` fills their gradients, ∂(mean loss)/∂parameter. */
  readonly parameters: readonly Parameter<ParameterName>[];

  /** The batch (`x` and `y`), and what the last passes computed from it. */
  readonly activations: Activations;
  /** The LSTM, which uses the tensors of this model. */
  readonly lstm: Lstm;
  private readonly owned: Tensor[] = [];
  private readonly lastH: Tensor;
  private readonly lastDhOutside: Tensor;

  constructor(
    /** The backend that holds the tensors and computes. */
    readonly backend: Backend,
    /** T, B, I, H and C. */
    readonly sizes: ModelSizes,
    options: ModelOptions = {},
  ) {
    assertKinds('model', options, { forgetBias: 'number', inputGradient: 'boolean' } satisfies Record<
      keyof ModelOptions,
      TypeName
    >);
    const { forgetBias = 1, inputGradient = false } = options;
    assertSizes('model', sizes, ['T', 'B', 'I', 'H', 'C']);
    const values = this.allocateAll(parameterShapes(sizes));
    const gradients = this.allocateAll(parameterShapes(sizes));
    const parameter = (name: ParameterName) => ({ name, value: values[name], gradient: gradients[name] });
    this.kernel = parameter('kernel');
    this.bias = parameter('bias');
    this.outKernel = parameter('outKernel');
    this.outBias = parameter('outBias');
    this.parameters = [this.kernel, this.bias, this.outKernel, this.outBias];

    this.activations = this.allocateAll(activationShapes(sizes));
    const inputGradients = inputGradient ? this.allocateAll({ dx: lstmShapes(sizes).x }) : {};
    this.lstm = bindLstm(
      sizes,
      {
        ...this.activations,
        kernel: this.kernel.value,
        bias: this.bias.value,
        dKernel: this.kernel.gradient,
        dBias: this.bias.gradient,
        ...inputGradients,
      },
      forgetBias,
    );
    this.lastH = stepOf(this.activations.h, sizes.T);
    this.lastDhOutside = stepOf(this.activations.dhOutside, sizes.T);
  }

  /** ∂loss/∂x `[T,B,I]`. Throws an Error if the model was made without `inputGradient`. */
  get dx(): Tensor {
    if (!this.lstm.dx) throw new Error('model: dx is not computed; make the model with { inputGradient: true }');
    return this.lstm.dx;
  }

  /** Computes logits, probabilities and losses from x and y. Row 0 of h and c is the initial state, zero unless set. */
  forward(): void {
    const { logits, probabilities, losses, correct, y } = this.activations;
    lstmForward(this.backend, this.lstm);
    denseForward(this.backend, logits, this.lastH, this.outKernel.value, this.outBias.value);
    this.backend.crossEntropyForward(losses, correct, probabilities, logits, y);
  }

  /** Computes the gradients of the mean loss from the last forward pass, in reverse order. */
  backward(): void {
    const { dLogits, probabilities, y } = this.activations;
    this.backend.crossEntropyBackward(dLogits, probabilities, y, this.sizes.B);
    denseBackward(
      this.backend,
      this.lastDhOutside, // the output layer reads only the last row of h: the other rows of dhOutside stay 0
      this.outKernel.gradient,
      this.outBias.gradient,
      dLogits,
      this.lastH,
      this.outKernel.value,
    );
    lstmBackward(this.backend, this.lstm);
  }

  /**
   * The tutorial's initial values: kernel glorot-uniform over its whole [I+H,4H], bias zero, the output layer's weights
   * and bias standard normal.
   */
  initialise(random: Random): void {
    const [rows, columns] = this.kernel.value.shape;
    const limit = Math.sqrt(6 / (rows + columns));
    fillRandom(this.kernel.value, () => random.uniform(-limit, limit));
    fill(this.bias.value, 0);
    fillRandom(this.outKernel.value, () => random.normal(0, 1));
    fillRandom(this.outBias.value, () => random.normal(0, 1));
    for (const { value } of this.parameters) this.backend.upload(value);
  }

  /** Mean loss and accuracy of the last forward pass, over the first `count` sequences. `count`: default B. */
  async metrics(count = this.sizes.B): Promise<Metrics> {
    const { losses, correct } = this.activations;
    await this.backend.download(losses);
    await this.backend.download(correct);
    let loss = 0;
    let right = 0;
    for (let b = 0; b < count; b++) {
      loss += losses.get(b);
      right += correct.get(b);
    }
    return { loss: loss / count, accuracy: right / count };
  }

  /**
   * Rejects if a parameter holds NaN or an infinity: with a DataError if an input does too (`assertFiniteInputs`), else
   * with a NonFiniteError. `step`: updates made so far.
   */
  async assertFinite(step: number): Promise<void> {
    try {
      await assertFinite(this.backend, this.parameters, step);
    } catch (error) {
      await this.assertFiniteInputs();
      throw error;
    }
  }

  /** Rejects with a DataError if the batch or the initial state holds NaN or an infinity. */
  async assertFiniteInputs(): Promise<void> {
    const { x, y, h, c } = this.activations;
    for (const [name, tensor] of Object.entries({ x, y, h0: stepOf(h, 0), c0: stepOf(c, 0) })) {
      await this.backend.download(tensor);
      const found = findNonFinite(tensor);
      if (found) throw new DataError(`${name}[${found.index.join(',')}] is ${found.value}: every input must be finite`);
    }
  }

  /** Copies of the parameters' values, on the host. */
  async save(): Promise<ParameterTensors> {
    return saveTensors(this.backend, valuesByName(this.parameters));
  }

  /** Copies `saved` into the parameters' values. Throws a RangeError if a tensor is missing or has another shape. */
  load(saved: ParameterTensors): void {
    loadTensors(this.backend, valuesByName(this.parameters), saved);
  }

  /** Frees all tensors. */
  dispose(): void {
    for (const tensor of this.owned) this.backend.free(tensor);
    this.owned.length = 0;
  }

  /** If a tensor does not fit, frees all tensors of the model. */
  private allocateAll<Name extends string>(shapes: Record<Name, number[]>): Record<Name, Tensor> {
    try {
      const tensors = allocateAll(this.backend, shapes);
      this.owned.push(...Object.values<Tensor>(tensors));
      return tensors;
    } catch (error) {
      this.dispose();
      throw error;
    }
  }
}
