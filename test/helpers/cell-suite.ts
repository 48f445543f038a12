/** Tests of the cells beside the LSTM for one backend: each operation, and a network with all of them, against the equations in f64. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import type { CellOperation } from '../../src/core/cell-operations.js';
import { CELL_OPERANDS } from '../../src/core/cell-operations.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { valuesOf, zeros } from '../../src/core/tensor.js';
import { Network } from '../../src/door/network.js';
import type { LayerSizes, NetworkConfig } from '../../src/network/config.js';
import { copyOf, expectNumbers } from './numeric.js';
import { TOLERANCE } from './operation-cases.js';
import { randomise } from './random-model.js';
import { Guarded } from './workbench.js';

const f64 = createReferenceBackend({ dtype: 'f64' });

export const MIXED: readonly LayerSizes[] = [
  { hidden: 4, cell: 'gru', bidirectional: true },
  { hidden: 5, projection: 2 },
  { hidden: 3, cell: 'rnn', bias: false },
  { hidden: 3, cell: 'gru', bias: false, bidirectional: true },
];
/** Every tensor of the operation inside guards. */
export const guarded = (
  backend: Backend,
  operation: CellOperation,
  [B, H]: readonly [number, number],
  seed: number,
) => {
  const random = new Random(seed);
  return CELL_OPERANDS[operation].map(({ extents }) => {
    const shape = extents.map(({ factor, letter }) => factor * { B, H }[letter as 'B' | 'H']);
    const values = zeros(shape, 'f32');
    fillRandom(values, () => random.normal(0, 1));
    return new Guarded(backend, shape, values);
  });
};

export const run = (backend: Backend, operation: CellOperation, operands: readonly Tensor[]): void =>
  (backend[operation] as (...all: readonly Tensor[]) => void)(...operands);

const SIZES = [
  [1, 1],
  [5, 3],
  [3, 16],
  [6, 8],
  [17, 5],
  [3, 29],
  [130, 33],
] as const;

const OPERATIONS = ['tanhForward', 'tanhBackward', 'gruCellForward', 'gruCellBackward'] as const;

/** Defines the tests, of the RNN's and the GRU's operations and of a network. `sizes`: fewer for kernels that compile slowly. */
export function describeCells(
  name: string,
  open: () => Backend | Promise<Backend>,
  sizes: readonly (readonly [B: number, H: number])[] = SIZES,
): void {
  describe(name, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend.dispose());

    test.each(OPERATIONS.flatMap((operation) => sizes.map((size) => [operation, size] as const)))(
      '%s %j is the equation, and writes nothing else',
      async (operation, size) => {
        const expected = guarded(f64, operation, size, 3).map(({ view }) => view);
        run(f64, operation, expected);
        const actual = guarded(backend, operation, size, 3);
        run(
          backend,
          operation,
          actual.map(({ view }) => view),
        );
        for (const [n, tensor] of actual.entries())
          expectNumbers(await tensor.values(), copyOf(expected[n]), TOLERANCE);
      },
    );

    test('every cell, with lengths and dropout: outputs, gradients and states are those of the equations', async () => {
      const [expected, actual] = [await resultsOn(f64), await resultsOn(backend)];
      for (const [tensor, values] of Object.entries(expected)) expectNumbers(actual[tensor], values, 2e-5, tensor);
    });
  });
}

/** One pass with random parameters, states and batch. */
export async function resultsOn(backend: Backend): Promise<Record<string, Float64Array>> {
  const config: NetworkConfig = { inputs: 3, layers: MIXED, outputs: 4, reads: 'every', dropout: 0.3 };
  const network = new Network(backend, config, { T: 5, B: 7 }, { inputGradient: true });
  const random = new Random(5);
  const { x } = network.activations;
  const states = network.cells.flat().flatMap(({ initial }) => Object.values(initial));
  randomise(backend, [...network.parameters.map(({ value }) => value), ...states, x], random);
  network.setTargets({ labels: Array.from({ length: 35 }, () => random.below(4)), lengths: [2, 5, 3, 1, 4, 5, 2] });
  network.drawMasks(random);
  network.forward({ dropout: true });
  network.backward();
  const tensors: Record<string, Tensor> = { logits: network.activations.logits };
  for (const { name, gradient } of network.parameters) tensors[`d.${name}`] = gradient;
  const values: Record<string, Float64Array> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    await backend.download(tensor);
    values[name] = valuesOf(tensor);
  }
  for (const named of [await network.states.final(), await network.states.initialGradients()]) {
    for (const [name, tensor] of Object.entries(named)) values[name] = valuesOf(tensor);
  }
  network.dispose();
  return values;
}
