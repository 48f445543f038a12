/**
 * The states that one batch passes on to the next one, for texts. They have tensors of their own. So the network keeps the
 * initial states that a step began with, and a line about the step can be computed from them.
 */
import { allocateAll } from '../core/backend.js';
import type { Lstm, State } from '../equations/lstm-tensors.js';
import { lstmsOf, stateShapes } from '../network/config.js';
import type { Network } from '../network/network.js';
import type { NamedTensors } from '../network/parameters.js';
import { loadTensors, saveTensors } from '../network/parameters.js';

/** The states between two batches; zero at first. */
export class CarriedState {
  private readonly tensors: NamedTensors;

  constructor(private readonly network: Network) {
    const { backend } = network;
    const shapes = stateShapes(network.config, network.sizes.B);
    this.tensors = allocateAll(backend, shapes);
    this.reset();
  }

  /** Zero, for the beginning of a text. */
  reset(): void {
    for (const tensor of Object.values(this.tensors)) this.network.backend.fill(tensor, 0);
  }

  /** Keeps the states after the last forward pass. */
  keep(): void {
    this.forEach(({ h, c }, lstm) => {
      this.network.backend.copy(h, lstm.final.h);
      this.network.backend.copy(c, lstm.final.c);
    });
  }

  /** Makes them the initial states of the network. */
  restore(): void {
    this.forEach(({ h, c }, lstm) => {
      this.network.backend.copy(lstm.initial.h, h);
      this.network.backend.copy(lstm.initial.c, c);
    });
  }

  /** Copies, on the host. */
  save(): Promise<NamedTensors> {
    return saveTensors(this.network.backend, this.tensors);
  }

  /** Continues with saved states. */
  load(saved: NamedTensors): void {
    loadTensors(this.network.backend, this.tensors, saved);
  }

  dispose(): void {
    for (const tensor of Object.values(this.tensors)) this.network.backend.free(tensor);
  }

  private forEach(use: (state: State, lstm: Lstm) => void): void {
    const lstms = this.network.layers.flat();
    lstmsOf(this.network.config).forEach(({ suffix }, n) => {
      use({ h: this.tensors[`h0${suffix}`], c: this.tensors[`c0${suffix}`] }, lstms[n]);
    });
  }
}
