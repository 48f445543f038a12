/**
 * `npm run test:fuzz -- --cases 100000`: mutated files for every reader, or for one (`--reader table`). Each file must be read, or refused with a DataError of one
 * line, in bounded time and memory. Anything else ends the run with the seed of the case. Before these, every value of every JSON
 * text in the files is replaced by values of other types, at every depth.
 */
import { deflateSync, gzipSync } from 'node:zlib';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chunk, encodePng, FORMS, header, pngOf, randomImage, rowsOf, SAMPLES } from './helpers/png.mjs';

const dist = path.join(fileURLToPath(new URL('..', import.meta.url)), 'dist');
const load = (file) => import(path.join(dist, file));
const { createReferenceBackend } = await load('kernels/reference/index.js');
const { checkpointBytes, parseCheckpoint, signed } = await load('src/training/checkpoint.js');
const { compareFile } = await load('src/compare/compare.js');
const { templateOf } = await load('src/compare/template.js');
const { DataError, OutOfMemoryError } = await load('src/core/errors.js');
const { fromPyTorch, toPyTorch } = await load('src/export/pytorch.js');
const { fromPyTorchTraining, toPyTorchTraining } = await load('src/export/pytorch-training.js');
const { fromTensorFlow1, toTensorFlow1 } = await load('src/export/tensorflow.js');
const { imagesIn } = await load('src/cli/images.js');
const { decodePng } = await load('src/cli/png.js');
const { historyIn } = await load('src/cli/history.js');
const { parseLabelledImages } = await load('src/data/mnist.js');
const { unpacked } = await load('src/data/mnist-files.js');
const { Random } = await load('src/core/rng.js');
const { parseSafetensors, writeSafetensors } = await load('src/files/safetensors.js');
const { tensorFrom } = await load('src/core/tensor.js');
const { textTask } = await load('src/data/text.js');
const { train } = await load('src/door/train.js');
const { Training } = await load('src/door/training.js');

const SLOWEST_MS = 2000;
const MOST_MEMORY_MIB = 600;

const ROWS = 4;
const COLUMNS = 3;
const backend = createReferenceBackend({ dtype: 'f64' });

/** The readers, each with valid files to start from. */
async function subjects() {
  const images = idx([20, ROWS, COLUMNS]);
  const labels = idx([20]);
  const runs = [await aRun(), await aNewestRun(), await aTextRun()];
  const [checkpoint, newestCheckpoint] = runs.map((run) => run.checkpoint);
  const checkpoints = runs.map((run) => checkpointBytes(run.checkpoint));
  const template = writeSafetensors(await templateOf(backend, 1));
  const network = { bidirectional: true, lengths: true, reads: 'every' };
  const both = writeSafetensors(await templateOf(backend, 1, network));
  const png = encodePng(GREY);
  const drawings = pngOfEveryForm();
  const pictures = new Set(drawings.map(pictureIn));
  return [
    {
      name: 'IDX',
      seeds: [images, labels],
      read: (file) => parseLabelledImages({ bytes: file, name: 'images' }, { bytes: labels, name: 'labels' }),
    },
    { name: 'gzip', seeds: [gzipSync(images), gzipSync(Buffer.alloc(100_000))], read: (file) => unpacked(file, 'f') },
    { name: 'safetensors', seeds: [...checkpoints, template], read: (file) => parseSafetensors(file, 'f') },
    {
      name: 'checkpoint',
      seeds: checkpoints,
      mutate: mutateSigned,
      read: (file, seed) => makeOneStep(parseCheckpoint(file, 'f'), runs[checkpoints.indexOf(seed)].data),
    },
    {
      name: 'comparison',
      seeds: [template, both],
      mutate: mutateTensors,
      read: (file) => compareFile(backend, parseSafetensors(file, 'f'), 1e-4, 'f'),
    },
    {
      name: 'PyTorch',
      seeds: runs.map((run) => toPyTorch(run.checkpoint.model)),
      mutate: mutateTensors,
      read: (file) => fromPyTorch(parseSafetensors(file, 'f'), 4, 'f'),
    },
    {
      name: 'PyTorch run',
      seeds: [checkpoint, newestCheckpoint].map((saved) => toPyTorchTraining(saved, 'f')),
      mutate: mutateTensors,
      read: (file) => fromPyTorchTraining(parseSafetensors(file, 'f'), 'f'),
    },
    {
      name: 'TensorFlow 1',
      seeds: [toTensorFlow1(checkpoint.model)],
      mutate: mutateTensors,
      read: (file) => fromTensorFlow1(parseSafetensors(file, 'f'), 4, 1, 'f'),
    },
    {
      name: 'PNG',
      seeds: [png, gzipSync(png)],
      mutate: mutatePng,
      read: (file) => [...imagesIn(file, ROWS, COLUMNS, 'f')],
    },
    {
      name: 'PNG to fit',
      seeds: [png],
      mutate: mutatePng,
      read: (file) => [...imagesIn(file, 28, 28, 'f', { fit: true, invert: file.length % 2 === 0 })],
    },
    {
      name: 'PNG picture',
      seeds: drawings,
      mutate: (random, seed) => (random.below(4) === 0 ? withText(seed) : mutateBytes(random, seed)),
      read: (file) => {
        if (!pictures.has(pictureIn(file))) throw new Error('read as another picture');
      },
    },
    {
      name: 'CSV',
      seeds: [Buffer.from('set,step,loss,accuracy\ntrain,10,2.25,0.5\n')],
      read: (file) => historyIn(file, 'f.csv'),
    },
    {
      name: 'NDJSON',
      mutate: mutateLine,
      seeds: [Buffer.from('{"set":"train","step":10,"loss":2.25,"accuracy":0.5}\n')],
      read: (file) => historyIn(file, 'f.ndjson'),
    },
  ];
}

