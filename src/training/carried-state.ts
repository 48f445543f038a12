/**
 * The states that one batch passes on to the next one, for texts. They have tensors of their own. So the network keeps the
 * initial states that a step began with, and a line about the step can be computed from them.
 */
import { allocateAll } from '../core/backend.js';
import { stateShapes } from '../network/config.js';
import type { Network } from '../network/network.js';
import { type NamedTensors, loadTensors, saveTensors } from '../network/parameters.js';
import { initialOf, namedStates } from '../network/states.js';

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
    const { backend, config, layers } = this.network;
    const final = namedStates(
      config,
      layers.flat().map((cell) => cell.final),
    );
    for (const [name, tensor] of Object.entries(this.tensors)) backend.copy(tensor, final[name]);
  }

  /** Makes them the initial states of the network. */
  restore(): void {
    const { backend, config, layers } = this.network;
    const initial = namedStates(config, initialOf(layers.flat()));
    for (const [name, tensor] of Object.entries(this.tensors)) backend.copy(initial[name], tensor);
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
}
