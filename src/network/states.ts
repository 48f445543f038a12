/**
 * The states at the two ends of a network's sequences, on the host, and their gradients: PyTorch's (h_0, c_0) and (h_n, c_n).
 * Row b belongs to sequence b of the batch.
 *
 * Names: h0 and c0 of the initial states, hn and cn of those after each sequence's last step; then the LSTM's suffix, as in
 * kernel.1.reverse. Shapes: h `[B,H]`, with a projection `[B,P]`; c `[B,H]`.
 */
import type { Backend } from '../core/backend.js';
import { readAll } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { copyInto, stepOf, zeros } from '../core/tensor.js';
import type { Lstm, State } from '../equations/lstm-tensors.js';
import type { CompleteConfig } from './config.js';
import { lstmsOf } from './config.js';
import type { NamedTensors } from './parameters.js';
import { assertLoadable } from './parameters.js';
import type { SequenceOrder } from './sequence-order.js';

/** The states of a network; see `Network.states`. */
export class NetworkStates {
  constructor(
    private readonly backend: Backend,
    private readonly config: CompleteConfig,
    private readonly lstms: readonly Lstm[],
    private readonly sequences: SequenceOrder,
    /** The gradients that reach the last states from outside; undefined if the network has none. */
    private readonly dFinal: readonly State[] | undefined,
    /** Called before the initial states are set, with the method's name. It may throw. */
    private readonly onSet: (what: string) => void,
    /** Called before the last states are read, with the method's name. It may throw. */
    private readonly onFinal: (what: string) => void,
  ) {}

  /** Copies h0 and c0 `[B,…]` into the initial states. Throws a RangeError if one is missing or has another shape. */
  setInitial(states: NamedTensors): void {
    this.write(
      'setInitial',
      INITIAL,
      states,
      this.lstms.map(({ initial }) => initial),
    );
  }

  /**
   * hn and cn `[B,…]`: the states after each sequence's last step, in reverse after step 0. Rejects with an Error if no forward pass
   * has read the batch.
   */
  async final(): Promise<NamedTensors> {
    this.onFinal('final');
    return this.read(
      FINAL,
      this.lstms.map(({ final }) => final),
    );
  }

  /**
   * Sets the gradients that reach the last states from outside the network, hn and cn `[B,…]`: each later backward pass adds
   * them. Throws an Error if the network was made without `stateGradients`, and the errors of `setInitial`.
   */
  setFinalGradients(gradients: NamedTensors): void {
    if (!this.dFinal) throw new Error('network: no state gradients; make the network with { stateGradients: true }');
    this.write('setFinalGradients', FINAL, gradients, this.dFinal);
  }

  /** The gradients of h0 and c0 `[B,…]` from the last backward pass, under these names. */
  initialGradients(): Promise<NamedTensors> {
    return this.read(INITIAL, this.lstms.map(initialGradients));
  }

  /** `[B,…]` from outside → rows in the order of the LSTMs. */
  private write(what: string, names: Names, given: NamedTensors, states: readonly State[]): void {
    const tensors = namedStates(this.config, states, names);
    assertLoadable(tensors, given, what);
    if (names === INITIAL) this.onSet(what);
    const { order } = this.sequences;
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
    const { order } = this.sequences; // as it is now: a later batch may have another one
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