/** A run of version 1: its data, and its last checkpoint. */
async function aRun() {
  const count = 20;
  const set = { count, rows: ROWS, columns: COLUMNS };
  const images = { ...set, pixels: new Uint8Array(count * ROWS * COLUMNS).fill(99), labels: new Uint8Array(count) };
  return runOf(images, { hidden: 2 });
}

/** Two layers in both directions, classes, lengths, a loss at every step, SGD, names of classes and of the data, and metadata: of version 3. */
async function aNewestRun() {
  const [x, labels] = [tensorFrom(new Float32Array(60).fill(1), [20, 3]), new Uint8Array(60)];
  const data = { x, labels, lengths: new Uint8Array(20).fill(2), inputClasses: 2, classes: ['a', 'b'], task: 'fuzz' };
  const run = await runOf(data, { hidden: [2, 1], bidirectional: true, dropout: 0.5, optimiser: 'sgd' });
  return { ...run, checkpoint: { ...run.checkpoint, metadata: { scale: [{ mean: 0.5 }], made: null } } };
}

/** A run on a text, which has a vocabulary, and states between its batches. */
function aTextRun() {
  const { train: text } = textTask('to be or not to be, that is the question\n'.repeat(3), { T: 3 });
  return runOf(text, { hidden: [2, 3], validateEvery: 2, patience: 9 });
}

async function runOf(data, options) {
  let checkpoint;
  const validates = options.validateEvery !== undefined;
  const hooks = { ...(validates && { validation: data }), onCheckpoint: (one) => (checkpoint = one) };
  const network = await train(createReferenceBackend(), data, { batchSize: 4, trainingIters: 12, ...options }, hooks);
  network.dispose();
  return { data, checkpoint };
}

/** Resumes a run on its data: a file that is read must not fail there with another error either. */
async function makeOneStep(checkpoint, data) {
  if (!checkpoint.training) return;
  try {
    const training = Training.resume(createReferenceBackend(), { train: data, validation: data }, checkpoint);
    await training.makeStep();
    training.dispose();
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
    throw new DataError(error.message);
  }
}

function idx(shape) {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x800 + shape.length, 0);
  shape.forEach((extent, axis) => header.writeUInt32BE(extent, 4 + 4 * axis));
  const size = shape.reduce((product, extent) => product * extent, 1);
  return Buffer.concat([header, Buffer.from(Array.from({ length: size }, (_, n) => n % 10))]);
}

