/** `longhand inspect`: what a safetensors file holds, whoever wrote it. */
import { Command } from 'commander';
import { readFile } from '../files.js';
import type { Safetensors, StoredTensor } from '../safetensors.js';
import { floatsNamed, parseSafetensors } from '../safetensors.js';
import { formatShape, valuesOf } from '../tensor.js';
import { printable, table } from './format.js';

const BINS = 16;
const LONGEST_TEXT = 400;

/** Of the finite numbers. */
interface Statistics {
  readonly norm: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Counts in equal steps from min to max. */
  readonly histogram: readonly number[];
  /** NaN and infinities. */
  readonly nonFinite: number;
}

interface TensorReport {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** null where its kind of number is not looked into. */
  readonly statistics: Statistics | null;
}

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Show what a safetensors file holds: tensors, shapes, norms, histograms.')
    .argument('<file>', "a checkpoint, or anybody's safetensors")
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `
Examples:
  longhand inspect run.safetensors
  longhand inspect model.safetensors --json`,
    )
    .action((name: string, { json }: { json: boolean }) => {
      const file = parseSafetensors(readFile(name), name);
      const tensors = [...file.tensors].map(([key, stored]) => reportOf(file, key, stored, name));
      const metadata = Object.fromEntries(file.metadata);
      console.log(json ? JSON.stringify({ metadata, tensors }) : asText(metadata, tensors));
    });
}

function reportOf(file: Safetensors, key: string, { dtype, shape }: StoredTensor, name: string): TensorReport {
  const isFloat = (dtype === 'F32' || dtype === 'F64') && !shape.includes(0);
  const values = isFloat ? valuesOf(floatsNamed(file, key, undefined, name, { allowNonFinite: true })) : undefined;
  return { name: key, dtype, shape, statistics: values ? statisticsOf(values) : null };
}

export function statisticsOf(values: Float64Array): Statistics {
  const finite = values.filter(Number.isFinite);
  const nonFinite = values.length - finite.length;
  let [squares, sum, min, max] = [0, 0, Infinity, -Infinity];
  for (const value of finite) {
    squares += value * value;
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const histogram = new Array<number>(BINS).fill(0);
  for (const value of finite) {
    const place = max > min ? Math.floor(((value - min) / (max - min)) * BINS) : 0;
    histogram[Math.min(place, BINS - 1)]++;
  }
  return { norm: Math.sqrt(squares), mean: sum / finite.length, min, max, histogram, nonFinite };
}

function asText(metadata: Record<string, string>, tensors: readonly TensorReport[]): string {
  const texts = Object.entries(metadata).map(([key, value]) => [key, shortened(value)]);
  const head = ['tensor', 'dtype', 'shape', 'norm', 'mean', 'min', 'max', 'from min to max', 'NaN, ∞'];
  const rows = tensors.map(({ name, dtype, shape, statistics }) => [
    ...[name, dtype, formatShape(shape)],
    ...(statistics ? statisticsCells(statistics) : ['', '', '', '', '', '']),
  ]);
  return [...(texts.length > 0 ? [table(texts), ''] : []), table([head, ...rows])].map(printable).join('\n');
}

function statisticsCells({ norm, mean, min, max, histogram, nonFinite }: Statistics): string[] {
  const numbers = [norm, mean, min, max].map((value) => (Number.isFinite(value) ? value.toPrecision(4) : '–'));
  return [...numbers, bars(histogram), nonFinite === 0 ? '' : String(nonFinite)];
}

const HEIGHTS = '▁▂▃▄▅▆▇█';

function bars(counts: readonly number[]): string {
  const most = Math.max(...counts, 1);
  return counts.map((count) => (count === 0 ? ' ' : HEIGHTS[Math.ceil((count / most) * 8) - 1])).join('');
}

const shortened = (text: string): string => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text);
