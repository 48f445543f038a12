/** One image's forward and backward pass: every gate and state, and the gradients, as arrays for the page. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../core/backend.js';
import { type Tensor, norm, stepOf } from '../core/tensor.js';
import { type BoundCell, type Tensors, gatesOf } from '../cells/cell.js';
import { fillImages } from '../data/batches.js';
import type { LabelledImages } from '../data/mnist.js';
import { type CompleteConfig, cellsOf } from '../network/config.js';
import { Network } from '../network/network.js';
import { probabilitiesByRow } from '../training/predict.js';
import type { Training } from '../training/training.js';
import { type Cells, withCells } from './choose-backend.js';

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
  readonly pixels: Uint8Array;
  /** null for a drawing. */
  readonly label: number | null;
  /** The class whose loss is computed: the label, or without one the most probable class. */
  readonly target: number;
  readonly loss: number;
  /** `[T,C]`: the class probabilities if the image ended after each row. */
  readonly probabilities: Float32Array;
  /** `[T,I]` */
  readonly dx: Float32Array;
  /** Layer by layer, the lowest first; of each layer the forward direction first. */
  readonly cells: readonly InspectedCell[];
}

/** One direction of one layer. */
export interface InspectedCell {
  /** The cell's name. */
  readonly cell: string;
  /** 0 for the lowest. */
  readonly layer: number;
  /** It reads the rows from the last to the first. */
  readonly reverse: boolean;
  readonly H: number;
  /** `[T,H]` by name: the gates, then the states, when each row has been read; row t is the image's row t in both directions. */
  readonly gates: Named;
  readonly states: Named;
  /**
   * `[T+1]` by the state's name: ‖∂loss/∂h‖ after 0, 1, … T rows. In reverse, element t is the norm after row t, and element T that
   * of the initial state.
   */
  readonly norms: Named;
}

/** Numbers by the name of a gate or state, such as f, c and h of an LSTM. */
export type Named = Readonly<Record<string, Float32Array>>;

interface Networks {
  /** For the image and its gradients. */
  readonly whole: Network;
  /** For the probabilities after each row: in both directions a batch with a copy of the image for each row. */
  readonly byRow: Network;
}

export class ImageInspector {
  private networks: Networks | undefined;
  private cells: Cells | undefined;

  /** `cells`: those of the training, if it has a planted mistake. */
  async inspect(
    training: Training,
    images: LabelledImages,
    request: InspectionRequest,
    cells?: Cells,
  ): Promise<Inspection> {
    const { rows, columns } = images;
    const size = rows * columns;
    const isTestImage = 'image' in request;
    const pixels = isTestImage
      ? images.pixels.slice(request.image * size, (request.image + 1) * size)
      : request.drawing;
    const label = isTestImage ? images.labels[request.image] : null;

    const { whole, byRow } = this.networksLike(training.network, cells);
    const parameters = await training.network.save();
    for (const network of new Set([whole, byRow])) {
      network.load(parameters);
      fillImages('images', network.activations.x, { count: 1, rows, columns, pixels, labels: Uint8Array.of(0) }, [0]);
    }
    const probabilities = await probabilitiesByRow(byRow);
    const last = probabilities[probabilities.length - 1];
    const target = label ?? last.indexOf(Math.max(...last));
    whole.setTargets({ labels: [target] });
    whole.forward();
    whole.backward();
    return { step: training.step, pixels, label, target, ...valuesOf(whole, probabilities) };
  }

  /** Keeps the networks of the last call if they have the same sizes and cells. */
  private networksLike({ sizes: { T }, config }: Network, cells: Cells | undefined): Networks {
    const isSame = cells === this.cells && JSON.stringify(this.networks?.whole.config) === JSON.stringify(config);
    if (!isSame) this.networks = undefined;
    this.cells = cells;
    // plain TypeScript: one image is quick on it, and its tensors can be read without a download
    this.networks ??= createNetworks(withCells(createReferenceBackend(), cells), config, T);
    return this.networks;
  }
}

function createNetworks(backend: Backend, network: CompleteConfig, T: number): Networks {
  const whole = new Network(backend, network, { T, B: 1 }, { inputGradient: true });
  const isBidirectional = network.layers.some(({ bidirectional }) => bidirectional);
  return { whole, byRow: isBidirectional ? new Network(backend, network, { T, B: T }) : whole };
}

function valuesOf(network: Network, probabilities: readonly Float64Array[]) {
  const { T } = network.sizes;
  const I = network.config.inputs;
  return {
    T,
    I,
    loss: network.activations.losses.get(0),
    probabilities: Float32Array.from(probabilities.flatMap((row) => [...row])),
    dx: matrix(T, I, (t, column) => network.dx.get(t, 0, column)),
    cells: inspectedCells(network),
  };
}

/** Every cell after a forward and a backward pass of one sequence. Reads the host's tensors, see `Backend.download`. */
export function inspectedCells({ config, layers }: Network): InspectedCell[] {
  const places = cellsOf(config);
  return layers.flat().map((cell, n) => ({ layer: places[n].layer, ...cellValues(cell) }));
}

function cellValues(bound: BoundCell): Omit<InspectedCell, 'layer'> {
  const { T, H } = bound.sizes;
  const units = (tensor: Tensor): Float32Array => matrix(T, tensor.shape[2], (t, unit) => tensor.get(t, 0, unit));
  const norms = (tensor: Tensor): Float32Array =>
    Float32Array.from({ length: T + 1 }, (_, t) => norm(stepOf(tensor, t)));
  const each = (tensors: Tensors, values: (tensor: Tensor) => Float32Array): Named =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, values(tensor)]));
  return {
    cell: bound.cell.name,
    reverse: bound.reverse,
    H,
    gates: each(gatesOf(bound), units),
    states: each(bound.outputs, units),
    norms: each(bound.dStates, norms),
  };
}

/** `[rows,columns]`, row by row. */
const matrix = (rows: number, columns: number, value: (row: number, column: number) => number): Float32Array =>
  Float32Array.from({ length: rows * columns }, (_, n) => value(Math.floor(n / columns), n % columns));
