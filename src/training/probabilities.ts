/** The class probabilities of one image: after all its rows, and after each row that the network reads. */
import type { Network } from '../network.js';

/**
 * The probabilities `[C]` of the first sequence, as if it ended after step 1, 2, … T. Each is a forward pass with that
 * length; the last one, with length T, leaves its results in the network. The label of the batch is class 0.
 */
export async function probabilitiesByRow(network: Network): Promise<Float64Array[]> {
  const { T, B } = network.sizes;
  const labels = new Array<number>(B).fill(0);
  const rows: Float64Array[] = [];
  for (let t = 1; t <= T; t++) {
    network.setTargets({ labels, lengths: new Array<number>(B).fill(t) });
    network.forward();
    rows.push(await firstProbabilities(network));
  }
  return rows;
}

/** The probabilities `[C]` of the first sequence in the last forward pass. */
export async function firstProbabilities({ backend, network, activations }: Network): Promise<Float64Array> {
  const { probabilities } = activations;
  if (!probabilities) throw new Error('network: no probabilities: its loss is the squared error');
  await backend.download(probabilities);
  return Float64Array.from({ length: network.outputs }, (_, k) => probabilities.get(0, k));
}
