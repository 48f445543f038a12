/** One image on its way through the network: every gate and state, and the slopes on their way back. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { fillBatch } from '../data/batches.js';
import type { LabelledImages } from '../data/mnist.js';
import { Model } from '../model.js';
import type { Tensor } from '../tensor.js';
import { norm, stepOf } from '../tensor.js';
import { probabilitiesByRow } from '../training/probabilities.js';
import type { Training } from '../training/run.js';

export type LookRequest =
  | { readonly image: number }
  /** `[28,28]`, 0 … 255, drawn by the visitor; the loss is that of the class that the network takes it for. */
  | { readonly drawn: Uint8Array };

export interface Look {
  readonly step: number;
  readonly T: number;
  readonly I: number;
  readonly H: number;
  readonly pixels: Uint8Array;
  /** null: nobody knows. */
  readonly label: number | null;
  readonly prediction: number;
  /** The loss whose slopes these are is that of this class. */
  readonly target: number;
  readonly loss: number;
  /** `[T,H]`, as the network reads. */
  readonly i: Float32Array;
  readonly j: Float32Array;
  readonly f: Float32Array;
  readonly o: Float32Array;
  readonly c: Float32Array;
  readonly h: Float32Array;
  /** `[T,C]`: what it would say if the image ended after each row. */
  readonly probabilities: Float32Array;
  /** `[T,I]` */
  readonly dx: Float32Array;
  /** ‖∂loss/∂h‖ and ‖∂loss/∂c‖ after 0, 1, … T rows. */
  readonly dhNorms: Float32Array;
  readonly dcNorms: Float32Array;
}

export class Inside {
  /** Plain TypeScript: one image needs no faster machine, and its memory can be read without waiting. */
  private readonly backend = createReferenceBackend();
  private model: Model | undefined;

  async look(training: Training, images: LabelledImages, request: LookRequest): Promise<Look> {
    const model = this.modelLike(training.model);
    model.load(await training.model.save());

    const { rows, columns } = images;
    const size = rows * columns;
    const known = 'image' in request;
    const pixels = known ? images.pixels.slice(request.image * size, (request.image + 1) * size) : request.drawn;
    const label = known ? images.labels[request.image] : null;
    const load = (target: number): void => {
      const { x, y } = model.activations;
      fillBatch(x, y, { count: 1, rows, columns, pixels, labels: Uint8Array.of(target) }, [0]);
    };
    load(label ?? 0);
    model.forward();
    const steps = await probabilitiesByRow(model);
    const last = steps[steps.length - 1];
    const prediction = last.indexOf(Math.max(...last));
    const target = label ?? prediction;
    load(target);
    model.forward();
    model.backward();
    return { step: training.step, pixels, label, prediction, target, ...read(model, steps) };
  }

  private modelLike({ sizes: { T, I, H, C }, lstm: { forgetBias } }: Model): Model {
    if (this.model?.sizes.H !== H || this.model.lstm.forgetBias !== forgetBias) {
      this.model = new Model(this.backend, { T, B: 1, I, H, C }, { forgetBias, inputGradient: true });
    }
    return this.model;
  }
}

function read(model: Model, steps: readonly Float64Array[]) {
  const { T, I, H } = model.sizes;
  const { h, c, gates, dh, dc, losses } = model.activations;
  const gate = (n: number): Float32Array => rows(T, H, (t, unit) => gates.get(t, 0, n * H + unit));
  const norms = (tensor: Tensor): Float32Array =>
    Float32Array.from({ length: T + 1 }, (_, t) => norm(stepOf(tensor, t)));
  return {
    ...{ T, I, H },
    loss: losses.get(0),
    i: gate(0),
    j: gate(1),
    f: gate(2),
    o: gate(3),
    c: rows(T, H, (t, unit) => c.get(t + 1, 0, unit)),
    h: rows(T, H, (t, unit) => h.get(t + 1, 0, unit)),
    probabilities: Float32Array.from(steps.flatMap((row) => [...row])),
    dx: rows(T, I, (t, column) => model.dx.get(t, 0, column)),
    dhNorms: norms(dh),
    dcNorms: norms(dc),
  };
}

const rows = (count: number, columns: number, value: (row: number, column: number) => number): Float32Array =>
  Float32Array.from({ length: count * columns }, (_, n) => value(Math.floor(n / columns), n % columns));
