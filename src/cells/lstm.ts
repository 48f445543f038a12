/** The LSTM: src/equations/lstm.ts has its equations, lstm-tensors.ts its tensors. */
import type { Tensor } from '../core/tensor.js';
import type { Projection } from '../equations/lstm-step-views.js';
import type { Lstm } from '../equations/lstm-tensors.js';
import { bindLstm, lstmGradientShapes, lstmShapes, projectionShapes, setLengths } from '../equations/lstm-tensors.js';
import { lstmBackward, lstmForward } from '../equations/lstm.js';
import { type BoundCell, type Cell, type CellParts, type Tensors, boundCell } from './cell.js';

export const lstm: Cell = {
  name: 'lstm',
  gates: ['i', 'j', 'f', 'o'],
  biases: ['bias'],
  canProject: true,
  operations: [],
  stateWidths: ({ H, P = H }) => ({ h: P, c: H }),
  parameterShapes: ({ I, H, P }) => ({
    ...{ kernel: [I + (P ?? H), 4 * H], bias: [4 * H] },
    ...(P !== undefined && { projection: [H, P] }),
  }),
  activationShapes(sizes) {
    const { h, c, z, gates } = lstmShapes(sizes);
    const { dhUpstream, dh, dc, dz } = lstmGradientShapes(sizes);
    const { m, dm } = projectionShapes(sizes);
    return { h, c, z, gates, dhUpstream, dh, dc, dz, ...(sizes.P !== undefined && { m, dm }) };
  },
  bind(parts) {
    const bound = lstmOver(parts);
    const passes = boundCell(lstm, parts, {
      forward: (backend) => lstmForward(backend, bound),
      backward: (backend, options) => lstmBackward(backend, bound, options),
      setLengths: (lengths) => setLengths(bound, lengths),
    });
    return Object.assign(bound, passes);
  },
  setChrono: setLstmChrono,
};

/** If z were only the bias, f would be u/(1+u) for every forget bias, and i would be 1/(1+u). For gates in the order i, j, f. */
export function setLstmChrono({ bias }: Tensors, n: number, H: number, logarithm: number, forgetBias: number): void {
  bias.set(n, -logarithm);
  bias.set(2 * H + n, logarithm - forgetBias);
}

function lstmOver({ sizes, values, gradients, activations, inputs, dInputs, forgetBias, reverse }: CellParts): Lstm {
  const { m, dm, ...others } = activations as Record<keyof ReturnType<typeof lstmShapes>, Tensor> & LstmActivations;
  const parameters = { kernel: values.kernel, bias: values.bias, dKernel: gradients.kernel, dBias: gradients.bias };
  const projection: Projection | undefined = m && dm && { Wr: values.projection, dWr: gradients.projection, m, dm };
  return bindLstm(sizes, { ...others, ...parameters, inputs, dInputs, projection }, { forgetBias, reverse });
}

/** What `activationShapes` lists besides `lstmShapes`. */
type LstmActivations = Record<keyof ReturnType<typeof lstmGradientShapes>, Tensor> & {
  readonly m?: Tensor;
  readonly dm?: Tensor;
  readonly dcUpstream?: Tensor;
};

/** A bound LSTM has the tensors and views of its equations too. */
export type BoundLstm = BoundCell & Lstm;

/** Whether a bound cell is an LSTM. */
export const isLstm = (bound: BoundCell): bound is BoundLstm => bound.cell === lstm;
