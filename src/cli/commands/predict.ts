/** `longhand predict`: a saved network's predictions for the user's images, after the last row or after each row. */
import { Command } from 'commander';
import { counted } from '../../core/arguments.js';
import type { Backend } from '../../core/backend.js';
import { DataError } from '../../core/errors.js';
import { yieldToEventLoop } from '../../core/event-loop.js';
import { fillImages } from '../../data/batches.js';
import { type LabelledImages, CLASSES } from '../../data/mnist.js';
import type { Network } from '../../network/network.js';
import { loadCheckpoint } from '../../training/checkpoint-files.js';
import type { SavedModel } from '../../training/checkpoint.js';
import { firstProbabilities, probabilitiesByRow } from '../../training/predict.js';
import { type BackendFlags, withBackend, withBackendOptions } from '../backends.js';
import { wholeNumber } from '../flag-values.js';
import { printable, inform, printJson, printLines } from '../print.js';
import { type NamedImage, readImages } from '../images.js';
import { networkOn } from '../memory.js';
import { imagesOfTask } from '../tasks.js';

const MOST_COPIES = 32;
/** The network does not read it. */
const NO_LABEL = Uint8Array.of(0);

interface PredictFlags extends BackendFlags {
  readonly first?: number;
  readonly rows: boolean;
  readonly invert: boolean;
  readonly fit: boolean;
  readonly json: boolean;
}

interface Prediction {
  readonly name: string;
  readonly prediction: number;
  readonly probabilities: readonly number[];
  /** The probabilities as if the image ended after row 1, 2, …. */
  readonly rows?: readonly (readonly number[])[];
}

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('Predict the digit in an image with a saved network.')
    .argument('<file>', 'a checkpoint')
    .argument(
      '<data...>',
      "PNG or IDX files in the network's image size (a PNG may be a whole multiple of it); any size with --fit",
    )
    .option('--first <count>', 'use at most the first <count> images of each file', wholeNumber(1))
    .option('--rows', 'show the prediction after each row of the image', false)
    .option('--invert', 'invert the image: for dark ink on light paper (MNIST is light on dark)', false)
    .option('--fit', 'scale and centre the drawing as MNIST does', false)
    .option('--json', 'print one JSON object per image', false);
  return withBackendOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  longhand predict run.safetensors digit.png
  longhand predict run.safetensors drawing.png --fit --invert --rows
  longhand predict run.safetensors t10k-images-idx3-ubyte.gz --first 10 --json`,
    )
    .action(async (file: string, files: readonly string[], flags: PredictFlags) => {
      const { saved, task } = loadClassifier(file);
      const { rows, columns, asRead } = imagesOfTask(task, saved);
      const images = files.map((name) => readImages(name, rows, columns, flags)); // a faulty file ends the command here
      await withBackend(flags, command, async (backend, signal) => {
        const model = networkOn(backend, saved, flags.rows ? copiesFor(saved) : 1);
        for (const image of inTurn(images)) {
          await yieldToEventLoop();
          signal.throwIfAborted();
          if (image.hint !== undefined) inform(`${image.name}: ${image.hint}`);
          const read = asRead({ count: 1, rows, columns, pixels: image.pixels, labels: NO_LABEL });
          const prediction = await predict(backend, model, file, image.name, read, flags.rows);
          if (flags.json) printJson(prediction);
          else printLines(asText(prediction, read));
        }
        model.dispose();
      });
    });
}

/** The network of a checkpoint, and its task. Throws a DataError unless it classifies images into MNIST's ten classes. */
function loadClassifier(file: string): { saved: SavedModel; task: string | null } {
  const { model, training } = loadCheckpoint(file);
  const { outputs, reads, loss, inputKind } = model.network;
  if (reads !== 'last' || loss !== 'crossEntropy' || inputKind !== 'numbers') {
    throw new DataError(
      `${file}: its network does not classify images: it reads ${inputKind}, with ${loss} at ${reads} step`,
    );
  }
  if (outputs !== CLASSES)
    throw new DataError(`${file}: its network has ${counted(outputs, 'class', 'classes')}, but MNIST has ${CLASSES}`);
  return { saved: model, task: training?.task ?? null };
}

/** How many copies of an image `probabilitiesByRow` reads at once. In one direction it needs no copies. */
function copiesFor({ T, network }: SavedModel): number {
  return network.layers.some(({ bidirectional }) => bidirectional) ? Math.min(T, MOST_COPIES) : 1;
}

function* inTurn(files: readonly Iterable<NamedImage>[]): Generator<NamedImage> {
  for (const images of files) yield* images;
}

async function predict(
  backend: Backend,
  model: Network,
  file: string,
  name: string,
  image: LabelledImages,
  withRows: boolean,
): Promise<Prediction> {
  const { x } = model.activations;
  fillImages('predict', x, image, [0]);
  backend.upload(x);
  model.forward();
  const what = `${file}: ${name}`;
  const probabilities = [...(await firstProbabilities(model, what))];
  const prediction = probabilities.indexOf(Math.max(...probabilities));
  if (!withRows) return { name, prediction, probabilities };
  const rows = (await probabilitiesByRow(model, what)).map((row) => [...row]);
  return { name, prediction, probabilities, rows };
}

/** From black to white. */
const SHADES = ' ░▒▓█';

function asText({ name, prediction, probabilities, rows }: Prediction, { columns: I, pixels }: LabelledImages): string {
  const others = probabilities
    .map((probability, k) => ({ k, probability }))
    .filter(({ k }) => k !== prediction)
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 2)
    .map(({ k, probability }) => `${k} ${probability.toFixed(4)}`);
  const line = `${printable(name)}: ${prediction} (${probabilities[prediction].toFixed(4)}), then ${others.join(', ')}`;
  if (!rows) return line;
  const digits = probabilities.map((_, k) => String(k).padStart(4)).join('');
  const read = rows.map((row, t) => {
    const shades = [...pixels.subarray(t * I, (t + 1) * I)].map((value) => SHADES[Math.round((value / 255) * 4)]);
    const best = row.indexOf(Math.max(...row));
    const percents = row.map((probability) => String(Math.round(100 * probability)).padStart(4));
    return `${String(t + 1).padStart(3)} │${shades.join('')}│ ${best} ${percents.join('').replace(/ 0(?!\d)/g, ' ·')}`;
  });
  return [line, '', `row ${' '.repeat(I + 2)}says${digits} (%)`, ...read, ''].join('\n');
}
