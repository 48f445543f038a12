/** The commands that read a saved network, and compare: eval, predict, inspect, compare. test/cli/export.test.ts has export and import. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { OWN_DATA } from '../../src/cli/tasks.js';
import { fill, valuesOf, zeros } from '../../src/core/tensor.js';
import { fillImages } from '../../src/data/batches.js';
import { SIDE } from '../../src/data/fit-drawing.js';
import { asPermutedPixels, asPixels } from '../../src/data/memory-tasks.js';
import { parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { loadCheckpoint, saveCheckpoint } from '../../src/training/checkpoint-files.js';
import { checkpointBytes } from '../../src/training/checkpoint.js';
import { TUTORIAL } from '../../src/training/options.js';
import { Training } from '../../src/door/training.js';
import { type Result, MAIN, quoted, runProcess } from '../helpers/longhand-process.js';
import { done, jsonLinesOf, jsonOf, longhand, misused, refused, words } from '../helpers/longhand.js';
import { testOnTerminal } from '../helpers/needs.js';
import { encodePng } from '../helpers/png.mjs';
import { checkpointOf, idx, IDX_COLUMNS, IDX_ROWS, mnistFiles, smallImages } from '../helpers/small-data.js';
import { directoryOf, inFolder } from '../helpers/temporary-directories.js';

const [ROWS, COLUMNS] = [IDX_ROWS, IDX_COLUMNS];
const FILES = mnistFiles(5600, 200);
const DATA = directoryOf(FILES);
const RUN = inFolder('run.safetensors');
let training: Result;

beforeAll(async () => {
  const small = words`--hidden 8 --batch-size 16 --training-iters 4000 --learning-rate 0.01`;
  training = await longhand(words`train --data ${DATA} ${small} --checkpoint ${RUN}`);
});

interface Evaluation {
  readonly set: string;
  readonly images: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly confusion: number[][];
  readonly classes: { class: number; images: number; right: number; precision: number; recall: number; f1: number }[];
}

describe('longhand eval', () => {
  test('prints the accuracy that training printed, and consistent tables', async () => {
    const report = jsonOf(await done(['eval', RUN, '--data', DATA, '--json'])) as Evaluation;
    expect(report).toMatchObject({ set: 'test', images: 200 });
    expect(training.stdout).toContain(`Testing Accuracy on all 200 images: ${report.accuracy}`);
    const total = report.confusion.flat().reduce((sum, count) => sum + count, 0);
    const right = report.confusion.reduce((sum, row, k) => sum + row[k], 0);
    expect([total, right / total]).toEqual([200, report.accuracy]);
    expect(report.classes).toHaveLength(10);
    for (const { class: k, images, right: known, precision, recall, f1 } of report.classes) {
      const said = report.confusion.reduce((sum, row) => sum + row[k], 0);
      expect(images).toBe(report.confusion[k].reduce((sum, count) => sum + count, 0));
      expect([known, recall]).toEqual([report.confusion[k][k], known / images]);
      expect(precision).toBe(said === 0 ? null : known / said);
      expect(f1).toBeCloseTo(
        said === 0 ? 0 : (2 * (known / said) * (known / images)) / (known / said + known / images || 1),
        12,
      );
    }
  });

  test('prints the tables as text', async () => {
    const { stdout } = await done(['eval', RUN, '--data', DATA]);
    expect(stdout).toMatch(
      /^200 test images: loss \d\.\d{6}, accuracy \d\.\d{4}\n\nclass +images +right +precision +recall +F1\n/,
    );
    expect(stdout.split('\n')).toHaveLength(2 + 11 + 1 + 1 + 1 + 11 + 1);
  });

  test('evaluates the other sets, with the same result on another backend', async () => {
    const evaluation = async (backend: string): Promise<Evaluation> =>
      jsonOf(await done(words`eval ${RUN} --data ${DATA} --set validation --json --backend ${backend}`)) as Evaluation;
    const [validation, reference] = [await evaluation('wasm'), await evaluation('reference')];
    expect(validation).toMatchObject({ set: 'validation', images: 5000 });
    expect(reference.confusion).toEqual(validation.confusion);
    expect(reference.loss).toBeCloseTo(validation.loss, 5);
  });

  test('refuses images of another size, and a missing checkpoint', async () => {
    expect(await refused(['eval', RUN])).toContain(
      'its network has T 2, inputs 3, but the data have T 28, inputs 28; the file names no other data than MNIST; name files like ' +
        'those of MNIST with --data; data of your own',
    );
    expect(await refused(['eval', inFolder('none')])).toContain('no such file');
  });

  test('refuses to evaluate MNIST if the run had other images of its size', async () => {
    const run = inFolder('other-images.safetensors');
    saveCheckpoint(run, await checkpointOf(smallImages(64, 28, 28), { hidden: 2, batchSize: 4, trainingIters: 12 }));
    expect(await refused(['eval', run])).toContain(
      "was trained on other data than the packaged ones: name MNIST's files with --data",
    );
  });

  test('says of a network for data of your own that these need a program', async () => {
    const run = inFolder('own.safetensors');
    saveCheckpoint(run, await checkpointOf(smallImages(64, 56, 17), { hidden: 2, batchSize: 4, trainingIters: 12 }));
    expect(await refused(['eval', run, '--data', DATA])).toBe(
      `longhand: ${run}: its network has T 56, inputs 17, but the data have T ${ROWS}, inputs ${COLUMNS}; the file names no ` +
        `other data than MNIST; name files like those of MNIST with --data${OWN_DATA}\n`,
    );
  });

  test.each([1, 1001])('refuses the task adding with %i steps, and so does train --resume', async (T) => {
    const run = await addingRun(T);
    const stderr = `longhand: ${run}: its sequences have T ${T}: the task adding has 2 to 1000 steps${OWN_DATA}\n`;
    expect(await refused(['eval', run])).toBe(stderr);
    expect(await refused(['train', '--resume', run])).toBe(stderr);
  });

  test('refuses other sequences than those of the task adding', async () => {
    const run = await addingRun(2);
    expect(await refused(['eval', run])).toBe(
      `longhand: ${run}: was trained on other sequences than those of the task adding${OWN_DATA}\n`,
    );
  });
});

/** The file of a run on sequences that have the name of the adding problem. */
async function addingRun(T: number): Promise<string> {
  const file = inFolder(`adding-${T}.safetensors`);
  const data = { x: zeros([4, T, 2]), targets: zeros([4, 1]), task: 'adding' };
  saveCheckpoint(file, await checkpointOf(data, { hidden: 1, batchSize: 4, trainingIters: 5 }));
  return file;
}

