/** A cell of the user's own: given as an object in `layers`, checked, trained, written to a file and read again. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { CELL_NAMES } from '../../src/cells/names.js';
import { DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { valuesOf } from '../../src/core/tensor.js';
import {
  Adam,
  checkNetworkGradients,
  checkpointBytes,
  inputBackward,
  inputForward,
  Network,
  parseCheckpoint,
} from '../../src/index.js';
import { productBackward, stepCell } from '../../src/index.js';
import { errorOf } from '../helpers/failures.js';

/**
 * A leaky integrator with a memory of each unit's own: a = x·Wx + hPrev·Wh + b;  h = a + keep*hPrev, where `keep` `[1,H]` is learnt. It
 * needs no operation that the backends do not have.
 */
const leaky = stepCell<'h' | 'hPrev' | 'hPrevTransposed' | 'dh' | 'dhPrev' | 'kept' | 'keptRows' | 'ones'>({
  name: 'leaky',
  gates: [],
  biases: ['bias'],
  operations: [],
  stateWidths: ({ H }) => ({ h: H }),
  parameterShapes: ({ I, H }) => ({ kernel: [I + H, H], bias: [H], keep: [1, H] }),
  otherShapes: ({ B, H }) => ({ kept: [B, H], keptRows: [B, H], ones: [B, 1] }),
  stepForward(backend, { Wx, Wh, values }, { x, h, hPrev, kept, keptRows, ones }) {
    inputForward(backend, h, x, Wx, values.bias);
    backend.matmul(h, hPrev, Wh, { accumulate: true });
    backend.fill(ones, 1);
    backend.matmul(keptRows, ones, values.keep); // keep in every row
    backend.multiply(kept, keptRows, hPrev);
    backend.add(h, kept);
  },
  stepBackward(
    backend,
    recurrence,
    { x: _, xTransposed, dx, dh, dhPrev, hPrev, hPrevTransposed, kept, keptRows, ones },
  ) {
    const { WxTransposed, WhTransposed, dWx, dWh, values, gradients } = recurrence;
    backend.fill(ones, 1);
    backend.matmul(keptRows, ones, values.keep);
    backend.multiply(kept, dh, keptRows);
    backend.add(dhPrev, kept); // from  h = a + keep*hPrev:  dhPrev += dh*keep
    backend.multiply(kept, dh, hPrev);
    backend.columnSums(gradients.keep.pick(0), kept, { accumulate: true }); // dkeep += Σ dh*hPrev
    productBackward(backend, dh, { dhPrev, WhTransposed, dWh, hPrevTransposed, db: gradients.bias });
    inputBackward(backend, dx, dWx, dh, xTransposed, WxTransposed);
  },
});

const config = {
  inputs: 2,
  layers: [
    { hidden: 5, cell: leaky },
    { hidden: 3, cell: 'gru' as const },
  ],
  outputs: 2,
};

test('its gradients are right, with lengths and in both directions', async () => {
  const backend = createReferenceBackend({ dtype: 'f64' });
  for (const bidirectional of [false, true]) {
    const layers = [{ ...config.layers[0], bidirectional }, config.layers[1]];
    const reports = await checkNetworkGradients(backend, { ...config, layers }, { T: 4, B: 3 }, { lengths: [2, 4, 3] });
    expect(reports.filter(({ ok }) => !ok)).toEqual([]);
    expect(reports.map(({ name }) => name)).toContain(bidirectional ? 'keep.0.reverse' : 'keep.0');
  }
});

/** Whether the first number of a sequence is greater than the last one's. */
function batchOf(random: Random, T: number, B: number) {
  const x = Array.from({ length: T }, () => Array.from({ length: B }, () => [random.normal(0, 1), 1]));
  return { x, labels: Array.from({ length: B }, (_, b) => Number(x[0][b][0] > x[T - 1][b][0])) };
}

test('it learns on the reference backend, and its file is read if the cell is given again', async () => {
  const backend = createReferenceBackend();
  const network = new Network(backend, config, { T: 6, B: 32 });
  const random = new Random(4);
  network.initialise(random, 'glorot');
  const adam = new Adam(backend, network.parameters);
  const losses: number[] = [];
  for (let step = 0; step < 300; step++) {
    network.setBatch(batchOf(random, 6, 32));
    network.forward();
    network.backward();
    losses.push((await network.metrics()).loss);
    adam.update(0.02);
  }
  const mean = (some: readonly number[]): number => some.reduce((sum, loss) => sum + loss, 0) / some.length;
  expect(mean(losses.slice(-20))).toBeLessThan(0.8 * mean(losses.slice(0, 20)));

  const bytes = checkpointBytes({
    model: { T: 6, network: network.config, parameters: await network.save() },
    training: null,
  });
  const { message } = errorOf(DataError, () => parseCheckpoint(bytes, 'mine'));
  expect(message).toBe(
    `mine: model: network: layers[0] has the cell "leaky", which is none of ${CELL_NAMES.join(', ')}: pass it again in a program, as parseCheckpoint(…, { cells })`,
  );
  expect(() => parseCheckpoint(bytes, 'mine', { cells: leaky as never })).toThrow(
    'parseCheckpoint: cells is an Object: must be a list of cells',
  );
  const { model } = parseCheckpoint(bytes, 'mine', { cells: [leaky] });
  expect(checkpointBytes({ model, training: null })).toEqual(bytes);
  const again = new Network(backend, model.network, { T: 6, B: 32 });
  again.load(model.parameters);
  const batch = batchOf(random, 6, 32);
  for (const each of [network, again]) {
    each.setBatch(batch);
    each.forward();
  }
  expect(valuesOf(again.activations.logits)).toEqual(valuesOf(network.activations.logits));
});
