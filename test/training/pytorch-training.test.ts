/**
 * A whole run on a text against PyTorch's; `--to pytorch-training`, and back with `--from pytorch-training`. In the second tier
 * PyTorch continues a run with the losses that Longhand would compute.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { valuesOf } from '../../src/core/tensor.js';
import { parseIdx } from '../../src/data/mnist.js';
import { FILES, loadMnist, packagedDirectory } from '../../src/data/mnist-files.js';
import { classesIn, vocabularyOf } from '../../src/data/text.js';
import { fromPyTorchLayout, modulesFor } from '../../src/export/pytorch-layout.js';
import { fromPyTorchTraining, toPyTorchTraining } from '../../src/export/pytorch-training.js';
import { type StoredTensor, parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { lstmsOf } from '../../src/network/config.js';
import { type Checkpoint, checkpointBytes } from '../../src/training/checkpoint.js';
import { resumeTraining, train } from '../../src/door/train.js';
import { type TrainOptions, TUTORIAL } from '../../src/training/options.js';
import { Training } from '../../src/door/training.js';
import { expectDataError } from '../helpers/failures.js';
import { describeOnce, describeTorch, inTier, testOnce } from '../helpers/needs.js';
import {
  checkpointOf as lastCheckpointOf,
  idx,
  IMAGES,
  mnistFiles,
  OPTIONS,
  smallSequences,
} from '../helpers/small-data.js';
import { directoryOf, inNewFolder } from '../helpers/temporary-directories.js';

/** A run on small images. */
const checkpointOf = (options: Partial<TrainOptions> = {}, backend = createReferenceBackend()): Promise<Checkpoint> =>
  lastCheckpointOf(IMAGES, { ...OPTIONS, ...options }, {}, backend);

/** The checkpoint in a file that PyTorch would write. */
const reread = (bytes: Uint8Array): Checkpoint => fromPyTorchTraining(parseSafetensors(bytes, 'f'), 'f');

const LISTED = { hidden: [4, 3], bidirectional: true, dropout: 0.1 };

describeOnce('without a step in PyTorch, a run comes back with the same bytes', () => {
  test.each([
    ['the tutorial’s network', {}],
    ['two equal layers', { layers: 2 }],
    ['layers that differ, with SGD', { ...LISTED, optimiser: 'sgd' }],
    ['a forget bias that f32 rounds', { forgetBias: 0.1 }],
    ['projections in both directions', { ...LISTED, projection: 2 }],
    ['two equal layers of GRUs', { layers: 2, cell: 'gru' }],
    ['layers of RNNs that differ, with SGD', { ...LISTED, cell: 'rnn', optimiser: 'sgd' }],
    [
      'projections without biases, with SGD',
      { layers: 2, projection: 1, withoutBias: true, forgetBias: 0, optimiser: 'sgd' },
    ],
  ] as const)('%s', async (_, options) => {
    const checkpoint = await checkpointOf(options);
    const bytes = checkpointBytes(checkpoint);
    expect(checkpointBytes(reread(toPyTorchTraining(checkpoint, 'f')))).toEqual(bytes);
  });

  test.each([
    { loss: 'huber', delta: 0.5 },
    { loss: 'pinball', optimiser: 'sgd' },
  ] as const)('with %j', async (options) => {
    const kind = { inputs: 'numbers', answers: 'targets', reads: 'every', ends: 'lengths' } as const;
    const checkpoint = await lastCheckpointOf(smallSequences(kind, 20), { ...OPTIONS, ...options });
    expect(checkpointBytes(reread(toPyTorchTraining(checkpoint, 'f')))).toEqual(checkpointBytes(checkpoint));
  });

  test('in f64', async () => {
    const checkpoint = await checkpointOf({ layers: 2, forgetBias: 0.1 }, createReferenceBackend({ dtype: 'f64' }));
    const bytes = toPyTorchTraining(checkpoint, 'f');
    expect(parseSafetensors(bytes, 'f').tensors.get('lstm.bias_hh_l1')?.dtype).toBe('F64');
    expect(checkpointBytes(reread(bytes))).toEqual(checkpointBytes(checkpoint));
  });
});

