/** `longhand inspect`: the contents of any safetensors file. */
import { Command } from 'commander';
import { readFile } from '../../files/disk.js';
import { type StoredTensor, parseSafetensors } from '../../files/safetensors.js';
import { elementReader } from '../../files/stored-tensors.js';
import { assertUndamaged, severalNetworks } from '../../training/checkpoint.js';
import { inform, printJson, printLines, table } from '../print.js';

const BINS = 16;
const LONGEST_TEXT = 400;

/** Statistics of the finite numbers of a tensor. */
interface Statistics {
  readonly norm: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Counts in 16 equal intervals from min to max. */
  readonly histogram: readonly number[];
  /** How many numbers are NaN or infinite. */
  readonly nonFinite: number;
}

interface TensorReport {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** null if the tensor is empty, or has a dtype whose numbers this program cannot read. */
  readonly statistics: Statistics | null;
}

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Show the contents of a safetensors file: metadata, tensors, norms, histograms.')
    .argument('<file>', 'a checkpoint, or any other safetensors file')
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
      const tensors = [...file.tensors].map(([key, stored]) => reportOf(key, stored));
      const metadata = Object.fromEntries(file.metadata);
      if (json) printJson({ metadata, tensors });
      else printLines(asText(metadata, tensors));
      assertUndamaged(file, name); // the contents of a damaged checkpoint are shown too
      const other = severalNetworks(file);
      if (other !== undefined) inform(`${name}: ${other}`);
    });
}

function reportOf(name: string, stored: StoredTensor): TensorReport {
  const { dtype, shape } = stored;
  return { name, dtype, shape, statistics: statisticsOf(stored) };
}

/** In two passes over the bytes: a file may hold hundreds of millions of numbers. */
function statisticsOf(stored: StoredTensor): Statistics | null {
  const size = stored.shape.reduce((product, extent) => product * extent, 1);
  const elementAt = elementReader(stored);
  if (!elementAt || size === 0) return null;
  let [squares, sum, min, max, nonFinite] = [0, 0, Infinity, -Infinity, 0];
  for (let n = 0; n < size; n++) {
    const value = elementAt(n);
    if (!Number.isFinite(value)) {
      nonFinite++;
      continue;
    }
    squares += value * value;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const histogram = new Array<number>(BINS).fill(0);
  const width = max / BINS - min / BINS; // max - min may be beyond f64
  for (let n = 0; n < size; n++) {
    const value = elementAt(n);
    if (!Number.isFinite(value)) continue;
    histogram[width > 0 ? Math.min(Math.floor(value / width - min / width), BINS - 1) : 0]++;
  }
  return { norm: Math.sqrt(squares), mean: sum / (size - nonFinite), min, max, histogram, nonFinite };
}

function asText(metadata: Record<string, string>, tensors: readonly TensorReport[]): string {
  const texts = Object.entries(metadata).map(([key, value]) => [shortened(key), shortened(value)]);
  const head = ['tensor', 'dtype', 'shape', 'norm', 'mean', 'min', 'max', 'from min to max', 'NaN, ∞'];
  const rows = tensors.map(({ name, dtype, shape, statistics }) => [
    ...[shortened(name), dtype, shortened(`[${shape.join(',')}]`)],
    ...(statistics ? statisticsCells(statistics) : ['', '', '', '', '', '']),
  ]);
  return [...(texts.length > 0 ? [table(texts), ''] : []), table([head, ...rows])].join('\n');
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

function shortened(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  const whole = text.slice(0, LONGEST_TEXT).replace(/[\ud800-\udbff]$/, ''); // never half a surrogate pair
  return `${whole}…`;
}