/** A PNG of the network's size, or `factor` times as large, with MNIST's bytes. */
function png(pixels: Uint8Array, { factor = 1, invert = false, alpha = false } = {}): Buffer {
  const image = new PNG({ width: COLUMNS * factor, height: ROWS * factor });
  for (let y = 0; y < ROWS * factor; y++) {
    for (let x = 0; x < COLUMNS * factor; x++) {
      const value = pixels[Math.floor(y / factor) * COLUMNS + Math.floor(x / factor)];
      const light = invert ? 255 - value : value;
      image.data.set(alpha ? [255, 255, 255, light] : [light, light, light, 255], 4 * (y * COLUMNS * factor + x));
    }
  }
  return PNG.sync.write(image);
}

const INTERLACED = { width: COLUMNS, height: ROWS, colourType: 0, depth: 8, interlaced: true } as const;

const READS = 'this network reads 3 × 2, or a whole multiple of it';

interface Prediction {
  readonly name: string;
  readonly prediction: number;
  readonly probabilities: number[];
  readonly rows?: number[][];
}

describe('longhand predict', () => {
  const pixels = FILES['t10k-images-idx3-ubyte'].subarray(16, 16 + ROWS * COLUMNS);
  const images = path.join(DATA, 't10k-images-idx3-ubyte');
  const predictions = async (args: readonly string[]): Promise<Prediction[]> =>
    jsonLinesOf(await done(['predict', RUN, ...args, '--json'])) as Prediction[];

  test('ends with exit code 1 if a probability is NaN, and so does eval', async () => {
    const run = inFolder('huge.safetensors');
    const { model, training: state } = loadCheckpoint(RUN);
    const huge = Object.entries(model.parameters).map(([name, { shape }]) => {
      const tensor = zeros(shape);
      fill(tensor, name === 'outKernel' ? 3e38 : 30);
      return [name, tensor] as const;
    });
    saveCheckpoint(run, { model: { ...model, parameters: Object.fromEntries(huge) }, training: state });
    const overflow = 'is NaN: a number in the network has overflowed: its weights are too large\n';
    for (const flags of [[], ['--rows'], ['--json']]) {
      expect(await refused(['predict', run, images, ...flags])).toBe(
        `longhand: ${run}: ${images}[0]: the probability of class 0 ${overflow}`,
      );
    }
    expect(await refused(['eval', run, '--data', DATA, '--json'])).toBe(`longhand: ${run}: loss ${overflow}`);
  });

  test('gives IDX files, plain and gzipped, the predictions that eval counts', async () => {
    const all = await predictions([images]);
    expect(all).toHaveLength(200);
    const labels = FILES['t10k-labels-idx1-ubyte'].subarray(8);
    const right = all.filter(({ prediction }, n) => prediction === labels[n]).length;
    const { accuracy } = jsonOf(await done(['eval', RUN, '--data', DATA, '--json'])) as Evaluation;
    expect(right / 200).toBe(accuracy);
    const packed = inFolder('images.gz');
    writeFileSync(packed, gzipSync(readFileSync(images)));
    const three = await predictions([packed, '--first', '3']);
    expect(three.map(({ name }) => name)).toEqual([0, 1, 2].map((n) => `${packed}[${n}]`));
    three.forEach(({ probabilities }, n) => expect(probabilities).toEqual(all[n].probabilities));
  });

  test.each([
    ['of the network’s size', png(pixels), []],
    ['five times as large', png(pixels, { factor: 5 }), []],
    ['with dark ink on light paper', png(pixels, { invert: true }), ['--invert']],
    ['white, with varying transparency', png(pixels, { alpha: true }), []],
    ['that is interlaced', encodePng({ ...INTERLACED, samples: pixels }), []],
  ])('gives a PNG %s the probabilities of the same bytes in IDX', async (_, bytes, flags) => {
    const file = inFolder('digit.png');
    writeFileSync(file, bytes);
    const [{ name, probabilities }] = await predictions([file, ...flags]);
    expect(name).toBe(file);
    expect(probabilities).toEqual((await predictions([images, '--first', '1']))[0].probabilities);
  });

  test('refuses --fit with a network that does not read 28 × 28 pixels', async () => {
    expect(await refused(['predict', RUN, images, '--fit'])).toContain(
      't10k-images-idx3-ubyte: --fit makes images of 28 × 28, but this network reads 2 × 3',
    );
  });

  test.each([
    ['pixels', asPixels],
    ['permuted pixels', asPermutedPixels],
  ])('reads 28 × 28 images with a network of the task “%s”', async (task, asRead) => {
    const eight = smallImages(8, SIDE, SIDE);
    const data = { train: asRead(eight), validation: undefined };
    const start = Training.start(createReferenceBackend(), data, { ...TUTORIAL, hidden: 3, batchSize: 8 });
    const [file, large] = [inFolder('pixels.safetensors'), inFolder('28x28.idx')];
    writeFileSync(file, checkpointBytes(await start.checkpoint()));
    writeFileSync(large, idx([8, SIDE, SIDE], eight.pixels));
    fillImages('images', start.network.activations.x, asRead(eight), [0, 1, 2, 3, 4, 5, 6, 7]);
    start.network.forward();
    const predicted = jsonLinesOf(await done(['predict', file, large, '--backend', 'reference', '--json']));
    const found = (predicted as Prediction[]).flatMap(({ probabilities }) => probabilities);
    const expected = [...valuesOf(start.network.activations.probabilities!)];
    expect([task, found.length]).toEqual([task, 80]);
    found.forEach((probability, n) => expect(probability).toBeCloseTo(expected[n], 6));
  });

  test('with --rows ends with the prediction of the whole image', async () => {
    const [{ prediction, probabilities, rows }] = await predictions([images, '--first', '1', '--rows']);
    expect(rows).toHaveLength(ROWS);
    expect(rows!.at(-1)).toEqual(probabilities);
    expect(rows![0]).not.toEqual(probabilities);
    for (const row of rows!) expect(row.reduce((sum, probability) => sum + probability, 0)).toBeCloseTo(1, 5);
    const { stdout } = await done(['predict', RUN, images, '--first', '1', '--rows']);
    expect(stdout).toMatch(
      new RegExp(
        `^.*\\[0\\]: ${prediction} \\(\\d\\.\\d{4}\\), then \\d \\d\\.\\d{4}, \\d \\d\\.\\d{4}\n\nrow .*\n  1 │.{3}│ \\d.*\n  2 │.{3}│ ${prediction}.*\n`,
      ),
    );
  });

  test.each([
    ['of another size', () => PNG.sync.write(new PNG({ width: 4, height: 2 })), `4 × 2 pixels; ${READS}\n`],
    ['of another format', () => Buffer.from('GIF89a'), 'is neither PNG nor IDX: save it as PNG\n'],
    ['of IDX labels', () => FILES['t10k-labels-idx1-ubyte'], 'magic number'],
  ])('refuses a file %s', async (_, bytes, message) => {
    const file = inFolder('wrong.png');
    writeFileSync(file, bytes());
    expect(await refused(['predict', RUN, file])).toContain(message);
  });
});