describeOnce('a wrong file is refused with the reason', () => {
  test('a checkpoint that holds only a network', async () => {
    const { model } = await checkpointOf();
    const write = () => toPyTorchTraining({ model, training: null }, 'run.safetensors');
    expectDataError(write, 'run.safetensors: holds only a network, not the state of its training: export it --to safe');
  });

  test('a cell that PyTorch does not have', async () => {
    const checkpoint = await checkpointOf({ cell: 'mingru' });
    const message = 'pytorch-training: layer 0 has the cell mingru: the format has only lstm, gru, rnn';
    expectDataError(() => toPyTorchTraining(checkpoint, 'f'), message);
  });

  test('LSTMs without biases, if PyTorch would have to train the forget bias', async () => {
    const checkpoint = await checkpointOf({ layers: 2, withoutBias: true });
    const message =
      'f: layer 0 has no biases, but forget bias 1: in PyTorch it would need biases, and would train them';
    expectDataError(() => toPyTorchTraining(checkpoint, 'f'), message);
  });

  test.each<[string, object, string, ...string[]]>([
    ['of another format', { format: 'pt' }, 'f: not a file that longhand export --to pytorch-training wrote'],
    ['whose network is another', { network: '{"inputs":3,"layers":[{"hidden":4}],"outputs":10}' }, 'must be [16,3]'],
    [
      'whose network contradicts its model',
      { network: { loss: 'squaredError' } },
      'f: metadata network is {"inputs":3,',
    ],
    ['whose length contradicts its options', { steps: '13' }, 'f: metadata steps is "13", but its model and options'],
    ['with a cursor beyond its order', { training: { cursor: 65 } }, 'cursor is 65, must be a whole number from 0'],
    ['with an option out of range', { options: { batchSize: 0 } }, 'f: options: batchSize 0: must be'],
    ['with a trained forget bias', {}, '"lstm.bias_hh_l0" is not the forget bias 1: it must', 'lstm.bias_hh_l0'],
    ['with NaN', {}, 'adam.v.fc.bias": element 0 is NaN, must be finite', 'adam.v.fc.bias'],
    ['with a negative mean of squares', {}, 'adam.v.outKernel[0,0] is -1: must be ≥ 0', 'adam.v.fc.weight'],
  ])('a file %s', async (_, texts, message, ...changed) => {
    const { metadata, tensors } = parseSafetensors(toPyTorchTraining(await checkpointOf(), 'f'), 'f');
    const others = Object.entries(texts).map(([key, value]): [string, string] => [
      key,
      typeof value === 'string'
        ? value
        : JSON.stringify({ ...(JSON.parse(metadata.get(key)!) as object), ...(value as object) }),
    ]);
    const changes = changed.map((key): [string, StoredTensor] => {
      const tensor = tensors.get(key)!;
      const values = new Float32Array(Uint8Array.from(tensor.bytes).buffer);
      values[0] = { 'adam.v.fc.bias': NaN, 'adam.v.fc.weight': -1 }[key] ?? 0.5;
      return [key, { ...tensor, bytes: new Uint8Array(values.buffer) }];
    });
    const file = { metadata: new Map([...metadata, ...others]), tensors: new Map([...tensors, ...changes]) };
    expectDataError(() => reread(writeSafetensors(file)), message);
  });

  test('a file without the state of its training', async () => {
    const { metadata, tensors } = parseSafetensors(toPyTorchTraining(await checkpointOf(), 'f'), 'f');
    const others = new Map([...metadata].filter(([key]) => key !== 'training'));
    expectDataError(() => reread(writeSafetensors({ metadata: others, tensors })), 'f: training: missing');
  });
});

/** MNIST's files with fewer training images, because a digest of all of them takes a second. */
function firstOfMnist(count: number): Record<string, Uint8Array> {
  const names = Object.values(FILES);
  const files: Record<string, Uint8Array> = Object.fromEntries(
    names.map((name) => [name, readFileSync(path.join(packagedDirectory(), name))]),
  );
  const { data: pixels } = parseIdx(files[FILES.trainImages], 3, 'images');
  const { data: labels } = parseIdx(files[FILES.trainLabels], 1, 'labels');
  files[FILES.trainImages] = idx([count, 28, 28], pixels.subarray(0, count * 28 * 28));
  files[FILES.trainLabels] = idx([count], labels.subarray(0, count));
  return files;
}

