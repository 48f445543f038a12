/** Training on WebGPU: 30 steps of every kind of task as on the reference backend, checkpoints that move, and memory that stays flat. */
import { createReferenceBackend } from '../../../kernels/reference/index.js';
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import type { Backend } from '../../../src/core/backend.js';
import { valuesOf } from '../../../src/core/tensor.js';
import { textTask } from '../../../src/data/text.js';
import type { GivenData } from '../../../src/data/train-data.js';
import { modelNetwork } from '../../../src/network/tutorial-network.js';
import { Network } from '../../../src/door/network.js';
import type { Checkpoint } from '../../../src/training/checkpoint.js';
import { checkpointBytes, parseCheckpoint } from '../../../src/training/checkpoint.js';
import { evaluate, sample } from '../../../src/door/predict.js';
import { resumeTraining, train } from '../../../src/door/train.js';
import { Adam } from '../../../src/training/optimisers.js';
import type { TrainOptions } from '../../../src/training/options.js';
import { failureOf } from '../../helpers/failures.js';
import type { Kind } from '../../helpers/small-data.js';
import { expectInterruptible, recordingOf, IMAGES, KINDS, smallSequences } from '../../helpers/small-data.js';
import { openCounted } from '../../helpers/webgpu-adapters.js';
import { describeWebGpu, openWebGpu } from '../../helpers/webgpu.js';

type Options = Partial<TrainOptions>;

/** 30 steps. */
const STEPS = 30;
const RUN: Options = { hidden: 8, batchSize: 5, trainingIters: 5 * (STEPS + 1), displayStep: 1, outputInit: 'glorot' };

/** What the kinds of sequences are trained with, in turn: every option meets every kind of input, answer and end. */
const NETWORKS: readonly Options[] = [
  { hidden: [8, 4], dropout: 0.3 },
  { bidirectional: true, clipNorm: 0.2 },
  { projection: 3, clipValue: 0.02 },
  { hidden: [4, 8], bidirectional: true, dropout: 0.2, optimiser: 'sgd', momentum: 0.8 },
  { hidden: [5, 3], schedule: 'cosine', warmUp: 3 },
];
const LOSSES: readonly Options[] = [
  { loss: 'squaredError' },
  { loss: 'absoluteError' },
  { loss: 'huber', delta: 0.3 },
  { loss: 'pinball' },
];

const nameOf = ({ inputs, answers, reads, ends }: Kind): string => `${inputs}, ${answers}, ${reads}, ${ends}`;
const TEXT = textTask('to be or not to be, that is the question; '.repeat(12), { T: 6 }).train;

const TASKS: readonly (readonly [name: string, data: GivenData, options: Options])[] = [
  ['images', IMAGES, { hidden: 12, shift: 1 }],
  ['a text, whose streams keep their states', TEXT, { hidden: [12, 8], dropout: 0.2, clipNorm: 1 }],
  ...KINDS.map((kind, n) => {
    const data = smallSequences(kind, 23);
    const loss = kind.answers === 'targets' ? LOSSES[(n + Math.floor(n / 8)) % 4] : {};
    return [`${nameOf(kind)} ${loss.loss ?? ''}`, data, { ...NETWORKS[n % 5], ...loss }] as const;
  }),
];

interface Ended {
  readonly losses: number[];
  readonly parameters: Float64Array[];
}

async function endOf(backend: Backend, data: GivenData, options: Options): Promise<Ended> {
  const losses: number[] = [];
  const network = await train(backend, data, options, {
    onLine: ({ loss }) => losses.push(loss),
    onWarning: () => undefined,
  });
  const parameters = Object.values(await network.save()).map(valuesOf);
  network.dispose();
  return { losses, parameters };
}

/** The largest difference of two lists of numbers. */
const distance = (some: readonly ArrayLike<number>[], others: readonly ArrayLike<number>[]): number =>
  Math.max(...some.flatMap((one, n) => Array.from(one, (value, k) => Math.abs(value - others[n][k]))));

/** A run on `first` that stops after its step `last` and resumes on `second`, through the bytes of a file. Returns its last state. */
async function movedRun(
  first: Backend,
  second: Backend,
  data: GivenData,
  options: Options,
  last: number,
): Promise<Checkpoint> {
  const begun = recordingOf(undefined, last);
  expect(await failureOf(train(first, data, options, begun.hooks))).toBe('stopped');
  const saved = parseCheckpoint(checkpointBytes(begun.recorded.checkpoints[0]), 'saved');
  const ended = recordingOf(undefined);
  (await resumeTraining(second, data, saved, {}, ended.hooks)).dispose();
  return ended.recorded.checkpoints[0];
}

const parametersIn = ({ model }: Checkpoint): Float64Array[] => Object.values(model.parameters).map(valuesOf);

