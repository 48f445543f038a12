/**
 * Truncated backpropagation: a long series is read in parts, and each part continues from the states that the part before
 * has left. Forward, the parts compute what one pass over the whole series computes. Backward, each part stops at its start.
 */
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { rowsOf, valuesOf, zeros } from '../../src/core/tensor.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { Network } from '../../src/door/network.js';
import type { NamedTensors } from '../../src/network/parameters.js';
import { loadTensors, saveTensors, valuesByName } from '../../src/network/parameters.js';
import { Adam } from '../../src/training/optimisers.js';
import { describeOnBackends } from '../helpers/runs.js';

const [LONG, PART, B] = [24, 4, 3];
const SIZES: NetworkConfig = {
  ...{ inputs: 2, layers: [{ hidden: 5 }, { hidden: 4 }], outputs: 1 },
  ...{ loss: 'squaredError', reads: 'every', dropout: 0.2 },
};
const STARTS = Array.from({ length: LONG / PART }, (_, n) => n * PART);

/** `[T,B,2]` random numbers; the target is the sum of the last ten first numbers: further back than a part. */
function series(): { x: Tensor; targets: Tensor } {
  const random = new Random(4);
  const [x, targets] = [zeros([LONG, B, 2]), zeros([LONG, B, 1])];
  fillRandom(x, () => random.normal(0, 0.5));
  for (let t = 0; t < LONG; t++) {
    for (let b = 0; b < B; b++)
      for (let s = Math.max(0, t - 9); s <= t; s++) targets.set(t, b, 0, targets.get(t, b, 0) + x.get(s, b, 0));
  }
  return { x, targets };
}

const { x, targets } = series();
function partFrom(start: number) {
  const [part, answers] = [x, targets].map((whole) => rowsOf(whole, start, start + PART));
  return { x: part, targets: answers };
}

/** The states that the next part continues from. */
const statesOf = ({ layers }: Network): NamedTensors =>
  Object.fromEntries(
    layers.flat().flatMap(({ final: { h, c } }, n) => [
      [`h${n}`, h],
      [`c${n}`, c],
    ]),
  );

/** A training over the parts of the series, as a program of one's own would write it. */
class Run {
  readonly network: Network;
  readonly adam: Adam;
  readonly random = new Random(8);

  constructor(readonly backend: Backend) {
    this.network = new Network(backend, SIZES, { T: PART, B });
    this.network.initialise(this.random);
    this.adam = new Adam(backend, this.network.parameters);
  }

  /** One update. At the start of the series the states are zero; then they are those of the part before. */
  async step(start: number): Promise<number> {
    const { network, adam } = this;
    if (start === 0) network.resetState();
    else network.carryState();
    network.setBatch(partFrom(start));
    network.drawMasks(this.random);
    network.forward({ dropout: true });
    network.backward();
    adam.update(0.02);
    return (await network.metrics()).loss;
  }

  async epoch(): Promise<number> {
    let loss = 0;
    for (const start of STARTS) loss += await this.step(start);
    return loss / STARTS.length;
  }

  async save() {
    const states = await saveTensors(this.backend, statesOf(this.network));
    return { parameters: await this.network.save(), adam: await this.adam.save(), states, random: this.random.state };
  }

  dispose(): void {
    this.adam.dispose();
    this.network.dispose();
  }
}

describeOnBackends((backendOf) => {
  let backend: Backend;
  beforeAll(() => (backend = backendOf()));

  async function logitsOf(network: Network): Promise<number[]> {
    network.forward();
    await backend.download(network.activations.logits);
    return [...valuesOf(network.activations.logits)];
  }

  test('carried states make the parts compute what one pass computes, bit for bit', async () => {
    const [long, short] = [LONG, PART].map((T) => new Network(backend, SIZES, { T, B }));
    long.initialise(new Random(3));
    short.load(valuesByName(long.parameters));
    long.setBatch({ x, targets });
    const whole = await logitsOf(long);
    for (const round of [1, 2]) {
      const parts: number[] = [];
      for (const start of STARTS) {
        if (start === 0) short.resetState();
        else short.carryState();
        short.setBatch(partFrom(start));
        parts.push(...(await logitsOf(short)));
      }
      expect([round, ...parts]).toEqual([round, ...whole]);
    }
    short.resetState();
    short.setBatch(partFrom(PART));
    expect(await logitsOf(short)).not.toEqual(whole.slice(PART * B, 2 * PART * B)); // the states matter
    long.dispose();
    short.dispose();
  });

  test('training over the parts lowers the loss', async () => {
    const run = new Run(backend);
    const first = await run.epoch();
    for (let epoch = 0; epoch < 60; epoch++) await run.epoch();
    expect(await run.epoch()).toBeLessThan(first / 3);
    run.dispose();
  });

  test('a run that is saved between two parts continues with the same bits', async () => {
    const [whole, resumed] = [new Run(backend), new Run(backend)];
    for (const start of [...STARTS, ...STARTS.slice(0, 3)]) await whole.step(start);
    const saved = await whole.save();
    const losses: number[] = [];
    for (const start of STARTS.slice(3)) losses.push(await whole.step(start));

    resumed.network.load(saved.parameters);
    resumed.adam.load(saved.adam);
    resumed.random.restore(saved.random);
    loadTensors(backend, statesOf(resumed.network), saved.states);
    const again: number[] = [];
    for (const start of STARTS.slice(3)) again.push(await resumed.step(start));
    expect(again).toEqual(losses);
    expect(await resumed.network.save()).toEqual(await whole.network.save());
    whole.dispose();
    resumed.dispose();
  });
});