/** 8-bit grey, of the network's size. */
const GREY = {
  width: COLUMNS,
  height: ROWS,
  colourType: 0,
  depth: 8,
  samples: new Uint8Array(ROWS * COLUMNS).fill(7),
};

function pngOfEveryForm() {
  const random = new Random(3);
  return FORMS.flatMap(([colourType, depth]) =>
    [false, true].map((interlaced) =>
      encodePng(randomImage((limit) => random.below(limit), { width: 5, height: 6, colourType, depth, interlaced })),
    ),
  );
}

function pictureIn(file) {
  const { width, height, rgba } = decodePng(file, 'f');
  return `${width} × ${height}: ${Buffer.from(rgba).toString('base64')}`;
}

/** With a text chunk behind its header, which does not change the picture. */
const withText = (png) => Buffer.concat([png.subarray(0, 33), chunk('tEXt', Buffer.from('a')), png.subarray(33)]);

/** Changes that leave the checksums valid: another header, other rows, another palette, or chunks cut, doubled and exchanged. */
function mutatePng(random, seed) {
  if (random.below(4) === 0) return mutateBytes(random, seed);
  const factor = 1 + random.below(3);
  const [width, height] = [COLUMNS * factor, ROWS * factor];
  const [depth, colourType] = [[1, 2, 4, 8, 16][random.below(5)], [0, 2, 3, 4, 6][random.below(5)]];
  const form = { width, height, depth, colourType, interlaced: random.below(2) === 0 };
  const samples = Array.from({ length: width * height * SAMPLES[colourType] }, () => random.below(2 ** depth));
  const right = rowsOf({ ...form, samples });
  const length = [0, 1, right.length - 1, right.length + 1, 1000][random.below(5)];
  const rows = random.below(4) === 0 ? Buffer.concat([right, Buffer.alloc(1000)]).subarray(0, length) : right;
  const head = random.below(4) === 0 ? mutateBytes(random, header(form)) : header(form);
  const colours = random.below(4) === 0 ? random.below(9) : 3 * 2 ** Math.min(8, depth);
  const palette = colourType === 3 || random.below(8) === 0 ? [chunk('PLTE', Buffer.alloc(colours, 99))] : [];
  const transparency = random.below(4) === 0 ? [chunk('tRNS', Buffer.alloc(random.below(7), 99))] : [];
  const compressed = deflateSync(rows, { level: random.below(10) });
  const png = pngOf(chunk('IHDR', head), ...palette, ...transparency, chunk('IDAT', compressed));
  return random.below(4) === 0 ? mutateBytes(random, png) : png;
}

/** One to four changes of the bytes. */
function mutateBytes(random, seed) {
  let bytes = Buffer.from(seed);
  for (let changes = 1 + random.below(4); changes > 0; changes--) bytes = changeBytes(random, bytes);
  return bytes;
}

const WORDS = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const TEXTS = ['{', '}', '[', ']', '"', ',', ':', '\\', 'null', '1e999', '-1', '0.5', '9007199254740993', '"a":'];

function changeBytes(random, bytes) {
  if (bytes.length === 0) return Buffer.from([random.below(256)]);
  const at = random.below(bytes.length);
  // half of all changes near the start, where headers are
  const near = random.below(2) === 0 ? at : random.below(Math.min(bytes.length, 64));
  const changed = Buffer.from(bytes);
  switch (random.below(8)) {
    case 0:
      changed[near] ^= 1 << random.below(8);
      return changed;
    case 1:
      changed[near] = random.below(256);
      return changed;
    case 2:
      return changed.subarray(0, at);
    case 3:
      return Buffer.concat([changed, changed.subarray(at)]);
    case 4:
      return Buffer.concat([changed.subarray(0, near), changed.subarray(near + 1 + random.below(8))]);
    case 5: {
      const word = WORDS[random.below(WORDS.length)];
      if (near + 4 <= changed.length)
        random.below(2) === 0 ? changed.writeUInt32LE(word, near) : changed.writeUInt32BE(word, near);
      return changed;
    }
    case 6: {
      const text = Buffer.from(TEXTS[random.below(TEXTS.length)]);
      return Buffer.concat([changed.subarray(0, near), text, changed.subarray(near)]);
    }
    default: {
      const length = 1 + random.below(16);
      const part = changed.subarray(at, at + length);
      return Buffer.concat([changed.subarray(0, near), part, changed.subarray(near)]);
    }
  }
}