describe('longhand inspect', () => {
  test('shows tensors, shapes, norms, histograms and metadata', async () => {
    const { stdout } = await done(['inspect', RUN]);
    expect(stdout).toMatch(/^format +longhand checkpoint$/m);
    expect(stdout).toMatch(/^kernel +F32 +\[11,32\] +\d/m);
    expect(stdout).toMatch(/^order +U32 +\[600\] +\S+ +299\.5 +0\.000 +599\.0 +█{16}$/m);
    const { tensors } = jsonOf(await done(['inspect', RUN, '--json'])) as {
      tensors: { name: string; statistics: { norm: number; histogram: number[]; nonFinite: number } | null }[];
    };
    const { parameters } = loadCheckpoint(RUN).model;
    const kernel = tensors.find(({ name }) => name === 'kernel')!.statistics!;
    expect(kernel.norm).toBeCloseTo(Math.hypot(...parameters.kernel.data), 10);
    expect(kernel.histogram.reduce((sum, count) => sum + count, 0)).toBe(11 * 32);
    expect(kernel.nonFinite).toBe(0);
  });

  test('shows a damaged checkpoint, and then says so with exit code 1, as other commands do', async () => {
    const file = inFolder('damaged.safetensors');
    const { metadata, tensors } = parseSafetensors(readFileSync(RUN), RUN);
    const spoilt = (change: (metadata: Map<string, string>) => unknown): void => {
      const changed = new Map(metadata);
      change(changed);
      writeFileSync(file, writeSafetensors({ metadata: changed, tensors }));
    };
    const { stdout } = await done(['inspect', RUN]);
    const damaged = `longhand: ${file}: damaged: its checksum does not match its contents\n`;
    for (const change of [
      (changed: Map<string, string>) => changed.set('checksum', '0'.repeat(64)),
      (changed: Map<string, string>) => changed.delete('checksum'),
    ]) {
      spoilt(change);
      const [text, json] = [await longhand(['inspect', file]), await longhand(['inspect', file, '--json'])];
      for (const shown of [text, json]) expect([shown.code, shown.stderr]).toEqual([1, damaged]);
      expect(jsonOf(json)).toHaveProperty('tensors');
      expect(text.stdout.split('\n').slice(-9)).toEqual(stdout.split('\n').slice(-9));
    }
    spoilt((changed) => changed.set('formatVersion', '9')); // nothing is known of its checksum
    await done(['inspect', file]);
  });

  test('reads any file, even with NaN and escape sequences', async () => {
    const file = inFolder('strange.safetensors');
    const values = Float32Array.of(1, NaN, -Infinity, 3);
    writeFileSync(
      file,
      writeSafetensors({
        metadata: new Map([['note', 'red \u001b[31m\r']]),
        tensors: new Map([
          ['a\u001b[2J', { dtype: 'F32', shape: [4], bytes: new Uint8Array(values.buffer) }],
          ['empty', { dtype: 'F32', shape: [0], bytes: new Uint8Array() }],
          ['half', { dtype: 'BF16', shape: [], bytes: new Uint8Array(2) }],
        ]),
      }),
    );
    const { stdout } = await done(['inspect', file]);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('\r');
    expect(stdout).toMatch(/^a\\u001b\[2J +F32 +\[4\] +3\.162 +2\.000 +1\.000 +3\.000 +█ +█ +2$/m);
    expect(stdout).toMatch(/^half +BF16 +\[\] +0\.000 /m);
    expect(stdout).toMatch(/^empty +F32 +\[0\]$/m);
  });
});

describe('longhand compare', () => {
  test('accepts its template; with another forget bias it names the mistake', async () => {
    const file = inFolder('mine.safetensors');
    const written = await longhand(['compare', file, '--template']);
    expect([written.code, written.stdout]).toEqual([0, '']);
    const good = await done(['compare', file, '--tolerance', '1e-12']);
    expect(good.stdout).toMatch(/^tensor +shape .*\nloss +\[\] .* ok\n/);
    expect(good.stdout.match(/ ok$/gm)).toHaveLength(11);

    const { metadata, tensors } = parseSafetensors(readFileSync(file), file);
    writeFileSync(file, writeSafetensors({ tensors, metadata: new Map(metadata).set('forgetBias', '0.5') }));
    const bad = await longhand(['compare', file]);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toMatch(/ DIFFERS$/m);
    expect(bad.stdout).toContain('\nYour numbers match an LSTM in which the forget bias, 0.5, is added twice.\n');
    const json = await longhand(['compare', file, '--json']);
    const report = { ok: false, search: { tried: 28, of: 28 } };
    expect([json.code, jsonOf(json)]).toEqual([1, expect.objectContaining(report)]);
    const unlimited = await longhand(['compare', file, '--no-limit']);
    expect([unlimited.code, unlimited.stdout, unlimited.stderr]).toEqual([1, bad.stdout, '']);
  });

  testOnTerminal('shows a progress bar on a terminal while it computes, and clears it at the end', async () => {
    const file = inFolder('watched.safetensors');
    await longhand(['compare', file, '--template']);
    const command = [process.execPath, MAIN, 'compare', file].map(quoted).join(' ');
    const { code, stdout } = await runProcess('script', ['--quiet', '--return', '--command', command, '/dev/null']);
    expect(code).toBe(0);
    const [bar, table] = stdout.split(/(?=tensor +shape)/);
    expect(bar).toMatch(/measuring, 0%/);
    // eslint-disable-next-line no-control-regex -- control sequences: to the line's start, and clear the line
    expect(bar).toMatch(/\u001b\[1G\u001b\[2K$/);
    expect(table).not.toContain('%');
  });

  test('an example of a network agrees, and every result is listed', async () => {
    const file = path.join(directoryOf(), 'deep.safetensors');
    const kind = '--layers 2 --bidirectional --lengths --reads every --loss squaredError --seed 3'.split(' ');
    expect(await longhand(['compare', '--template', file, ...kind])).toMatchObject({ code: 0, stdout: '' });
    const { code, stdout } = await longhand(['compare', file, '--tolerance', '1e-12']);
    expect([code, stdout.match(/ ok$/gm)?.length]).toEqual([0, 18]);
    expect(stdout).toMatch(/^d\.kernel\.1\.reverse +\[18,24\] /m);
  });

  test.each(['--layers 2', '--bidirectional', '--lengths', '--reads every', '--loss crossEntropy', '--force'])(
    '%s needs --template',
    async (flag) => {
      const [name] = flag.split(' ');
      expect(await misused(words`compare mine ${flag.split(' ')}`)).toBe(`error: ${name} needs --template\n`);
      expect(existsSync('mine')).toBe(false);
    },
  );

  test('refuses a file without the inputs of a comparison', async () => {
    expect(await refused(['compare', RUN])).toContain('has no tensor "x"');
  });
});

test.each(['train', 'eval', 'predict', 'inspect', 'export', 'import', 'compare', 'gradcheck'])(
  'longhand %s --help has examples, and --json',
  async (command) => {
    const { stdout } = await done([command, '--help']);
    expect(stdout).toContain(`\nExamples:\n  longhand ${command}`);
    expect(stdout).toContain('--json');
  },
);
