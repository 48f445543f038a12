/** Mistakes in the order of steps: the reverse direction's outputs are not turned back, or the padding is read. */
import type { Backend, TensorsOf } from '../core/backend.js';
import { allocateAll, freeAll } from '../core/backend.js';
import type { Shape, Tensor } from '../core/tensor.js';
import { copyInto, findNonFinite, matrixOf, rowsOf, stepOf } from '../core/tensor.js';
import type { Lstm, State } from '../equations/lstm-tensors.js';
import { setLengths } from '../equations/lstm-tensors.js';
import { lstmBackward, lstmForward } from '../equations/lstm.js';
import type { LstmPlace } from '../network/config.js';
import { outputShapes } from '../network/config.js';
import type { OutputViews } from '../network/layers.js';
import { lstmAt } from '../network/layers.js';
import type { OutputParameters, OutputTensors } from '../network/output.js';
import { NetworkOutput } from '../network/output.js';
import type { NamedTensors } from '../network/parameters.js';
import type { Mistake } from './mistake.js';
import { passOf } from './mistake.js';
import type { Problem, Results } from './problem.js';
import { hasPadding, inSortedOrder, lstmsIn, parameterShapesOf } from './problem.js';
import { given, resultsFrom, withSteps, writeStates } from './solve.js';

/** The mistakes in the order of this problem's steps. */
export function sequenceMistakes(problem: Problem): Mistake[] {
  return [...reverseMistakes(problem), ...(hasPadding(problem) ? lengthMistakes(problem) : [])];
}

function treated(problem: Problem, words: string, treatment: Partial<Treatment>): Mistake {
  return {
    words,
    pass: (backend, onStep) => solveMistaken(backend, problem, { ...RIGHT, ...treatment }, onStep),
  };
}

function reverseMistakes(problem: Problem): Mistake[] {
  const { layers, reads } = problem.network;
  const hasReverse = layers.some(({ bidirectional }) => bidirectional);
  if (!hasReverse || problem.lengths.every((length) => length === 1)) return [];
  const mistakes = [
    treated(problem, "the reverse direction's outputs are not turned back: its first one stands at step 0", {
      isTurnedBack: false,
    }),
  ];
  if (reads === 'last' && layers[layers.length - 1].bidirectional) {
    mistakes.push(
      treated(
        problem,
        "the output layer reads the reverse direction's state at the sequence's end; here it reads that at step 0",
        { readsFirst: true },
      ),
      treated(
        problem,
        "the reverse direction's outputs are not turned back, but the output layer reads them at step 0",
        { isTurnedBack: false, readsFirst: true },
      ),
    );
  }
  return mistakes;
}

/** These programs read x beyond the ends, so it must be finite there. */
function lengthMistakes(problem: Problem): Mistake[] {
  const { network, sizes, tensors, labels } = problem;
  const isFinite = (name: string): boolean => {
    const tensor = tensors.get(name);
    return tensor === undefined || findNonFinite(tensor) === undefined;
  };
  if (!isFinite('x')) return [];
  const mistakes: Mistake[] = [];
  if (isFinite('targets') && (labels ?? []).every((label) => label >= -1 && label < network.outputs)) {
    const counted = network.reads === 'every' ? ', and counts in the loss' : '';
    mistakes.push({
      words: `the lengths are ignored: the padding is read${counted}`,
      pass: passOf(() => ({ ...problem, lengths: problem.lengths.map(() => sizes.T) })),
    });
  }
  if (network.reads === 'every' && network.layers.some(({ bidirectional }) => bidirectional)) {
    mistakes.push(
      treated(problem, 'the LSTM ignores the lengths: its reverse direction starts in the padding', {
        readsPadding: true,
      }),
    );
  }
  return mistakes;
}

/** How a program treats the steps of a sequence. */
interface Treatment {
  /** Whether the layer above, and the report, have the reverse direction's outputs in the order of the steps. */
  readonly isTurnedBack: boolean;
  /** Whether an output layer that reads the last state reads the reverse direction's state after its first step. */
  readonly readsFirst: boolean;
  /** Whether the LSTMs run to the last step of the batch, beyond the ends. The loss does not. */
  readonly readsPadding: boolean;
}

/** As in this project. */
export const RIGHT: Treatment = { isTurnedBack: true, readsFirst: false, readsPadding: false };

