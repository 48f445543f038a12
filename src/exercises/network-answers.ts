/**
 * The answers to the exercises as the backward pass and the update of one network.
 *
 * Each answer imports what other exercises ask for from 'longhand'. Here it gets the reader's own functions in their place, so that
 * the whole backward pass is the reader's.
 */
import { type Tensor, rowsOf } from '../core/tensor.js';
import type { adam, adamRate } from '../equations/adam.js';
import type { crossEntropyBackward } from '../equations/cross-entropy.js';
import type { denseBackward } from '../equations/dense.js';
import type { lstmBackward, lstmCellBackward } from '../equations/lstm.js';
import type { Lstm } from '../equations/lstm-tensors.js';
import type { Backend } from '../core/backend.js';
import type { AnswerText, Name } from './exercises.js';
import { AnswerError, explainedIn } from './answer-error.js';
import { toCommonJs } from './common-js.js';
import { type Answer, type Asked, type Compile, evaluate } from './evaluate.js';

/** The answer to `every-step`, with the tensors of the output layer. */
export type EveryStepBackward = (
  ...of: [backend: Backend, lstm: Lstm, dLogits: Tensor, W: Tensor, dW: Tensor, db: Tensor]
) => void;

/** What a network's backward pass and update call. */
export interface NetworkFunctions {
  readonly crossEntropyBackward: typeof crossEntropyBackward;
  readonly denseBackward: typeof denseBackward;
  readonly lstmCellBackward: typeof lstmCellBackward;
  readonly lstmBackward: typeof lstmBackward;
  readonly adam: typeof adam;
  readonly adamRate: typeof adamRate;
  /** undefined without an answer to it. */
  readonly everyStepBackward: EveryStepBackward | undefined;
}

/**
 * The functions of the answers, which call each other. There must be one to each exercise of `LAST_STEP`. Throws an AnswerError that
 * names the file; so do the functions.
 */
export function functionsOf(answers: readonly AnswerText[], compile?: Compile): NetworkFunctions {
  const load = (name: Name, exports: readonly string[], given: Asked['given'] = {}): Answer => {
    const answer = answers.find((one) => one.name === name);
    if (!answer) throw new Error(`no answer to ${name}`);
    const { file, source, language } = answer;
    const own = explainedIn(file, () => evaluate(toCommonJs(source, language), { exports, given }, compile));
    const namingFile = (name: string) => {
      const call = own[name] as (...of: unknown[]) => unknown;
      return (...of: unknown[]): unknown => explainedIn(file, () => call(...of));
    };
    return Object.fromEntries(exports.map((name) => [name, namingFile(name)]));
  };
  const denseBackward = denseFrom(load('product', ['productBackward']).productBackward as ProductBackward);
  const { lstmStepBackward } = load('weights', ['lstmStepBackward']);
  const { lstmBackward } = load('through-time', ['lstmBackward'], { lstmStepBackward });
  const hasEveryStep = answers.some(({ name }) => name === 'every-step');
  const everyStep = () => load('every-step', ['everyStepBackward', 'denseBackward'], { lstmBackward });
  return {
    ...load('softmax', ['crossEntropyBackward']),
    ...{ denseBackward, lstmBackward },
    ...load('adam', ['adam', 'adamRate']),
    lstmCellBackward: joinedCells((name, given) => load(name, ['lstmCellBackward'], given)),
    everyStepBackward: hasEveryStep ? everyStep().everyStepBackward : undefined,
  } as NetworkFunctions;
}

type LoadCell = (name: 'hidden-state' | 'cell-state' | 'gates', given: Asked['given']) => Answer;
type Gradients = Readonly<Record<string, number>>;

/** What the answer `from` has passed on for element (b, n) of a step, by calling gatesBackward; others read it. */
class Handover {
  private readonly kept: Gradients[] = [];
  private readonly isReadBy = new Map<string, boolean[]>();
  private H = 1;

  constructor(private readonly from: string) {}

  begin(H: number): void {
    this.H = H;
    this.kept.length = 0;
    this.isReadBy.clear();
  }

  put(b: number, n: number, gradients: Gradients): void {
    this.kept[b * this.H + n] = gradients;
  }

  /** What the answer `by` gets. Throws an AnswerError if `from` has passed nothing on. */
  get(b: number, n: number, by: string): Gradients {
    const gradients = this.kept.at(b * this.H + n);
    if (!gradients) throw notCalled(this.from, 'gatesBackward', b, n);
    const isRead = this.isReadBy.get(by) ?? [];
    isRead[b * this.H + n] = true;
    this.isReadBy.set(by, isRead);
    return gradients;
  }

