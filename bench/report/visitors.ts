/** `--visitors`: the table of what visitors of /measure have measured, from bench/results. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DataError } from '../../src/core/errors.js';
import { type MeasuredRow, type MeasuredTask, type Result, resultIn } from '../measure/result.js';
import { CORES, GPU, STEP } from '../measure/plan.js';
import { UsageError } from '../suites.js';
import { flopsOf } from '../tasks.js';
import { fillParts, significant, table } from './tables.js';

/** Fills the part `visitors` of a document. A file that is no result is a UsageError. */
export async function writeVisitors(file: string, folder: string): Promise<void> {
  await fillParts('--visitors', file, { visitors: visitorsTable(resultsIn(folder)) });
}

export function resultsIn(folder: string): Result[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  return names.sort().map((name) => {
    try {
      return resultIn(readFileSync(path.join(folder, name), 'utf8'), name);
    } catch (error) {
      throw error instanceof DataError ? new UsageError(error.message) : error;
    }
  });
}

const PRODUCT: MeasuredTask = { kind: 'matmul', form: 'A·B', M: 512, K: 512, N: 512 };

/** The latest first. */
export function visitorsTable(results: readonly Result[]): string {
  if (results.length === 0) return 'There are no results of visitors yet.';
  const head = [
    'GPU',
    'browser',
    'date',
    'revision',
    'step: all cores',
    'step: WebGPU',
    'step: others',
    '512³: all cores',
    '512³: WebGPU',
  ];
  return table(head, [...results].sort((a, b) => (a.date < b.date ? 1 : -1)).map(lineOf));
}

function lineOf(result: Result): string[] {
  const { device, date, revision } = result;
  const others = (row: MeasuredRow): boolean => !row.candidate.startsWith('longhand');
  const other = quickest(result, STEP, others);
  return [
    plain(device.webgpu?.name ?? 'no WebGPU'),
    plain(`${device.browser}, ${device.threads} threads`),
    date,
    plain(revision),
    milliseconds(quickest(result, STEP, isOf(CORES))),
    milliseconds(quickest(result, STEP, isOf(GPU))),
    other ? `${milliseconds(other)} (${other.candidate})` : '–',
    gflops(quickest(result, PRODUCT, isOf(CORES))),
    gflops(quickest(result, PRODUCT, isOf(GPU))),
  ];
}

type Timed = MeasuredRow & { readonly ms: number };

const isOf =
  (name: string) =>
  (row: MeasuredRow): boolean =>
    row.candidate === name;

function quickest({ cases }: Result, task: MeasuredTask, isWanted: (row: MeasuredRow) => boolean): Timed | undefined {
  const sizes = Object.entries(task);
  const found = cases.find((one) =>
    sizes.every(([name, value]) => (one.task as unknown as Record<string, unknown>)[name] === value),
  );
  return found?.rows
    .filter((row): row is Timed => row.ms !== null && isWanted(row))
    .sort((a, b) => a.ms - b.ms)
    .at(0);
}

const milliseconds = (row: Timed | undefined): string => (row ? `${significant(row.ms)} ms` : '–');
const gflops = (row: Timed | undefined): string =>
  row ? `${significant((flopsOf(PRODUCT) ?? 0) / row.ms / 1e6)} GFLOPS` : '–';

/** A browser's text in a document that becomes a page: only characters that mean nothing in Markdown, HTML or a template. */
const plain = (text: string): string =>
  text
    .replace(/[^\p{L}\p{N} .,;:()/+-]+/gu, ' ')
    .slice(0, 80)
    .trim();