/** One direction of a layer. */
interface Direction {
  readonly lstm: Lstm;
  /** What it reads in reverse order; empty for a forward direction. */
  readonly turned: readonly Turned[];
  /** Its states as the layer above sees them, `[T,B,H]`. */
  readonly outputs: State;
  /** ∂loss/∂h of these. */
  readonly dOutputs: Tensor;
  /** Whether `outputs` are copies in the order of the steps. */
  readonly isCopied: boolean;
}

/** An input of a reverse direction, and the same in reverse order. */
interface Turned {
  readonly input: Tensor;
  readonly dInput: Tensor;
  readonly reversed: Tensor;
  readonly dReversed: Tensor;
}

/** One forward and one backward pass of a mistaken program. */
export const solveMistaken = (
  backend: Backend,
  problem: Problem,
  treatment: Treatment,
  onStep: (share: number) => void,
): Promise<Results> =>
  inSortedOrder(problem, async (sorted) => {
    const owned: NamedTensors[] = [];
    const allocate: Allocate = (shapes) => {
      const tensors = allocateAll(backend, shapes);
      owned.push(tensors);
      return tensors;
    };
    try {
      return await new MistakenNetwork(backend, sorted, treatment, allocate).solve(onStep);
    } finally {
      for (const tensors of owned) freeAll(backend, tensors);
    }
  });

type Allocate = <Shapes extends Readonly<Record<string, Shape>>>(shapes: Shapes) => TensorsOf<Shapes>;

/**
 * A network that treats the steps of a sequence wrongly, on purpose. It is made of the same LSTMs as src/network/network.ts. But
 * here a reverse direction is an LSTM that runs forward and reads its inputs in reverse order. So its outputs are in
 * processing order: output s belongs to step length-1-s, until it is turned back.
 */
class MistakenNetwork {
  readonly values: NamedTensors;
  readonly gradients: NamedTensors;
  private readonly activations: OutputTensors;
  private readonly dx: Tensor;
  private readonly layers: Direction[][] = [];
  /** Steps of each sequence in the LSTMs. */
  private readonly lengths: readonly number[];

  constructor(
    private readonly backend: Backend,
    private readonly problem: Problem,
    private readonly treatment: Treatment,
    private readonly allocate: Allocate,
  ) {
    const { network, sizes, lengths } = problem;
    const shapes = Object.fromEntries(parameterShapesOf(problem));
    this.values = allocate(shapes);
    this.gradients = allocate(shapes);
    this.activations = allocate(outputShapes(network, sizes));
    this.dx = allocate({ dx: this.activations.x.shape }).dx;
    this.lengths = treatment.readsPadding ? lengths.map(() => sizes.T) : lengths;
    for (const place of lstmsIn(problem)) {
      if (!place.reverse) this.layers.push([]);
      this.layers[place.layer].push(this.allocateDirection(place));
    }
  }

  async solve(onStep: (share: number) => void): Promise<Results> {
    const { layers, activations } = this;
    const backend = withSteps(this.backend, layers.flat().length * this.lengths[0], onStep);
    const { network, sizes } = this.problem;
    const output = new NetworkOutput(backend, network, sizes, activations, this.outputParameters());
    const views = this.statesRead();
    this.writeInputs(output);
    for (const layer of layers) for (const direction of layer) this.forward(backend, direction);
    output.forward(views);
    output.backward(views);
    const { loss } = await output.metrics();
    for (const layer of [...layers].reverse()) layer.forEach((direction) => this.backward(backend, direction));
    const lstms = layers.flat().map(({ lstm }) => lstm);
    return resultsFrom(backend, this.problem, {
      loss,
      ...activations,
      outputs: layers[layers.length - 1].map(({ outputs }) => outputs),
      gradients: [...parameterShapesOf(this.problem).keys()].map((name) => this.gradients[name]),
      dx: this.dx,
      dInitial: lstms.map(({ dh, dc }) => ({ h: stepOf(dh, 0), c: stepOf(dc, 0) })),
    });
  }

