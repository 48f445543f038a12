/** What a network computes from the states of its top layer: the output layer, the loss, and their backward pass. */
import type { Backend } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { fill, matrixOf } from '../core/tensor.js';
import { denseBackward, denseForward } from '../equations/dense.js';
import type { BatchSizes, CompleteSizes } from './config.js';
import type { Parameter } from './parameters.js';
import type { Targets } from './targets.js';
import { CountedRows } from './targets.js';

/** The batch, and what the output layer and the loss compute from it. N rows have a loss: B with `reads` 'last', T·B with 'every'. */
export interface OutputTensors {
  /** The inputs, `[T,B,I]`; class indices `[T,B]`. */
  readonly x: Tensor;
  /** The labels, one-hot, or the targets: `[B,C]`, or `[T,B,C]` with a loss at every step. */
  readonly y: Tensor;
  /** The output layer's numbers, `[B,C]` or `[T,B,C]` as y. */
  readonly logits: Tensor;
  /** The loss of each row, `[N]`: in nats, or a squared error. */
  readonly losses: Tensor;
  /** ∂loss/∂logits, `[B,C]` or `[T,B,C]` as y. */
  readonly dLogits: Tensor;
  /** Softmax of the logits, `[B,C]` or `[T,B,C]` as y. Default: none with the squared error. */
  readonly probabilities?: Tensor;
  /** For each row 1 if the largest logit is the label's, else 0; `[N]`. Default: none with the squared error. */
  readonly correct?: Tensor;
  /** For the squared error: 1 for each row that counts, else 0; `[N]`. Default: none with cross-entropy. */
  readonly counted?: Tensor;
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

/** What the output layer is connected to. */
export interface OutputEnds {
  /** h of each direction of the top layer, `[N,H]`: what the layer reads. */
  readonly states: readonly Tensor[];
  /** ∂loss/∂h, `[N,H]` each: what its backward pass writes. */
  readonly dStates: readonly Tensor[];
  /** The weights, `[directions·H,C]`. */
  readonly kernel: Pick<Parameter, 'value' | 'gradient'>;
  /** The bias, `[C]`. */
  readonly bias: Pick<Parameter, 'value' | 'gradient'>;
}

/** The output layer and the loss. The tensors belong to the caller. */
export class NetworkOutput {
  /** Which rows have a loss. */
  readonly rows: CountedRows;
  /** `[N,C]` each. */
  private readonly matrices;

  constructor(
    private readonly backend: Backend,
    network: CompleteSizes,
    private readonly sizes: BatchSizes,
    private readonly tensors: OutputTensors,
    private readonly ends: OutputEnds,
  ) {
    const { logits, y, dLogits, probabilities, counted } = tensors;
    this.rows = new CountedRows(network, sizes);
    this.matrices = {
      logits: matrixOf(logits),
      y: matrixOf(y),
      dLogits: matrixOf(dLogits),
      probabilities: probabilities && matrixOf(probabilities),
    };
    if (!counted) return;
    fill(counted, 1);
    backend.upload(counted);
  }

  /** Computes the logits and the loss of each row. */
  forward(): void {
    const { states, kernel, bias } = this.ends;
    denseForward(this.backend, this.matrices.logits, states, kernel.value, bias.value);
    this.lossForward();
  }

  /** Computes the gradients of the mean loss: of the logits, the weights, the bias and the states. */
  backward(): void {
    this.lossBackward();
    const { states, dStates, kernel, bias } = this.ends;
    const { dLogits } = this.matrices;
    denseBackward(this.backend, dStates, kernel.gradient, bias.gradient, dLogits, states, kernel.value);
  }

  private lossForward(): void {
    const { losses, correct, counted } = this.tensors;
    const { logits, y, probabilities } = this.matrices;
    if (correct && probabilities) this.backend.crossEntropyForward(losses, correct, probabilities, logits, y);
    else if (counted) this.backend.squaredErrorForward(losses, logits, y, counted);
  }

  private lossBackward(): void {
    const { counted } = this.tensors;
    const { dLogits, logits, y, probabilities } = this.matrices;
    const count = Math.max(this.rows.count, 1);
    if (probabilities) this.backend.crossEntropyBackward(dLogits, probabilities, y, count);
    else if (counted) this.backend.squaredErrorBackward(dLogits, logits, y, counted, count);
  }

  /**
   * Puts labels or targets into y; `least`: rows that must count. Returns whether the lengths changed. Throws the errors of
   * `CountedRows.set`.
   */
  set(targets: Targets, least = 0): boolean {
    const { y, counted } = this.tensors;
    const lengthsChanged = this.rows.set(targets, y, least);
    this.backend.upload(y);
    if (!counted) return lengthsChanged;
    this.rows.isCounted.forEach((value, row) => counted.set(row, value));
    this.backend.upload(counted);
    return lengthsChanged;
  }

  /** Mean loss and accuracy of the last forward pass, over the first `count` sequences. `count`: default B. */
  async metrics(count = this.sizes.B): Promise<Metrics> {
    const { losses, correct } = this.tensors;
    await this.backend.download(losses);
    if (correct) await this.backend.download(correct);
    let loss = 0;
    let right = 0;
    let rows = 0;
    for (let row = 0; row < losses.size; row++) {
      if (row % this.sizes.B >= count || this.rows.isCounted[row] === 0) continue;
      loss += losses.get(row);
      right += correct?.get(row) ?? NaN;
      rows++;
    }
    return { loss: loss / Math.max(rows, 1), accuracy: right / Math.max(rows, 1), count: rows };
  }
}