/** Changes that the format allows: tensors and texts that a valid file could have. */
function changedFile(random, seed) {
  const file = parseSafetensors(seed, 'f');
  const metadata = new Map(file.metadata);
  const tensors = new Map(file.tensors);
  const key = [...tensors.keys()][random.below(tensors.size)];
  const tensor = tensors.get(key);
  switch (random.below(6)) {
    case 0:
      tensors.delete(key);
      break;
    case 1: {
      const length = random.below(12);
      tensors.set(key, { dtype: 'F32', shape: [length], bytes: new Uint8Array(4 * length) });
      break;
    }
    case 2:
      tensors.set(random.below(2) === 0 ? '__proto__' : `x${key}`, tensor);
      break;
    case 3: {
      const bytes = mutateBytes(random, tensor.bytes);
      const fitted = new Uint8Array(tensor.bytes.length);
      fitted.set(bytes.subarray(0, fitted.length));
      tensors.set(key, { ...tensor, bytes: fitted });
      break;
    }
    case 4: {
      const texts = [...metadata].filter(isJson);
      if (texts.length === 0) break;
      const [name, text] = texts[random.below(texts.length)];
      const values = [...changedValues(JSON.parse(text))];
      metadata.set(name, JSON.stringify(values[random.below(values.length)]));
      break;
    }
    default: {
      const text = [...metadata.keys()][random.below(Math.max(1, metadata.size))] ?? 'forgetBias';
      metadata.set(text, mutateBytes(random, Buffer.from(metadata.get(text) ?? '1')).toString('utf8'));
    }
  }
  return { metadata, tensors };
}

/** Values that a field does not have, and some that another field has. */
const WRONG_VALUES = [
  null,
  true,
  5,
  -1,
  0.5,
  1e300,
  '',
  'x',
  'legacy',
  'sgd',
  'every',
  [],
  [null],
  [[1]],
  {},
  { a: 1 },
];
/** In place of a value: its field, or its place in a list, is left out. */
const NOTHING = Symbol('nothing');

/** `value` with one value in it replaced by each of WRONG_VALUES, or left out; of a list, only the first three and the last. */
function* changedValues(value) {
  yield* WRONG_VALUES;
  if (typeof value !== 'object' || value === null) return;
  const keys = Object.keys(value).filter((_, n, { length }) => !Array.isArray(value) || n < 3 || n === length - 1);
  for (const key of keys) {
    for (const changed of [NOTHING, ...changedValues(value[key])]) {
      const copy = Array.isArray(value) ? [...value] : { ...value };
      if (changed !== NOTHING) copy[key] = changed;
      else if (Array.isArray(copy)) copy.splice(Number(key), 1);
      else delete copy[key];
      yield copy;
    }
  }
}