  private allocateDirection(place: LstmPlace): Direction {
    const { layer, reverse } = place;
    const { network, sizes } = this.problem;
    const below = layer === 0 ? [{ input: this.activations.x, dInput: this.dx }] : this.layers[layer - 1].map(asInput);
    const reversed = ({ shape }: Tensor) => this.allocate({ reversed: shape, dReversed: shape });
    const turned = reverse ? below.map((one) => ({ ...one, ...reversed(one.input) })) : [];
    const ends = {
      inputs: reverse ? turned.map(({ reversed }) => reversed) : below.map(({ input }) => input),
      dInputs: reverse ? turned.map(({ dReversed }) => dReversed) : below.map(({ dInput }) => dInput),
    };
    const lstm = lstmAt({ ...place, reverse: false }, network, sizes, ends, this, this.allocate);
    setLengths(lstm, this.lengths);
    const isCopied = reverse && this.treatment.isTurnedBack;
    const { h, c } = lstm.outputs;
    const copies = isCopied ? this.allocate({ h: h.shape, c: c.shape, dh: h.shape }) : undefined;
    return { lstm, turned, outputs: copies ?? lstm.outputs, dOutputs: copies?.dh ?? dOutputsOf(lstm), isCopied };
  }

  private writeInputs(output: NetworkOutput): void {
    const { backend, problem, activations, values } = this;
    const { labels, lengths } = problem;
    for (const [name, tensor] of Object.entries(values)) copyInto(tensor, given(problem, name));
    copyInto(activations.x, given(problem, 'x'));
    output.set({ ...(labels ? { labels } : { targets: given(problem, 'targets') }), lengths });
    for (const tensor of [activations.x, ...Object.values(values)]) backend.upload(tensor);
    const lstms = this.layers.flat().map(({ lstm }) => lstm);
    writeStates(backend, problem, lstms);
  }

  private forward(backend: Backend, { lstm, turned, outputs, isCopied }: Direction): void {
    for (const { input, reversed } of turned) this.turn(reversed, input, (to, from) => backend.copy(to, from));
    lstmForward(backend, lstm);
    if (!isCopied) return;
    this.turn(outputs.h, lstm.outputs.h, (to, from) => backend.copy(to, from));
    this.turn(outputs.c, lstm.outputs.c, (to, from) => backend.copy(to, from));
  }

  /** The forward direction comes first: it replaces the gradients of the inputs, and the reverse one adds to them. */
  private backward(backend: Backend, { lstm, turned, dOutputs, isCopied }: Direction): void {
    if (isCopied) this.turn(dOutputsOf(lstm), dOutputs, (to, from) => backend.add(to, from));
    lstmBackward(backend, lstm);
    for (const { dInput, dReversed } of turned) this.turn(dInput, dReversed, (to, from) => backend.add(to, from));
  }

  /** Writes the steps of each sequence `[T,B,N]` in reverse order. Sequences of one length are turned together. */
  private turn(target: Tensor, source: Tensor, write: (to: Tensor, from: Tensor) => void): void {
    for (let first = 0; first < this.lengths.length;) {
      const length = this.lengths[first];
      const end = this.lengths.lastIndexOf(length) + 1;
      const rows = (tensor: Tensor, t: number): Tensor => rowsOf(stepOf(tensor, t), first, end);
      for (let t = 0; t < length; t++) write(rows(target, t), rows(source, length - 1 - t));
      first = end;
    }
  }

  private outputParameters(): OutputParameters {
    const { values, gradients } = this;
    return {
      kernel: { value: values.outKernel, gradient: gradients.outKernel },
      bias: { value: values.outBias, gradient: gradients.outBias },
    };
  }

  private statesRead(): OutputViews {
    const { network, sizes } = this.problem;
    const top = this.layers[this.layers.length - 1];
    if (network.reads === 'every') {
      return {
        states: top.map(({ outputs }) => matrixOf(outputs.h)),
        dStates: top.map(({ dOutputs }) => matrixOf(dOutputs)),
      };
    }
    const row = top.map((_, n) => (n > 0 && this.treatment.readsFirst ? 1 : sizes.T));
    return {
      states: top.map(({ lstm }, n) => stepOf(lstm.h, row[n])),
      dStates: top.map(({ lstm }, n) => stepOf(lstm.dhUpstream, row[n])),
    };
  }
}

const asInput = ({ outputs, dOutputs }: Direction) => ({ input: outputs.h, dInput: dOutputs });

/** ∂loss/∂h of the states after each step, from outside the LSTM. */
const dOutputsOf = ({ dhUpstream, sizes: { T } }: Lstm): Tensor => rowsOf(dhUpstream, 1, T + 1);
