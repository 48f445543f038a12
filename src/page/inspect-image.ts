/** One image's forward and backward pass: every gate and state, and the gradients, as arrays for the page. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { fillBatch } from '../data/batches.js';
import type { LabelledImages } from '../data/mnist.js';
import { Model, modelSizesOf } from '../model.js';
import type { Network } from '../network.js';
import type { Tensor } from '../tensor.js';
import { norm, stepOf } from '../tensor.js';
import { probabilitiesByRow } from '../training/probabilities.js';
import type { Training } from '../training/run.js';

export type InspectionRequest =
  /** A test image, by its number. */
  | { readonly image: number }
  /** `[28,28]`, 0 … 255: a drawing. It has no label; its loss is that of the most probable class. */
  | { readonly drawing: Uint8Array };

export interface Inspection {
  /** Training steps that the network has made. */
  readonly step: number;
  readonly T: number;
  readonly I: number;
  readonly H: number;
  readonly pixels: Uint8Array;
  /** null for a drawing. */
  readonly label: number | null;
  /** The class whose loss is computed: the label, or without one the most probable class. */
  readonly target: number;
  readonly loss: number;
  /** `[T,H]`: the gates and the states after each row. */
  readonly i: Float32Array;
  readonly j: Float32Array;
  readonly f: Float32Array;
  readonly o: Float32Array;
  readonly c: Float32Array;
  readonly h: Float32Array;
  /** `[T,C]`: the class probabilities if the image ended after each row. */
  readonly probabilities: Float32Array;
  /** `[T,I]` */
  readonly dx: Float32Array;
  /** ‖∂loss/∂h‖ and ‖∂loss/∂c‖ after 0, 1, … T rows. */
  readonly dhNorms: Float32Array;
  readonly dcNorms: Float32Array;
}

export class ImageInspector {
  /** Plain TypeScript: one image is quick on it, and its tensors can be read without a download. */
  private readonly backend = createReferenceBackend();
  private model: Model | undefined;

  async inspect(training: Training, images: LabelledImages, request: InspectionRequest): Promise<Inspection> {
    const model = this.modelLike(training.network);
    model.load(await training.network.save());

    const { rows, columns } = images;
    const size = rows * columns;
    const isTestImage = 'image' in request;
    const pixels = isTestImage
      ? images.pixels.slice(request.image * size, (request.image + 1) * size)
      : request.drawing;
    const label = isTestImage ? images.labels[request.image] : null;
    const loadAs = (target: number): void => {
      const { x, y } = model.activations;
      fillBatch(x, y, { count: 1, rows, columns, pixels, labels: Uint8Array.of(target) }, [0]);
    };
    loadAs(label ?? 0);
    model.forward();
    const probabilities = await probabilitiesByRow(model);
    const last = probabilities[probabilities.length - 1];
    const target = label ?? last.indexOf(Math.max(...last));
    loadAs(target);
    model.forward();
    model.backward();
    return { step: training.step, pixels, label, target, ...valuesOf(model, probabilities) };
  }

  private modelLike({ sizes: { T }, network }: Network): Model {
    const { forgetBias } = network;
    const { I, H, C } = modelSizesOf(network)!;
    if (this.model?.sizes.H !== H || this.model.lstm.forgetBias !== forgetBias) {
      this.model = new Model(this.backend, { T, B: 1, I, H, C }, { forgetBias, inputGradient: true });
    }
    return this.model;
  }
}

function valuesOf(model: Model, probabilities: readonly Float64Array[]) {
  const { T, I, H } = model.sizes;
  const { h, c, gates, dh, dc, losses } = model.activations;
  const gate = (n: number): Float32Array => matrix(T, H, (t, unit) => gates.get(t, 0, n * H + unit));
  const norms = (tensor: Tensor): Float32Array =>
    Float32Array.from({ length: T + 1 }, (_, t) => norm(stepOf(tensor, t)));
  return {
    T,
    I,
    H,
    loss: losses.get(0),
    i: gate(0),
    j: gate(1),
    f: gate(2),
    o: gate(3),
    c: matrix(T, H, (t, unit) => c.get(t + 1, 0, unit)),
    h: matrix(T, H, (t, unit) => h.get(t + 1, 0, unit)),
    probabilities: Float32Array.from(probabilities.flatMap((row) => [...row])),
    dx: matrix(T, I, (t, column) => model.dx.get(t, 0, column)),
    dhNorms: norms(dh),
    dcNorms: norms(dc),
  };
}

/** `[rows,columns]`, row by row. */
const matrix = (rows: number, columns: number, value: (row: number, column: number) => number): Float32Array =>
  Float32Array.from({ length: rows * columns }, (_, n) => value(Math.floor(n / columns), n % columns));