await describeWebGpu(() => {
  /** One for most of the tests: compiling its kernels takes longer than their steps. */
  let webGpu: Backend;
  beforeAll(async () => {
    webGpu = await openWebGpu();
  });
  afterAll(() => webGpu.dispose());

  test.each(TASKS)('30 steps have the losses and the weights of the reference: %s', async (_, data, options) => {
    const all = { ...RUN, ...options };
    const found = await endOf(webGpu, data, all);
    const expected = await endOf(createReferenceBackend(), data, all);
    expect(found.losses).toHaveLength(STEPS);
    expect(distance([found.losses], [expected.losses])).toBeLessThan(1e-4);
    expect(distance(found.parameters, expected.parameters)).toBeLessThan(1e-3);
  });

  describe('a checkpoint', () => {
    const everything = smallSequences({ inputs: 'classes', answers: 'labels', reads: 'every', ends: 'lengths' }, 23);
    const options: Options = {
      ...{ ...RUN, hidden: [8, 4], bidirectional: true, dropout: 0.3, clipNorm: 0.5, schedule: 'cosine', warmUp: 3 },
      ...{ trainingIters: 5 * 13, learningRate: 0.01 },
    };
    const others: readonly (readonly [string, () => Promise<Backend>])[] = [
      ['wasm', () => createWasmBackend({ threads: 1 })],
      ['the reference', async () => createReferenceBackend()],
    ];
    const runs: readonly (readonly [string, GivenData])[] = [
      ['sequences', everything],
      ['a text', TEXT],
    ];
    const cases = others.flatMap(([name, open]) => runs.map(([what, data]) => [name, what, open, data] as const));

    test.each(cases)('moves to %s and back with %s', async (_, what, open, data) => {
      const given = what === 'a text' ? { ...options, bidirectional: false } : options;
      const whole = recordingOf(undefined);
      (await train(createReferenceBackend(), data, given, whole.hooks)).dispose();
      const expected = parametersIn(whole.recorded.checkpoints[0]);
      const other = await open();
      for (const [from, to] of [
        [webGpu, other],
        [other, webGpu],
      ]) {
        const end = await movedRun(from, to, data, given, 5);
        expect(end.training?.step).toBe(12);
        expect(distance(parametersIn(end), expected)).toBeLessThan(1e-3);
      }
      await other.dispose();
    });

    test('is resumed on webgpu to the same bits', async () => {
      for (const [data, given] of [
        [everything, { ...options, validateEvery: 4 }],
        [TEXT, { ...options, bidirectional: false }],
      ] as const) {
        await expectInterruptible(webGpu, { data, validation: everything, options: given }, () => [1, 6, 11]);
      }
    });
  });

  test('a network writes the same text as on wasm', async () => {
    const wasm = await createWasmBackend({ threads: 1 });
    const texts: string[] = [];
    for (const one of [webGpu, wasm]) {
      const network = await train(one, TEXT, { ...RUN, hidden: 16, trainingIters: 5 * 60, learningRate: 0.02 });
      let text = '';
      for await (const character of sample(network, TEXT.vocabulary, { length: 200, seed: 3, temperature: 0.8 }))
        text += character;
      texts.push(text);
      network.dispose();
    }
    await wasm.dispose();
    expect(texts[0]).toHaveLength(200);
    expect(texts[0]).toBe(texts[1]);
  });

  describe('memory', () => {
    test('stays flat over 300 steps, with evaluations between them', async () => {
      const { backend, buffers } = await openCounted();
      const held: number[][] = [];
      const onStep = async (step: number, _: number, network: Network): Promise<void> => {
        if (step % 30 === 0) await evaluate(network, IMAGES);
        if (step % 30 === 29) held.push([buffers.count, buffers.bytes, backend.queue.counts.recorded]);
      };
      const options = { hidden: 4, batchSize: 16, trainingIters: 16 * 301, displayStep: 15 };
      (await train(backend, IMAGES, options, { onStep, checkpointEvery: 75, onCheckpoint: () => undefined })).dispose();
      expect(held).toHaveLength(10);
      expect(held[9]).toEqual(held[2]);
      await backend.dispose();
      expect(buffers.bytes).toBeLessThan(64 * 512 * 200);
    });

    test('stays flat when networks and batch sizes alternate, and each has its own numbers', async () => {
      const { backend, buffers } = await openCounted();
      /** Trains two networks, each with batches of 5 and of 3, in turn. */
      const alternately = async (on: Backend, after: (round: number) => void): Promise<Float64Array[]> => {
        const networks = [8, 4].flatMap((H) =>
          [5, 3].map((B) => new Network(on, modelNetwork({ I: 3, H, C: 4 }, 1), { T: 4, B })),
        );
        const optimisers = networks.map((network, n) => {
          for (const { value } of network.parameters) {
            for (let k = 0; k < value.size; k++) value.data[k] = Math.sin(k + n) / 2;
            on.upload(value);
          }
          return new Adam(on, network.parameters);
        });
        for (let round = 0; round < 40; round++) {
          networks.forEach((network, n) => {
            const [x, labels] = batchOf(network, round + n);
            network.setBatch({ x, labels });
            network.forward();
            network.backward();
            optimisers[n].update(0.01);
          });
          await on.keepPace();
          if (round % 10 === 9) for (const network of networks) await network.metrics();
          after(round);
        }
        const saved: Float64Array[] = [];
        for (const network of networks) saved.push(...Object.values(await network.save()).map(valuesOf));
        for (const one of [...optimisers, ...networks]) one.dispose();
        return saved;
      };
      const held: number[][] = [];
      const found = await alternately(backend, () =>
        held.push([buffers.count, buffers.bytes, backend.queue.counts.recorded]),
      );
      expect(held[39]).toEqual(held[19]);
      expect(distance(found, await alternately(createReferenceBackend(), () => undefined))).toBeLessThan(1e-4);
      await backend.dispose();
    });
  });
});

function batchOf({ config, sizes: { T, B } }: Network, n: number) {
  const x = createReferenceBackend().allocate([T, B, config.inputs]);
  for (let k = 0; k < x.size; k++) x.data[k] = Math.fround(Math.sin(1.7 * k + n));
  return [x, Array.from({ length: B }, (_, b) => (b + n) % config.outputs)] as const;
}