  /** Throws an AnswerError if the answer `by` has not called `call`, which reads it, for each element of B sequences. */
  assertRead(B: number, by: string, call: string): void {
    for (let k = 0; k < B * this.H; k++)
      if (this.isReadBy.get(by)?.[k] !== true) throw notCalled(by, call, Math.floor(k / this.H), k % this.H);
  }
}

const notCalled = (answer: string, call: string, b: number, n: number): AnswerError =>
  new AnswerError(
    `the answer to ${answer} must call ${call} as its start text does, but did not for element (${b}, ${n})`,
  );

/**
 * Three answers make one step's cell: each has the whole loop and the lines of one equation, and calls 'longhand' for the other two.
 * So each runs over the whole step, (4′) first, and what it passes to the next equation is what the next answer receives.
 */
function joinedCells(load: LoadCell): typeof lstmCellBackward {
  const [fromH, fromC] = [new Handover('hidden-state'), new Handover('cell-state')];
  const NO_GRADIENTS = { dI: 0, dJ: 0, dF: 0 };
  const hiddenState = load('hidden-state', {
    cellStateBackward: () => NO_GRADIENTS,
    gatesBackward: (_dz: Tensor, b: number, n: number, { dO }: Gradients) => fromH.put(b, n, { dO }),
  });
  /** (4′) has been computed: dC is in dc. */
  const hiddenStateFor =
    (by: string) =>
    (dc: Tensor, _dh: Tensor, _c: Tensor, b: number, n: number): Gradients => ({
      dO: fromH.get(b, n, by).dO,
      dC: dc.get(b, n),
    });
  const cellState = load('cell-state', {
    hiddenStateBackward: hiddenStateFor('cell-state'),
    gatesBackward: (_dz: Tensor, b: number, n: number, { dI, dJ, dF }: Gradients) => fromC.put(b, n, { dI, dJ, dF }),
  });
  const gates = load('gates', {
    hiddenStateBackward: hiddenStateFor('gates'),
    cellStateBackward: (_dcPrev: Tensor, _cPrev: Tensor, b: number, n: number) => fromC.get(b, n, 'gates'),
  });
  return (...of) => {
    const [, , , { shape }] = of;
    const [B, H] = shape;
    for (const handover of [fromH, fromC]) handover.begin(H);
    for (const one of [hiddenState, cellState, gates]) (one.lstmCellBackward as typeof lstmCellBackward)(...of);
    for (const by of ['cell-state', 'gates']) fromH.assertRead(B, by, 'hiddenStateBackward');
    fromC.assertRead(B, 'gates', 'cellStateBackward');
  };
}

// The output layer’s backward pass by an answer to exercise 1, whose matrices are lists of rows.

type Rows = Float64Array[];

/** Exercise 1: the gradients of z = x·W + b. */
export type ProductBackward = (dW: Rows, dx: Rows, db: Float64Array, dz: Rows, x: Rows, W: Rows) => void;

const rowsIn = (matrix: Tensor): Rows =>
  Array.from({ length: matrix.shape[0] }, (_, r) =>
    Float64Array.from({ length: matrix.shape[1] }, (__, c) => matrix.get(r, c)),
  );

const zerosLike = ({ shape: [rows, columns] }: Tensor): Rows =>
  Array.from({ length: rows }, () => new Float64Array(columns));

const write = (matrix: Tensor, rows: Rows): void =>
  rows.forEach((row, r) => row.forEach((value, c) => matrix.set(r, c, value)));

/** Each state has a product of its own, and b belongs to the first. */
export const denseFrom =
  (productBackward: ProductBackward): typeof denseBackward =>
  (_backend, dStates, dW, db, dLogits, states, W) => {
    let end = 0;
    states.forEach((state, k) => {
      const [from, to] = [end, (end += state.shape[1])];
      const [dWk, Wk] = [rowsOf(dW, from, to), rowsOf(W, from, to)];
      const [dWRows, dx, dBias] = [zerosLike(dWk), zerosLike(state), new Float64Array(db.size)];
      productBackward(dWRows, dx, dBias, rowsIn(dLogits), rowsIn(state), rowsIn(Wk));
      write(dWk, dWRows);
      write(dStates[k], dx);
      if (k === 0) dBias.forEach((value, n) => db.set(n, value));
    });
  };
