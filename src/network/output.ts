/** What a network computes from the states of its top layer: the output layer, the loss, and their backward pass. */
import type { Backend, Cost } from '../core/backend.js';
import { readAll } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { assertNotFreed, fill, matrixOf, valuesOf } from '../core/tensor.js';
import { denseBackward, denseForward } from '../equations/dense.js';
import type { BatchSizes, CompleteConfig } from './config.js';
import { lossRows } from './config.js';
import type { OutputViews } from './layers.js';
import type { Parameter } from './parameters.js';

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
interface OutputParameters {
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

/** Labels, or with another loss targets, as the network computes with them; `targetsOf` makes them from what a caller gives. */
export interface BatchTargets {
  /** `[N]`: the class of each row, 0 … C-1; -1 does not count. */
  readonly labels?: ArrayLike<number>;
  /** `[B,G]` or `[T,B,G]` for G targets, C/Q of them with Q quantiles; NaN does not count. Not y itself. */
  readonly targets?: Tensor;
  /** `[B]`: steps of each sequence, in any order. Default: T each. */
  readonly lengths?: readonly number[];
}

/**
 * What counts in the loss, and how much of it: the divisor of the mean. A loss at every step has T·B rows, row t·B+b. Before the first
 * `set`, everything counts.
 */
export class LossMask {
  /** For each label, or each of a row's C targets, 1 if it counts, else 0. */
  readonly mask: Uint8Array;
  /** The sum of `mask`. */
  count: number;
  /** `[B]`: steps of each sequence. */
  lengths: readonly number[];
  /** Numbers of `mask` in each row. */
  private readonly width: number;

  constructor(
    private readonly config: CompleteConfig,
    private readonly sizes: BatchSizes,
  ) {
    this.width = config.loss === 'crossEntropy' ? 1 : config.outputs;
    this.count = lossRows(config, sizes) * this.width;
    this.mask = new Uint8Array(this.count).fill(1);
    this.lengths = this.lengthsOf({});
  }

  /** The lengths of a batch. */
  lengthsOf({ lengths }: BatchTargets): readonly number[] {
    return lengths ?? Array<number>(this.sizes.B).fill(this.sizes.T);
  }

  /** Writes labels into y, with -1 where they do not count; or targets, with 0 there. Returns whether the lengths changed. */
  set(given: BatchTargets, y: Tensor): boolean {
    const { labels = [], targets } = given;
    const before = this.lengths;
    this.lengths = this.lengthsOf(given);
    if (targets) this.setTargets(matrixOf(targets), matrixOf(y));
    else this.setLabels(labels, y);
    this.count = this.mask.reduce((sum, counts) => sum + counts, 0);
    return this.lengths.some((length, b) => length !== before[b]);
  }

  private setLabels(labels: ArrayLike<number>, y: Tensor): void {
    for (let row = 0; row < this.mask.length; row++) {
      const counts = labels[row] >= 0 && this.isWithin(row);
      this.mask[row] = Number(counts);
      y.set(row, counts ? labels[row] : -1);
    }
  }

  /** Output g·Q+n belongs to target g. */
  private setTargets(targets: Tensor, y: Tensor): void {
    const Q = Math.max(this.config.quantiles.length, 1);
    for (let at = 0; at < this.mask.length; at++) {
      const [row, column] = [Math.floor(at / this.width), at % this.width];
      const target = targets.get(row, Math.floor(column / Q));
      const counts = !Number.isNaN(target) && this.isWithin(row);
      this.mask[at] = Number(counts);
      y.set(row, column, counts ? target : 0);
    }
  }

  /** Whether the row's step is within its sequence. Row t·B+b is step t of sequence b, if there is a loss at every step. */
  private isWithin(row: number): boolean {
    const { B } = this.sizes;
    return this.config.reads === 'last' || Math.floor(row / B) < this.lengths[row % B];
  }

  /** How many labels, or numbers, of a row count. */
  countIn(row: number): number {
    let count = 0;
    for (let k = 0; k < this.width; k++) count += this.mask[row * this.width + k];
    return count;
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
