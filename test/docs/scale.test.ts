/** docs/scale.md: its formula gives what src/network/memory.ts computes, and its table the numbers of these networks. */
import { readFileSync } from 'node:fs';
import { taskOf } from '../../src/cli/tasks.js';
import type { BatchSizes, NetworkSizes } from '../../src/network/config.js';
import { lossRows, lstmsOf, widthOf } from '../../src/network/config.js';
import { numbersOfParameters, numbersOfTraining } from '../../src/network/memory.js';
import { TUTORIAL } from '../../src/training/options.js';

const document = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');

/** The formula as the document words it. */
function numbersByFormula(network: NetworkSizes, sizes: BatchSizes): number {
  const { inputs, outputs: C, layers, inputKind } = network;
  const { T, B } = sizes;
  const top = widthOf(layers[layers.length - 1]);
  let [parameters, activations] = [(top + 1) * C, 0];
  for (const { I, H } of lstmsOf(network)) {
    parameters += (I + H + 1) * 4 * H;
    activations += B * H * (9 * T + 13);
  }
  activations += T * B * (inputKind === 'classes' ? 1 : inputs) + lossRows(network, sizes) * (3 * C + 2);
  if ((network.dropout ?? 0) > 0) for (const layer of layers.slice(0, -1)) activations += 3 * T * B * widthOf(layer);
  return 4 * parameters + activations;
}

test.each<[NetworkSizes, BatchSizes]>([
  [
    { inputs: 28, layers: [{ hidden: 128 }], outputs: 10 },
    { T: 28, B: 128 },
  ],
  [
    {
      inputs: 7,
      layers: [{ hidden: 5, bidirectional: true }, { hidden: 3 }],
      outputs: 4,
      inputKind: 'classes',
      dropout: 0.1,
    },
    { T: 6, B: 2 },
  ],
  [
    { inputs: 3, layers: [{ hidden: 4 }, { hidden: 2 }], outputs: 5, reads: 'every', loss: 'squaredError' },
    { T: 9, B: 3 },
  ],
])('the formula of the memory holds for %j', (network, sizes) => {
  expect(numbersByFormula(network, sizes)).toBe(numbersOfTraining(network, sizes));
});

test('the table has the parameters and the memory of its runs', () => {
  const rows = [...document.matchAll(/^\| `longhand train(.*?)` +\| +([\d,]+) \| +(\d+) MB \|/gm)];
  expect(rows).toHaveLength(5);
  for (const [, flags, parameters, megabytes] of rows) {
    const flag = (name: string): string | undefined => new RegExp(`--${name} (\\S+)`).exec(flags)?.[1];
    const isPixels = flag('task') === 'pixels';
    const task = isPixels ? taskOf({ task: 'pixels', permute: false, rare: 0 }).options : {};
    const { hidden, batchSize: B } = { ...TUTORIAL, ...task };
    const layer = { hidden: Number(flag('hidden') ?? hidden), bidirectional: flags.includes('--bidirectional') };
    const network = {
      inputs: isPixels ? 1 : 28,
      layers: Array.from({ length: Number(flag('layers') ?? 1) }, () => layer),
      outputs: 10,
      dropout: Number(flag('dropout') ?? 0),
    };
    const bytes = 4 * numbersOfTraining(network, { T: isPixels ? 784 : 28, B });
    expect([flags, parameters, megabytes]).toEqual([
      flags,
      numbersOfParameters(network).toLocaleString('en'),
      (bytes / 1e6).toFixed(0),
    ]);
  }
});
