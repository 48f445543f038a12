/** What a network computes from the states of its top layer: the output layer, the loss, and their backward pass. */
import type { Backend } from '../core/backend.js';
import { readAll } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { assertNotFreed, fill, matrixOf, valuesOf } from '../core/tensor.js';
import { denseBackward, denseForward } from '../equations/dense.js';
import type { BatchSizes, CompleteConfig } from './config.js';
import type { OutputViews } from './layers.js';
import type { Parameter } from './parameters.js';
import type { Targets } from './targets.js';
import { RowMask } from './targets.js';

/** The batch, and what the output layer and the loss compute from it. N rows have a loss: B with `reads` 'last', T·B with 'every'. */
export interface OutputTensors {
  /** The inputs, `[T,B,I]`; class indices `[T,B]`. */
  readonly x: Tensor;
  /** The class of each row, `[N]`; -1 does not count. With the squared error: the targets, in the shape of logits. */
  readonly y: Tensor;
  /** The output layer's numbers, `[B,C]`, or `[T,B,C]` with a loss at every step. */
  readonly logits: Tensor;
  /** The loss of each row, `[N]`: in nats, or a squared error. */
  readonly losses: Tensor;
  /** ∂loss/∂logits, in the shape of logits: `[B,C]` or `[T,B,C]`. */
  readonly dLogits: Tensor;
  /** Softmax of the logits, in their shape: `[B,C]` or `[T,B,C]`. Default: none with the squared error. */
  readonly probabilities?: Tensor;
  /** For the squared error: 1 for each row that counts, else 0; `[N]`. Default: none with cross-entropy. */
  readonly mask?: Tensor;
}

/** Loss and accuracy of a forward pass on its batch. */
export interface Metrics {
  /** Mean loss over the rows that count: in nats, or the mean squared error. */
  readonly loss: number;
  /** Share (0 … 1) of these rows that are classified correctly. NaN with the squared error, which has no classes. */
  readonly accuracy: number;
  /** The number of rows that count. */
  readonly count: number;
}

/** The parameters of the output layer. */
export interface OutputParameters {
  /** The weights, `[directions·H,C]`. */
  readonly kernel: Pick<Parameter, 'value' | 'gradient'>;
  /** The bias, `[C]`. */
  readonly bias: Pick<Parameter, 'value' | 'gradient'>;
}

/** The two passes of a loss. `count`: rows that count. */
interface Loss {
  forward(): void;
  backward(count: number): void;
}

/** (5): each row has a class. */
function crossEntropy(
  backend: Backend,
  { y, losses, ...tensors }: OutputTensors & Required<Pick<OutputTensors, 'probabilities'>>,
): Loss {
  const [logits, dLogits, probabilities] = [tensors.logits, tensors.dLogits, tensors.probabilities].map(matrixOf);
  fill(y, -1);
  backend.upload(y);
  return {
    forward: () => backend.crossEntropyForward(losses, probabilities, logits, y),
    backward: (count) => backend.crossEntropyBackward(dLogits, probabilities, y, count),
  };
}

/** (13): each row has C targets. */
function squaredError(
  backend: Backend,
  { losses, mask, ...tensors }: OutputTensors & Required<Pick<OutputTensors, 'mask'>>,
): Loss {
  const [logits, dLogits, y] = [tensors.logits, tensors.dLogits, tensors.y].map(matrixOf);
  fill(mask, 1);
  backend.upload(mask);
  return {
    forward: () => backend.squaredErrorForward(losses, logits, y, mask),
    backward: (count) => backend.squaredErrorBackward(dLogits, logits, y, mask, count),
  };
}

/** The output layer and the loss. The tensors belong to the caller. */
export class NetworkOutput {
  /** Which rows have a loss. */
  readonly rows: RowMask;
  private readonly loss: Loss;
  /** `[N,C]` each. */
  private readonly logits: Tensor;
  private readonly dLogits: Tensor;

  constructor(
    private readonly backend: Backend,
    private readonly config: CompleteConfig,
    private readonly sizes: BatchSizes,
    private readonly tensors: OutputTensors,
    private readonly parameters: OutputParameters,
  ) {
    this.rows = new RowMask(config, sizes);
    this.logits = matrixOf(tensors.logits);
    this.dLogits = matrixOf(tensors.dLogits);
    // `outputShapes` has the tensors of each loss.
    this.loss =
      config.loss === 'crossEntropy'
        ? crossEntropy(backend, tensors as Parameters<typeof crossEntropy>[1])
        : squaredError(backend, tensors as Parameters<typeof squaredError>[1]);
  }

  /** Computes the logits and the loss of each row. */
  forward({ states }: Pick<OutputViews, 'states'>): void {
    const { kernel, bias } = this.parameters;
    denseForward(this.backend, this.logits, states, kernel.value, bias.value);
    this.loss.forward();
  }

  /** Computes the gradients of the mean loss: of the logits, the weights, the bias and the states. */
  backward({ states, dStates }: OutputViews): void {
    const { kernel, bias } = this.parameters;
    this.loss.backward(Math.max(this.rows.count, 1));
    denseBackward(this.backend, dStates, kernel.gradient, bias.gradient, this.dLogits, states, kernel.value);
  }

  /**
   * Puts labels or targets into y; `least`: rows that must count. Returns whether the lengths changed. Throws the errors of
   * `RowMask.set`.
   */
  set(targets: Targets, least = 0): boolean {
    const { y, mask } = this.tensors;
    const lengthsChanged = this.rows.set(targets, y, least);
    this.backend.upload(y);
    if (!mask) return lengthsChanged;
    this.rows.mask.forEach((counts, row) => mask.set(row, counts));
    this.backend.upload(mask);
    return lengthsChanged;
  }

  /** See `Network.metrics`. */
  async metrics(count = this.sizes.B, known?: Int32Array): Promise<Metrics> {
    const { losses, y } = this.tensors;
    const hasClasses = this.config.loss === 'crossEntropy';
    // Copies, because the next batch may be set before the losses are here.
    const [mask, classes] = [this.rows.mask.slice(), hasClasses ? valuesOf(y) : undefined];
    const [values, predictions] = await Promise.all([
      this.read('metrics', losses, valuesOf),
      hasClasses ? (known?.slice() ?? this.predictions()) : undefined,
    ]);
    let loss = 0;
    let right = 0;
    let rows = 0;
    for (const [row, value] of values.entries()) {
      if (row % this.sizes.B >= count || mask[row] === 0) continue;
      loss += value;
      right += predictions ? Number(predictions[row] === classes?.[row]) : NaN;
      rows++;
    }
    return { loss: loss / Math.max(rows, 1), accuracy: right / Math.max(rows, 1), count: rows };
  }

  /** See `Network.predictions`. */
  async predictions(): Promise<Int32Array> {
    if (this.config.loss !== 'crossEntropy') throw new Error('network: no predictions: its loss is the squared error');
    return this.read('predictions', this.logits, (logits) => {
      const [N, C] = logits.shape;
      return Int32Array.from({ length: N }, (_, row) => {
        let largest = 0;
        for (let k = 1; k < C; k++) if (logits.get(row, k) > logits.get(row, largest)) largest = k;
        return largest;
      });
    });
  }

  /** What `read` computes from the values that the tensor has at this call. Rejects if the tensor is freed while they are awaited. */
  private async read<Result>(what: string, tensor: Tensor, read: (values: Tensor) => Result): Promise<Result> {
    const results: Result[] = [];
    await readAll(this.backend, [tensor], (values) => results.push(read(values)));
    assertNotFreed(what, tensor);
    return results[0];
  }
}
