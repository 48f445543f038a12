/** What a network computes from the states of its top layer: the output layer, the loss, and their backward pass. */
import type { Backend, Cost } from '../core/backend.js';
import { readAll } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { assertNotFreed, fill, matrixOf, valuesOf } from '../core/tensor.js';
import { denseBackward, denseForward } from '../equations/dense.js';
import type { BatchSizes, CompleteConfig } from './config.js';
import type { OutputViews } from './layers.js';
import type { Parameter } from './parameters.js';
import type { BatchTargets } from './loss-mask.js';
import { LossMask } from './loss-mask.js';

/** The batch, and what the output layer and the loss compute from it. N rows have a loss: B with `reads` 'last', T·B with 'every'. */
export interface OutputTensors {
  /** The inputs, `[T,B,I]`; class indices `[T,B]`. */
  readonly x: Tensor;
  /** The class of each row, `[N]`; -1 does not count. With the other losses: the targets, in the shape of logits. */
  readonly y: Tensor;
  /** The output layer's numbers, `[B,C]`, or `[T,B,C]` with a loss at every step. */
  readonly logits: Tensor;
  /** The loss of each row, `[N]`: in nats, or the sum of what its errors cost. */
  readonly losses: Tensor;
  /** ∂loss/∂logits, in the shape of logits: `[B,C]` or `[T,B,C]`. */
  readonly dLogits: Tensor;
  /** Softmax of the logits, in their shape: `[B,C]` or `[T,B,C]`. Default: none but with cross-entropy. */
  readonly probabilities?: Tensor;
  /** 1 for each target that counts, else 0, in the shape of logits: `[B,C]` or `[T,B,C]`. Default: none with cross-entropy. */
  readonly mask?: Tensor;
  /** The quantile of each output, `[C]`. Default: none but with the pinball loss. */
  readonly quantiles?: Tensor;
}

/** Loss and accuracy of a forward pass on its batch. */
export interface Metrics {
  /** Mean loss over what counts: in nats, or what an error costs. */
  readonly loss: number;
  /** Share (0 … 1) of the rows that are classified correctly. NaN but with cross-entropy: no other loss has classes. */
  readonly accuracy: number;
  /** The number of rows that count. */
  readonly count: number;
  /** What the loss is the mean of: `count` rows, or all targets that count in them. */
  readonly divisor: number;
}

/** The parameters of the output layer. */
export interface OutputParameters {
  /** The weights, `[directions·H,C]`. */
  readonly kernel: Pick<Parameter, 'value' | 'gradient'>;
  /** The bias, `[C]`. */
  readonly bias: Pick<Parameter, 'value' | 'gradient'>;
}

/** The two passes of a loss. `count`: rows or targets that count. */
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

/** (13), (17), (18) or (19): each row has C targets, of which every one counts at first. */
function errors(backend: Backend, { losses, mask, ...tensors }: WithMask, cost: Cost): Loss {
  fill(mask, 1);
  backend.upload(mask);
  const [logits, dLogits, y, counts] = [tensors.logits, tensors.dLogits, tensors.y, mask].map(matrixOf);
  return {
    forward: () => backend.errorForward(losses, logits, y, counts, cost),
    backward: (count) => backend.errorBackward(dLogits, logits, y, counts, count, cost),
  };
}

type WithMask = OutputTensors & Required<Pick<OutputTensors, 'mask'>>;

/** (19): the columns of a target are its quantiles. */
function pinball(
  backend: Backend,
  { quantiles, ...tensors }: WithMask & Required<Pick<OutputTensors, 'quantiles'>>,
  levels: readonly number[],
): Loss {
  for (let k = 0; k < quantiles.size; k++) quantiles.set(k, levels[k % levels.length]);
  backend.upload(quantiles);
  return errors(backend, tensors, { kind: 'pinball', quantiles });
}

/** The config's loss. `outputShapes` has the tensors of each. */
function lossOf(backend: Backend, { loss, delta, quantiles }: CompleteConfig, tensors: OutputTensors): Loss {
  switch (loss) {
    case 'crossEntropy':
      return crossEntropy(backend, tensors as Parameters<typeof crossEntropy>[1]);
    case 'squaredError':
      return errors(backend, tensors as WithMask, { kind: 'squared' });
    case 'absoluteError':
      return errors(backend, tensors as WithMask, { kind: 'absolute' });
    case 'huber':
      return errors(backend, tensors as WithMask, { kind: 'huber', delta });
    case 'pinball':
      return pinball(backend, tensors as Parameters<typeof pinball>[1], quantiles);
  }
}

/** The output layer and the loss. The tensors belong to the caller. */
export class NetworkOutput {
  /** What counts in the loss. */
  readonly counted: LossMask;
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
    this.counted = new LossMask(config, sizes);
    this.logits = matrixOf(tensors.logits);
    this.dLogits = matrixOf(tensors.dLogits);
    this.loss = lossOf(backend, config, tensors);
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
    this.loss.backward(Math.max(this.counted.count, 1));
    denseBackward(this.backend, dStates, kernel.gradient, bias.gradient, this.dLogits, states, kernel.value);
  }

  /** Puts labels or targets into y. Returns whether the lengths changed. */
  set(targets: BatchTargets): boolean {
    const { y, mask } = this.tensors;
    const lengthsChanged = this.counted.set(targets, y);
    this.backend.upload(y);
    if (!mask) return lengthsChanged;
    const rows = matrixOf(mask);
    const C = rows.shape[1];
    this.counted.mask.forEach((counts, at) => rows.set(Math.floor(at / C), at % C, counts));
    this.backend.upload(mask);
    return lengthsChanged;
  }

  /** See `Network.metrics`. */
  async metrics(count = this.sizes.B, known?: Int32Array): Promise<Metrics> {
    const { losses, y } = this.tensors;
    const hasClasses = this.config.loss === 'crossEntropy';
    // Copies, because the next batch may be set before the losses are here.
    const counts = Array.from({ length: losses.size }, (_, row) => this.counted.countIn(row));
    const classes = hasClasses ? valuesOf(y) : undefined;
    const [values, predictions] = await Promise.all([
      this.read('metrics', losses, valuesOf),
      hasClasses ? (known?.slice() ?? this.predictions()) : undefined,
    ]);
    let loss = 0;
    let right = 0;
    let rows = 0;
    let divisor = 0;
    for (const [row, value] of values.entries()) {
      if (row % this.sizes.B >= count || counts[row] === 0) continue;
      loss += value;
      right += predictions ? Number(predictions[row] === classes?.[row]) : NaN;
      divisor += counts[row];
      rows++;
    }
    return { loss: loss / Math.max(divisor, 1), accuracy: right / Math.max(rows, 1), count: rows, divisor };
  }

  /** See `Network.predictions`. */
  async predictions(): Promise<Int32Array> {
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
