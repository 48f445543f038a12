/**
 * The states at the two ends of a network's sequences, on the host, and their gradients: PyTorch's (h_0, c_0) and (h_n, c_n).
 * Row b belongs to sequence b of the batch.
 *
 * Names: h0 and c0 of the initial states, hn and cn of those after each sequence's last step; then the LSTM's suffix, as in
 * kernel.1.reverse. Shapes: h `[B,H]`, with a projection `[B,P]`; c `[B,H]`.
 */
import type { Backend } from '../core/backend.js';
import { readAll } from '../core/backend.js';
import type { Shape, Tensor } from '../core/tensor.js';
import { copyInto, stepOf, zeros } from '../core/tensor.js';
import type { Lstm, State } from '../equations/lstm-tensors.js';
import type { CompleteConfig } from './config.js';
import { lstmsOf } from './config.js';
import type { NamedTensors } from './parameters.js';
import { assertLoadable } from './parameters.js';

type Allocate = (shapes: { h: Shape; c: Shape }) => State;

/** The states of a network, on the host; see `Network.states`. */
export class NetworkStates {
  /** Those that belong to a sequence between two passes, and their gradients. */
  readonly all: readonly State[];
  private readonly lstms: readonly Lstm[];
  /** For each layer, the gradients that reach its last states from outside; undefined if the network has none. */
  private readonly dFinal: readonly (readonly State[])[] | undefined;

  constructor(
    private readonly backend: Backend,
    private readonly config: CompleteConfig,
    layers: readonly (readonly Lstm[])[],
    /** `[B]`: the caller's index of each sequence in the LSTMs. */
    private readonly order: () => readonly number[],
    /** Default: no gradients from outside. */
    allocate?: Allocate,
  ) {
    this.lstms = layers.flat();
    this.dFinal =
      allocate && layers.map((lstms) => lstms.map(({ final: { h, c } }) => allocate({ h: h.shape, c: c.shape })));
    const own = this.lstms.flatMap((lstm) => [lstm.initial, lstm.final, initialGradients(lstm)]);
    this.all = [...own, ...(this.dFinal?.flat() ?? [])];
  }

  /** Copies h0 and c0 `[B,…]` into the initial states. Throws the errors of `assertLoadable`; then nothing changes. */
  setInitial(states: NamedTensors): void {
    this.write('setInitial', INITIAL, states, initialOf(this.lstms));
  }

  /** hn and cn `[B,…]`: the states after each sequence's last step, in reverse after step 0. */
  async final(): Promise<NamedTensors> {
    return this.read(
      FINAL,
      this.lstms.map(({ final }) => final),
    );
  }

  /** Whether gradients can reach the last states from outside. */
  get haveGradients(): boolean {
    return this.dFinal !== undefined;
  }

  /** Sets the gradients that reach the last states from outside, hn and cn `[B,…]`: each later backward pass adds them. */
  setFinalGradients(gradients: NamedTensors): void {
    this.write('setFinalGradients', FINAL, gradients, this.dFinal?.flat() ?? []);
  }

  /** Adds those of layer n to the gradients of its LSTMs. Nothing else reads the last c. */
  addFinalGradients(n: number, lstms: readonly Lstm[]): void {
    this.dFinal?.[n].forEach(({ h, c }, k) => {
      const { dhUpstream, dcUpstream, reverse, sizes } = lstms[k];
      const last = reverse ? 0 : sizes.T;
      this.backend.add(stepOf(dhUpstream, last), h);
      if (dcUpstream) this.backend.copy(stepOf(dcUpstream, last), c);
    });
  }

  /** The gradients of h0 and c0 `[B,…]` from the last backward pass, under these names. */
  async initialGradients(): Promise<NamedTensors> {
    return this.read(INITIAL, this.lstms.map(initialGradients));
  }

  /** `[B,…]` from outside → rows in the order of the LSTMs. */
  private write(what: string, names: Names, given: NamedTensors, states: readonly State[]): void {
    const tensors = namedStates(this.config, states, names);
    assertLoadable(tensors, given, what);
    const order = this.order();
    const sorted = Object.entries(tensors).map(([name, { shape }]) => {
      const rows = zeros(shape, this.backend.dtype);
      order.forEach((b, n) => copyInto(rows.pick(n), given[name].pick(b)));
      return rows;
    });
    // only now: a given tensor may be one of these
    Object.values(tensors).forEach((tensor, k) => {
      copyInto(tensor, sorted[k]);
      this.backend.upload(tensor);
    });
  }

  private async read(names: Names, states: readonly State[]): Promise<NamedTensors> {
    const order = this.order(); // as it is now: a later batch may have another one
    const named = namedStates(this.config, states, names);
    const all = Object.values(named);
    const copies = all.map(({ shape }) => zeros(shape, this.backend.dtype));
    await readAll(this.backend, all, (tensor, k) => {
      order.forEach((b, n) => copyInto(copies[k].pick(b), tensor.pick(n)));
    });
    return Object.fromEntries(Object.keys(named).map((name, k) => [name, copies[k]]));
  }
}

type Names = readonly [h: string, c: string];

const INITIAL: Names = ['h0', 'c0'];
const FINAL: Names = ['hn', 'cn'];

/** The initial state of each LSTM. */
export const initialOf = (lstms: readonly Lstm[]): State[] => lstms.map(({ initial }) => initial);

/** The states of each LSTM by name (not copied). */
export function namedStates(config: CompleteConfig, states: readonly State[], [h, c] = INITIAL): NamedTensors {
  return Object.fromEntries(
    lstmsOf(config).flatMap(({ suffix }, n): [string, Tensor][] => [
      [`${h}${suffix}`, states[n].h],
      [`${c}${suffix}`, states[n].c],
    ]),
  );
}

/** ∂loss/∂h0 and ∂loss/∂c0, `[B,…]`, after a backward pass. */
export function initialGradients({ dh, dc, reverse, sizes: { T } }: Lstm): State {
  const row = reverse ? T : 0;
  return { h: stepOf(dh, row), c: stepOf(dc, row) };
}
