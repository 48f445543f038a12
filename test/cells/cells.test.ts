/** The cells beside the LSTM in networks: gradients, wasm against the reference, lengths, carried states, files, refusals. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Cell } from '../../src/cells/cell.js';
import { cellOf } from '../../src/cells/cells.js';
import { CELL_NAMES } from '../../src/cells/names.js';
import { CHRONO_CELLS, NEEDS } from '../../src/training/options.js';
import { BackendUnavailableError, DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { valuesOf, zeros } from '../../src/core/tensor.js';
import { Network } from '../../src/door/network.js';
import { train } from '../../src/door/train.js';
import { Training } from '../../src/door/training.js';
import type { LayerSizes, NetworkConfig } from '../../src/network/config.js';
import { completeConfig, networkParameterShapes, stateShapes } from '../../src/network/config.js';
import { elementCountOfNetwork } from '../../src/network/memory.js';
import { checkNetworkGradients } from '../../src/network/network-check.js';
import { checkpointBytes, parseCheckpoint } from '../../src/training/checkpoint.js';
import { describeCells, guarded, MIXED, resultsOn, run } from '../helpers/cell-suite.js';
import { countingBackend } from '../helpers/backends.js';
import { errorOf, failureOf } from '../helpers/failures.js';
import { randomise } from '../helpers/random-model.js';
import { IMAGES } from '../helpers/small-data.js';

const f64 = createReferenceBackend({ dtype: 'f64' });

test('the gradients of a network of all cells, with lengths and dropout, are the numeric ones', async () => {
  const network: NetworkConfig = { inputs: 3, layers: MIXED, outputs: 4, reads: 'every', dropout: 0.3 };
  const reports = await checkNetworkGradients(f64, network, { T: 4, B: 3 }, { lengths: [2, 4, 3] });
  const states = Object.keys(stateShapes(network, 3)).length;
  expect(reports).toHaveLength(Object.keys(networkParameterShapes(network)).length + states + 1);
  expect(reports.filter(({ ok }) => !ok)).toEqual([]);
});

for (const options of [{ threads: 1 }, { threads: 3 }, { threads: 2, deterministic: true }]) {
  describeCells(`wasm, ${JSON.stringify(options)}`, () => createWasmBackend(options));
}

test('the same bits for any number of threads', async () => {
  const all = [];
  for (const threads of [1, 2, 3]) {
    const wasm = await createWasmBackend({ threads });
    all.push(await resultsOn(wasm));
    await wasm.dispose();
  }
  expect(all[1]).toEqual(all[0]);
  expect(all[2]).toEqual(all[0]);
});

test.each(['rnn', 'gru'] as const)('%s: two halves of a sequence with carried states are the whole one', (cell) => {
  const config: NetworkConfig = {
    inputs: 2,
    layers: [
      { hidden: 4, cell },
      { hidden: 3, cell },
    ],
    outputs: 3,
    reads: 'every',
  };
  const [whole, half] = [8, 4].map((T) => new Network(f64, config, { T, B: 2 }));
  randomise(f64, [...whole.parameters.map(({ value }) => value), whole.activations.x], new Random(3));
  for (const [n, { value }] of half.parameters.entries()) f64.copy(value, whole.parameters[n].value);
  whole.forward();
  const rows = (from: number) => whole.activations.x.lo(from, 0, 0).hi(4, 2, 2);
  const found = [0, 4].flatMap((from) => {
    f64.copy(half.activations.x, rows(from));
    if (from > 0) half.carryState();
    half.forward();
    return [...valuesOf(half.activations.logits)];
  });
  expect(found).toEqual([...valuesOf(whole.activations.logits)]);
  half.resetState();
  half.forward();
  expect([...valuesOf(half.activations.logits)]).not.toEqual(found.slice(-24));
});

test.each(['lstm', 'rnn', 'gru'] as const)('%s: memory is what the network allocates', (cell) => {
  for (const layer of [
    { hidden: 5, cell },
    { hidden: 5, cell, bias: false, bidirectional: true },
  ]) {
    const { backend, held } = countingBackend();
    const network = { inputs: 3, layers: [layer], outputs: 2 };
    new Network(backend, network, { T: 4, B: 3 });
    expect([...held].reduce((sum, { size }) => sum + size, 0)).toBe(elementCountOfNetwork(network, { T: 4, B: 3 }));
  }
});

test('chrono biases keep a state for 1 to T-1 steps: z of a GRU is u/(1+u)', () => {
  const network = new Network(f64, { inputs: 2, layers: [{ hidden: 40, cell: 'gru' }], outputs: 2 }, { T: 11, B: 1 });
  network.initialise(new Random(1), 'glorot', 'chrono');
  const { bias, recurrentBias } = Object.fromEntries(
    network.parameters.map(({ name, value }) => [name, valuesOf(value)]),
  );
  const kept = bias.subarray(40, 80).map((b) => 1 / (1 - 1 / (1 + Math.exp(-b))) - 1);
  expect(Math.min(...kept)).toBeGreaterThanOrEqual(1 - 1e-12);
  expect(Math.max(...kept)).toBeLessThanOrEqual(10);
  expect(Math.max(...kept) - Math.min(...kept)).toBeGreaterThan(5);
  expect([...bias.subarray(0, 40), ...bias.subarray(80), ...recurrentBias].every((b) => b === 0)).toBe(true);
  const rnn = new Network(f64, { inputs: 2, layers: [{ hidden: 4, cell: 'rnn' }], outputs: 2 }, { T: 11, B: 1 });
  expect(errorOf(RangeError, () => rnn.initialise(new Random(1), 'glorot', 'chrono')).message).toBe(
    'initialise: bias chrono: layer 0 is of the cell rnn, which has no gate that keeps its state: use zeros',
  );
});

describe('what a network refuses', () => {
  test.each<[LayerSizes, string]>([
    [
      { hidden: 3, cell: 'GRU' as 'gru' },
      `cell is "GRU": must be one of ${CELL_NAMES.join(', ')}, or a cell of your own, as an object`,
    ],
    [
      { hidden: 3, cell: {} as 'gru' },
      `cell is an Object: must be one of ${CELL_NAMES.join(', ')}, or a cell as stepCell makes it`,
    ],
    [{ hidden: 3, cell: 7 as unknown as 'gru' }, 'cell 7: must be an object'],
    [
      { hidden: 3, cell: { ...cellOf('gru') } },
      'cell: a cell of this program is called gru: give your own another name',
    ],
    [
      { hidden: 3, cell: { ...cellOf('rnn'), name: 'mine', stateWidths: ({ H }) => ({ c: H }) } },
      'cell: the cell mine: its first state is "c": must be h, which a layer passes on',
    ],
    [
      { hidden: 3, cell: { ...cellOf('rnn'), name: 'mine', parameterShapes: ({ I, H }) => ({ kernel: [I, H] }) } },
      'cell: the cell mine: its kernel has 3 rows with I 3 and H 5: must be I + H, those of x first',
    ],
    [
      { hidden: 3, cell: { ...cellOf('rnn'), name: 'mine', biases: ['b'] } },
      'cell: the cell mine: biases has b, which is no parameter: they are kernel, bias',
    ],
    [
      { hidden: 3, cell: { ...cellOf('rnn'), name: 'mine', gates: 'i' as unknown as string[] } },
      'cell: the cell mine: gates is "i": must be a list, perhaps empty',
    ],
    ...['outKernel', 'outBias', 'x', 'h0'].map((name): [LayerSizes, string] => [
      {
        hidden: 3,
        cell: {
          ...cellOf('rnn'),
          name: 'mine',
          parameterShapes: ({ I, H }) => ({ kernel: [I + H, H], bias: [H], [name]: [H] }),
        },
      },
      `cell: the cell mine: its parameter ${name} has the name of another tensor of the network: give it another name`,
    ]),
    [{ hidden: 3, cell: 'gru', projection: 2 }, 'projection is 2: must be 0 for the cell gru: only an lstm has (16)'],
  ])('%j', (layer, message) => {
    expect(() => completeConfig({ inputs: 2, layers: [layer], outputs: 2 })).toThrow(`network: layers[0]: ${message}`);
  });

  test('two cells of one name, in a network and for a file', () => {
    const [one, other] = [1, 2].map(() => ({ ...cellOf('rnn'), name: 'mine' }));
    const network = (...cells: Cell[]) => ({
      inputs: 2,
      layers: cells.map((cell) => ({ hidden: 3, cell })),
      outputs: 2,
    });
    expect(() => completeConfig(network(one, one))).not.toThrow();
    const message = 'two different cells are called mine: give one of them another name';
    expect(() => completeConfig(network(one, other))).toThrow(`network: layers: ${message}`);
    expect(() => parseCheckpoint(new Uint8Array(0), 'file', { cells: [one, other] })).toThrow(
      `parseCheckpoint: cells: ${message}`,
    );
    const wrong = { name: 'mine' } as Cell;
    expect(() => parseCheckpoint(new Uint8Array(0), 'file', { cells: [one, wrong] })).toThrow('cells[1] is an Object');
  });

  test('a backend without the cell’s operations', () => {
    const { gruCellForward, ...without } = createReferenceBackend();
    expect(gruCellForward).toBeDefined();
    const layers = [{ hidden: 2 }, { hidden: 3, cell: 'gru' as const }];
    const message =
      'network: layers[1]: the cell gru does not run on the backend reference, which has no gruCellForward: use wasm or reference';
    const error = errorOf(
      BackendUnavailableError,
      () => new Network(without, { inputs: 2, layers, outputs: 2 }, { T: 2, B: 1 }),
    );
    expect(error.message).toBe(message); // the command line says it in one line
  });

  test('`layers` of another cell than LSTMs; `cells` has them', () => {
    const network = new Network(f64, { inputs: 2, layers: [{ hidden: 3, cell: 'gru' }], outputs: 2 }, { T: 2, B: 1 });
    expect(() => network.layers).toThrow('network: layers: layer 0 is of the cell gru, not lstm: use network.cells');
    expect(Object.keys(network.cells[0][0].outputs)).toEqual(['h']);
  });

  test('operands of other shapes', () => {
    const operands = guarded(f64, 'gruCellForward', [2, 3], 1).map(({ view }) => view);
    const with4 = [...operands.slice(0, 3), zeros([2, 8], 'f64'), operands[4]];
    expect(() => run(f64, 'gruCellForward', with4)).toThrow('gruCellForward: ah [2,8] must be [2,9]');
    const odd = [
      zeros([2, 8], 'f64'),
      ...guarded(f64, 'gruCellBackward', [2, 3], 1)
        .slice(1)
        .map(({ view }) => view),
    ];
    expect(() => run(f64, 'gruCellBackward', odd)).toThrow('gruCellBackward: dax [2,8] must be [B,3H]');
  });

  test('options without an effect, and chrono biases without a gate that keeps', async () => {
    const refused = async (options: object) => ((await failureOf(train(f64, IMAGES, options))) as Error).message;
    expect(await refused({ cell: 'gru', projection: 2 })).toBe(
      'train: projection 2: must be left out unless cell is lstm',
    );
    expect(await refused({ cell: 'gru', forgetBias: 2 })).toContain(
      'forgetBias 2: must be left out unless cell is lstm',
    );
    expect(await refused({ cell: 'rnn', biasInit: 'chrono' })).toContain(
      'biasInit chrono: must be zeros for the cell rnn',
    );
  });

  test('the options list the cells for which they have an effect, as the cells say', () => {
    const having = (has: (cell: Cell) => boolean) => CELL_NAMES.filter((name) => has(cellOf(name)));
    const { projection, forgetBias, eigenvalues } = NEEDS;
    expect(projection.slice(1)).toEqual(having(({ canProject = false }) => canProject));
    expect(forgetBias.slice(1)).toEqual(having(({ gates }) => gates.includes('f')));
    expect(eigenvalues.slice(1)).toEqual(having(({ hasFactors = false }) => hasFactors));
    expect(CHRONO_CELLS).toEqual(having((cell) => 'setChrono' in cell));
  });
});

describe('files', () => {
  const saved = async (network: Network) => ({
    model: { T: 3, network: network.config, parameters: await network.save() },
    training: null,
  });

  test('have the cell of each layer that is no LSTM, and give the same network', async () => {
    const network = new Network(f64, { inputs: 3, layers: MIXED, outputs: 4 }, { T: 3, B: 2 });
    network.initialise(new Random(2));
    const bytes = checkpointBytes(await saved(network));
    const text = new TextDecoder().decode(bytes.subarray(0, 4000));
    expect(text).toContain('"formatVersion":"3"');
    expect(text).toContain(
      String.raw`{\"hidden\":5,\"bidirectional\":false,\"projection\":2},{\"hidden\":3,\"bidirectional\":false,\"bias\":false,\"cell\":\"rnn\"}`,
    );
    const { model } = parseCheckpoint(bytes, 'a file');
    expect(model.network).toEqual(network.config);
    expect(checkpointBytes({ model, training: null })).toEqual(bytes);
  });

  test('of a run are resumed with the same bits', async () => {
    const options = { hidden: 4, cell: 'gru', batchSize: 5, trainingIters: 40 } as const;
    const started = Training.start(f64, { train: IMAGES, validation: undefined }, options);
    for (let step = 0; step < 3; step++) await started.makeStep();
    const bytes = checkpointBytes(await started.checkpoint());
    const checkpoint = parseCheckpoint(bytes, 'a run');
    expect(checkpoint.training?.options.cell).toBe('gru');
    expect(checkpointBytes(checkpoint)).toEqual(bytes);
    const resumed = Training.resume(f64, { train: IMAGES, validation: undefined }, checkpoint);
    for (const each of [started, resumed]) await each.makeStep();
    expect(checkpointBytes(await resumed.checkpoint())).toEqual(checkpointBytes(await started.checkpoint()));
  });

  test('with a cell that does not exist are refused', async () => {
    const network = new Network(f64, { inputs: 3, layers: [{ hidden: 2, cell: 'gru' }], outputs: 4 }, { T: 3, B: 2 });
    const checkpoint = await saved(network);
    const broken = {
      ...checkpoint.model.network,
      layers: [{ ...checkpoint.model.network.layers[0], cell: 'gur' as 'gru' }],
    };
    const write = () => checkpointBytes({ ...checkpoint, model: { ...checkpoint.model, network: broken } });
    expect(errorOf(DataError, write).message).toContain('layers[0]: cell is "gur": must be one of lstm, rnn, gru, ');
  });
});