const SCRIPT = 'docs/continue-in-pytorch.py';
/** Steps before PyTorch continues, steps that it makes, and steps after they came back. */
const [BEFORE, THERE, AFTER] = [20, 20, 3];
const RUN = { batchSize: 32, displayStep: 1, learningRate: 0.01, trainingIters: 32 * (BEFORE + THERE + AFTER) + 1 };

/** Importing PyTorch takes two seconds, so one process imports it, and runs each script of its input in a fork. */
const FORKS = `
import json, os, runpy, sys
import torch
for line in sys.stdin:
    arguments, outputs = json.loads(line)
    child = os.fork()
    if child == 0:
        for descriptor, name in enumerate(outputs, 1):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), descriptor)
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
`;

/** What `python …` does with these arguments. */
function startForks(python: string) {
  // the networks are so small that more threads only wait for each other
  const env = { ...process.env, OMP_NUM_THREADS: '1' };
  const server = spawn(python, ['-c', FORKS], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(server, 'close');
  afterAll(async () => {
    server.stdin.end();
    await ended;
  });
  const codes = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  return async (args: readonly string[]) => {
    const outputs = ['stdout', 'stderr'].map((name) => inNewFolder(name));
    server.stdin.write(`${JSON.stringify([args, outputs])}\n`);
    const code = Number((await codes.next()).value);
    const [stdout, stderr] = outputs.map((file) => readFileSync(file, 'utf8'));
    return { code, stdout, stderr };
  };
}

const testedWithTorch = (python: string): void => {
  const run = startForks(python);
  const data = directoryOf(firstOfMnist(8000));
  const { train: images, validation } = loadMnist(data);

  test.each<[string, Partial<TrainOptions>, number]>([
    ['the tutorial’s network', { hidden: 16 }, 1],
    ['GRUs in both directions', { hidden: 8, layers: 2, bidirectional: true, cell: 'gru' }, 1],
    ['RNNs', { hidden: [9, 6], cell: 'rnn' }, 1],
    [
      'two layers in both directions, clipped, with a cosine schedule, in 2 processes',
      { hidden: 8, layers: 2, bidirectional: true, clipNorm: 1, clipValue: 0.1, schedule: 'cosine', warmUp: 25 },
      2,
    ],
    [
      'layers that differ, with SGD, a step schedule and validation',
      {
        hidden: [9, 6],
        optimiser: 'sgd',
        momentum: 0.8,
        schedule: 'step',
        decayEvery: 15,
        validateEvery: 30,
        clipNorm: 0.5,
      },
      1,
    ],
  ])('continues with the losses of Longhand, which continues from there: %s', async (_, options, processes) => {
    const backend = await createWasmBackend({ threads: 1 });
    const [lines, saved]: [number[], Checkpoint[]] = [[], []];
    const hooks = {
      ...('validateEvery' in options && { validation }),
      onLine: ({ loss }: { loss: number }) => lines.push(loss),
    };
    const onCheckpoint = (checkpoint: Checkpoint) => saved.push(checkpoint);
    const saving = { ...hooks, checkpointEvery: BEFORE, onCheckpoint };
    (await train(backend, images, { ...RUN, ...options }, saving)).dispose();
    const folder = directoryOf({ there: toPyTorchTraining(saved[0], 'there') });
    const [there, back] = ['there', 'back'].map((name) => path.join(folder, name));
    const args = ['--data', data, '--steps', String(THERE), '--processes', String(processes)];
    const { code, stdout, stderr } = await run([SCRIPT, there, back, ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

    const losses = [...stdout.matchAll(/^Iter (\d+), Minibatch Loss= (\d\.\d{6})$/gm)];
    expect(losses.map(([, iter]) => Number(iter) / RUN.batchSize - BEFORE)).toEqual(
      Array.from({ length: THERE }, (__, n) => n + 1),
    );
    losses.forEach(([, , loss], n) => expect(Math.abs(Number(loss) - lines[BEFORE + n])).toBeLessThan(1e-5));
    expect(Math.abs(lines[BEFORE + THERE - 1] - lines[BEFORE - 1])).toBeGreaterThan(0.01); // the steps changed it

    const returned = reread(readFileSync(back));
    expect(returned.training).toMatchObject({
      step: BEFORE + THERE,
      cursor: (BEFORE + THERE) * RUN.batchSize,
      backend: expect.stringMatching(/^PyTorch 2/) as string,
    });
    const first = lines.length;
    (await resumeTraining(backend, images, returned, {}, hooks)).dispose();
    const [expected, resumed] = [lines.slice(first - AFTER, first), lines.slice(first)];
    expect(resumed).toHaveLength(AFTER);
    resumed.forEach((loss, n) => expect(Math.abs(loss - expected[n])).toBeLessThan(1e-5));
    await backend.dispose();
  });

  /** A run whose file is `there`. */
  async function exported(options: Partial<TrainOptions> = {}, task: string | null = null): Promise<string> {
    const { model, training } = await checkpointOf(options);
    const there = toPyTorchTraining({ model, training: { ...training!, task } }, 'there');
    return path.join(directoryOf({ there }), 'there');
  }

  test('refuses a run whose data are not whole images', async () => {
    const message = (file: string) =>
      `${file}: this script trains classifiers of whole images: change it for other runs\n`;
    for (const there of [await exported({}, 'pixels'), await exported({ shift: 1 })]) {
      const args = [SCRIPT, there, 'back', '--data', data, '--steps', '1'];
      expect(await run(args)).toEqual({ code: 1, stdout: '', stderr: message(there) });
    }
  });

  test('refuses an output that would replace its input, by a link too', async () => {
    const there = await exported();
    const link = `${there}.link`;
    symlinkSync(there, link);
    const before = readFileSync(there);
    const { code, stdout, stderr } = await run([SCRIPT, there, link, '--data', data, '--steps', '1']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/ error: [^\n]*there\.link: the output must not replace a file that the run reads\n$/);
    expect(readFileSync(there)).toEqual(before);
  });

  test('refuses numbers of steps and processes that cannot be, before it reads a file', async () => {
    const wrong: [flag: string, value: string, least: number][] = [
      ['--steps', '-5', 0],
      ['--processes', '0', 1],
    ];
    for (const [flag, value, least] of wrong) {
      const args = [SCRIPT, 'none', 'back', '--data', data, '--steps', '1', `${flag}=${value}`];
      const { code, stdout, stderr } = await run(args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`argument ${flag}: must be a whole number >= ${least}`);
    }
    const there = await exported();
    const args = [SCRIPT, there, 'back', '--data', data, '--steps', '1', '--processes', '17'];
    expect(await run(args)).toEqual({
      code: 1,
      stdout: '',
      stderr: `${there}: each process needs an image, but a batch has only 16\n`,
    });
  });

  test('uses the cores of each computer, and draws other dropout masks in each process', async () => {
    // the script up to the point at which the processes meet, as process `rank` of 4 on a computer of 8 cores
    const text = `
import argparse, importlib.util, os, sys
spec = importlib.util.spec_from_file_location("script", sys.argv[1])
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
os.environ.update({"LOCAL_WORLD_SIZE": local for local in sys.argv[4:]})
os.cpu_count = lambda: 8
script.torch.set_num_threads = lambda count: print(count, end=" ")
def meet(*_, **__):
    print(script.torch.nn.functional.dropout(script.torch.ones(64)).bool().int().tolist())
    raise SystemExit
script.distributed.init_process_group = meet
script.run(int(sys.argv[3]), 4, "env://", argparse.Namespace(file=sys.argv[2]))
`;
    const program = inNewFolder('program.py');
    writeFileSync(program, text);
    const there = await exported();
    const met = async (rank: number, ...local: string[]): Promise<string[]> => {
      const args = [program, SCRIPT, there, String(rank), ...local];
      const { code, stdout, stderr } = await run(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return [stdout.slice(0, stdout.indexOf(' ')), stdout.slice(stdout.indexOf(' '))];
    };
    const [all, one, two] = [await met(0), await met(1, '1'), await met(0, '2')]; // 4, 1 and 2 processes on a computer
    expect([all, one, two].map(([threads]) => threads)).toEqual(['2', '8', '4']);
    expect(one[1]).not.toBe(all[1]);
    expect(two[1]).toBe(all[1]);
  });

  test('without a step changes no bit, and refuses other data', async () => {
    const small = directoryOf(mnistFiles(5064, 6));
    const saved = await lastCheckpointOf(loadMnist(small).train, { ...OPTIONS, layers: 2 });
    const folder = directoryOf({ there: toPyTorchTraining(saved, 'there') });
    const [there, back] = ['there', 'back'].map((name) => path.join(folder, name));
    const made = (directory: string) => run([SCRIPT, there, back, '--data', directory, '--steps', '0']);
    expect(await made(small)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(checkpointBytes(reread(readFileSync(back)))).toEqual(checkpointBytes(saved));
    const stderr = `${data}: the run began with other data\n`;
    expect(await made(data)).toEqual({ code: 1, stdout: '', stderr });
  });
};

type Numbers = readonly (number | Numbers)[];

const { text: fixture } = JSON.parse(readFileSync(new URL('../fixtures/parts.json', import.meta.url), 'utf8')) as {
  text: {
    text: string;
    hidden: number[];
    T: number;
    B: number;
    updates: number;
    learningRate: number;
    clipNorm: number;
    initial: Record<string, Numbers>;
    losses: number[];
    trained: Record<string, Numbers>;
    states: Numbers[][];
  };
};

const largestDifference = (found: ArrayLike<number>, expected: ArrayLike<number>): number => {
  expect(found).toHaveLength(expected.length);
  return Array.from(found, (value, n) => Math.abs(value - expected[n])).reduce((most, one) => Math.max(most, one), 0);
};

testOnce(
  '50 updates of a character model agree with PyTorch’s at 1e-9: losses, parameters, and the states at the end',
  async () => {
    const { text, T, B, hidden, learningRate, clipNorm, updates } = fixture;
    const vocabulary = vocabularyOf(text);
    const data = { train: { characters: classesIn(text, vocabulary), vocabulary, T }, validation: undefined };
    const options = { ...TUTORIAL, hidden, batchSize: B, learningRate, clipNorm, forgetBias: 0 };
    const start = await Training.start(createReferenceBackend({ dtype: 'f64' }), data, options).checkpoint();
    const { network } = start.model;
    const fromPyTorch = (tensors: Record<string, Numbers>) =>
      fromPyTorchLayout(network, modulesFor(network), (key) => Float64Array.from(tensors[key].flat(2) as number[]));
    const model = { ...start.model, parameters: fromPyTorch(fixture.initial) };
    const run = Training.resume(createReferenceBackend({ dtype: 'f64' }), data, { ...start, model });

    const losses: number[] = [];
    for (let n = 0; n < updates; n++) {
      await run.makeStep();
      losses.push((await run.network.metrics()).loss); // of the forward pass before the update
    }
    expect(largestDifference(losses, fixture.losses)).toBeLessThan(1e-12);
    const { model: trained, training } = await run.checkpoint();
    for (const [name, expected] of Object.entries(fromPyTorch(fixture.trained)))
      expect(largestDifference(valuesOf(trained.parameters[name]), valuesOf(expected))).toBeLessThan(1e-9);
    lstmsOf(network).forEach(({ suffix }, n) => {
      fixture.states[n].forEach((expected, k) => {
        const found = valuesOf(training!.states[`${'hc'[k]}0${suffix}`]);
        expect(largestDifference(found, expected.flat(2) as number[])).toBeLessThan(1e-12);
      });
    });
    expect(fixture.losses[updates - 1]).toBeLessThan(fixture.losses[0]);
  },
);

if (inTier(false, true)) describeTorch(SCRIPT, testedWithTorch);