const isJson = ([, text]) => /^[[{]/.test(text);

/** The file with each wrong value in each JSON text of its metadata. */
function* withWrongValues({ metadata, tensors }) {
  for (const [key, text] of [...metadata].filter(isJson)) {
    for (const changed of changedValues(JSON.parse(text))) {
      yield { metadata: new Map(metadata).set(key, JSON.stringify(changed)), tensors };
    }
  }
}

/** A row of a history with a wrong value. */
const mutateLine = (random, seed) => {
  if (random.below(2) === 0) return mutateBytes(random, seed);
  const rows = [...changedValues(JSON.parse(seed))];
  return Buffer.from(`${JSON.stringify(rows[random.below(rows.length)])}\n`);
};

/** The first of `values`, and then one of `every`. */
function* oneOf(every, values) {
  let n = 0;
  for (const value of values) if (n++ % every === 0) yield value;
}

/** A file of this seed for one of `every` wrong values of its JSON texts. */
function* filesWithWrongValues({ name, mutate }, seed, every) {
  if (name === 'NDJSON') {
    for (const row of oneOf(every, changedValues(JSON.parse(seed)))) yield Buffer.from(`${JSON.stringify(row)}\n`);
  } else if (mutate === mutateSigned || mutate === mutateTensors) {
    const asWritten = mutate === mutateSigned ? signed : (file) => file;
    const changed = oneOf(every, withWrongValues(parseSafetensors(seed, 'f')));
    for (const file of changed) yield writeSafetensors(asWritten(file));
  }
}

const mutateTensors = (random, seed) =>
  random.below(4) === 0 ? mutateBytes(random, seed) : writeSafetensors(changedFile(random, seed));

/** With a correct checksum; some are unchanged. */
function mutateSigned(random, seed) {
  const kind = random.below(8);
  if (kind === 0) return mutateBytes(random, seed);
  return kind === 1 ? seed : writeSafetensors(signed(changedFile(random, seed)));
}

/** Whether the file is read; false if it is refused as it should be. Throws for every other outcome. */
async function outcome(read, file, seed, which) {
  try {
    await read(file, seed);
    return true;
  } catch (error) {
    if (error instanceof DataError && !error.message.includes('\n')) return false;
    throw new Error(`${which}: ${Buffer.from(file).toString('base64').slice(0, 2000)}`, { cause: error });
  }
}

/** One of `every` wrong values in the JSON texts of the files. Returns how many of these files were read, and how many refused. */
export async function wrongValues(every) {
  const counts = { read: 0, refused: 0 };
  for (const subject of await subjects()) {
    for (const seed of subject.seeds) {
      for (const file of filesWithWrongValues(subject, seed, every)) {
        const isRead = await outcome(subject.read, file, seed, `wrong value: ${subject.name}`);
        counts[isRead ? 'read' : 'refused']++;
      }
    }
  }
  return counts;
}

/** Runs `cases` cases, spread over all readers, or for one of them. Throws an Error that names the first that is neither read nor refused. */
export async function fuzz({ cases, seed, reader }) {
  const all = (await subjects()).filter(({ name }) => reader === undefined || name === reader);
  const counts = Object.fromEntries(all.map(({ name }) => [name, { read: 0, refused: 0 }]));
  let slowest = 0;
  let memoryMiB = 0; // resourceUsage would report a larger process from which this one was forked
  for (let number = 0; number < cases; number++) {
    const { name, seeds, read, mutate = mutateBytes } = all[number % all.length];
    const random = new Random((seed * 1_000_003 + number) % 2 ** 31);
    const origin = seeds[random.below(seeds.length)];
    const file = mutate(random, origin);
    const startedAt = process.cpuUsage(); // in μs of work: a busy computer does not add to it
    const isRead = await outcome(read, file, origin, `case ${number} of seed ${seed}: ${name}`);
    counts[name][isRead ? 'read' : 'refused']++;
    const { user, system } = process.cpuUsage(startedAt);
    const ms = (user + system) / 1000;
    slowest = Math.max(slowest, ms);
    memoryMiB = Math.max(memoryMiB, process.memoryUsage.rss() / 2 ** 20);
    if (ms > SLOWEST_MS) throw new Error(`case ${number} of seed ${seed}: ${name}: took ${ms.toFixed(0)} ms`);
  }
  if (memoryMiB > MOST_MEMORY_MIB) throw new Error(`${memoryMiB.toFixed(0)} MiB at most, more than ${MOST_MEMORY_MIB}`);
  return { counts, slowest, memoryMiB };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      reader: { type: 'string' },
      every: { type: 'string', default: '1' }, // the wrong values in JSON of which one is tried
    },
  });
  const { read: harmless, refused: wrong } = await wrongValues(Number(values.every));
  console.log(`wrong values in JSON: ${harmless} read, ${wrong} refused`);
  const { counts, slowest, memoryMiB } = await fuzz({
    ...values,
    cases: Number(values.cases),
    seed: Number(values.seed),
  });
  for (const [name, { read, refused }] of Object.entries(counts)) {
    console.log(`${name.padEnd(14)} ${String(read).padStart(7)} read ${String(refused).padStart(7)} refused`);
  }
  console.log(`slowest ${slowest.toFixed(0)} ms, at most ${memoryMiB.toFixed(0)} MiB; no crash, no other error`);
}
