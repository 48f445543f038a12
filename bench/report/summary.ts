/**
 * `--summary` fills the marked parts of docs/benchmarks.md from the rows of one engine. They are a table of six candidates, a
 * chart, where Longhand is behind, the commands with what is known about their times, and other cells. The rest of that page is written by hand.
 */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../../src/files/disk.js';
import { BASELINE } from '../candidates.js';
import type { Row } from '../measure/rows.js';
import { UsageError } from '../suites.js';
import { type Timed, dotChart, fillParts, groupBy, isTimed, milliseconds, table, times } from './tables.js';
import { enginesOf } from './report.js';
import { barOf } from './sections.js';
import { conditionsOf, contestsOf, fastestIn, isBehind, lagOf } from './verdicts.js';

/** The candidates of the table. */
const SIX = [
  [BASELINE, 'Longhand'],
  ['pytorch', 'PyTorch'],
  ['onnxruntime', 'ONNX Runtime'],
  ['jax-wasm', 'jax-js'],
  ['tensorflow-wasm', 'TensorFlow.js'],
  ['loops', 'plain loops'],
] as const;

/** The rows of the table: a suite, the beginning of a case, and what it is. */
const LINES = [
  ['step', 'T 28', 'training step of the tutorial'],
  ['forward', 'T 28', 'forward pass of the tutorial'],
  ['matmul', 'hᵀ·dz [128,3584]', 'its largest product'],
  ['text', '2 × 128', 'training step of a character model'],
] as const;

export async function writeSummary(file: string, rows: readonly Row[]): Promise<void> {
  if (!existsSync(file)) throw new UsageError(`--summary ${file}: must exist, with the marked parts that it fills`);
  const [engine] = enginesOf(rows);
  const timed = engine.rows.filter(isTimed);
  const folder = path.join(path.dirname(file), path.basename(file, '.md'));
  makeFolder(folder);
  writeFileSync(path.join(folder, 'step.svg'), chartOf(timed));
  const parts = { table: tableOf(timed), behind: behindOf(timed), runs: runsOf(timed), cells: cellsOf(timed) };
  await fillParts('--summary', file, parts);
}

const threadsIn = (rows: readonly Timed[]): number[] => {
  const ours = rows.filter(({ candidate }) => candidate === BASELINE);
  return [...new Set(ours.map(({ threads }) => threads))].sort((a, b) => a - b);
};

const isOf =
  ([suite, beginning]: (typeof LINES)[number], candidate: string) =>
  (row: Timed): boolean =>
    row.suite === suite && row.case.startsWith(beginning) && row.candidate === candidate;

/** Compares candidates with as many threads: a line for each task and number of threads. */
export function tableOf(rows: readonly Timed[]): string {
  const lines = LINES.flatMap((line) =>
    threadsIn(rows.filter(isOf(line, BASELINE))).map((threads) => {
      const of = (candidate: string): Timed | undefined =>
        rows.find((row) => isOf(line, candidate)(row) && row.threads === threads);
      const ours = of(BASELINE)?.medianMs ?? NaN;
      const cells = SIX.map(([candidate]) => {
        const row = of(candidate);
        if (!row) return '–';
        return milliseconds(row.medianMs) + (candidate === BASELINE ? '' : ` (${times(row.medianMs / ours)})`);
      });
      return [line[2], String(threads), ...cells];
    }),
  );
  return table(['median ms', 'threads', ...SIX.map(([, name]) => name)], lines);
}

/** The suite of other cells: a line for each case and number of threads. */
function cellsOf(rows: readonly Timed[]): string {
  const ofCells = rows.filter(({ suite }) => suite === 'cells');
  const ours = ofCells.filter(({ candidate }) => candidate === BASELINE);
  if (ours.length === 0) return 'The suite cells was not measured.';
  const lines = ours.map(({ case: name, threads, medianMs }) => {
    const theirs = ofCells.find((row) => row.case === name && row.threads === threads && row.candidate === 'pytorch');
    const cell = theirs ? `${milliseconds(theirs.medianMs)} (${times(theirs.medianMs / medianMs)})` : '–';
    return [name, String(threads), milliseconds(medianMs), cell];
  });
  return table(['median ms', 'threads', 'Longhand', 'PyTorch'], lines);
}

/** Each candidate's quickest number of threads. */
function chartOf(rows: readonly Timed[]): string {
  const steps = SIX.flatMap(([candidate]) => {
    const ofOne = rows.filter(isOf(LINES[0], candidate)).sort((a, b) => a.medianMs - b.medianMs);
    return ofOne.slice(0, 1);
  });
  return dotChart('One training step of the tutorial', 'ms', steps.map(barOf));
}

/** In how many cases Longhand is the fastest. For each suite and number of threads, the case in which a rival is furthest ahead. */
export function behindOf(rows: readonly Timed[]): string {
  const contests = contestsOf(rows);
  const fastest = fastestIn(contests);
  if (fastest === undefined) return 'No rival was measured.';
  const sentence = `Longhand is the ${fastest}.`;
  const behind = groupBy(contests.filter(isBehind), ({ suite, threads }) => `${suite} ${threads}`);
  const worst = [...behind.values()].map((of) => of.reduce((most, one) => (lagOf(one) > lagOf(most) ? one : most)));
  worst.sort((a, b) => lagOf(b) - lagOf(a));
  if (worst.length === 0) return sentence;
  const lines = worst.map((one) => {
    const [its, ours] = [one.rivals[0], one.ours].map(({ medianMs }) => `${milliseconds(medianMs)} ms`);
    return [one.name, String(one.threads), one.rivals[0].candidate, its, ours, times(lagOf(one))];
  });
  return `${sentence}\n\n${table(['case', 'threads', 'faster', 'its time', "Longhand's time", 'ratio'], lines)}`;
}

function runsOf(rows: readonly Timed[]): string {
  const runs = [...groupBy(rows, (row) => JSON.stringify(row.run)).values()];
  const [{ engine, processor, cores, memoryGiB, system }] = runs.map(([{ run }]) => run);
  const commands = runs.map((of) => {
    const { command, date, revision } = of[0].run;
    return `- \`${command}\` on ${date}, revision ${revision}; ${conditionsOf(of)}`;
  });
  return `${engine}, ${cores} × ${processor}, ${memoryGiB.toFixed(0)} GiB, ${system}:\n\n${commands.join('\n')}`;
}

// The table of docs/webgpu-kernels.md beside other libraries: the candidates that compute with WebGPU, in each case.

/** The candidate that the others are compared with, and these. */
const OURS = 'longhand-webgpu';
const OTHERS = [
  ['jax-webgpu', 'jax-js'],
  ['tensorflow-webgpu', 'TensorFlow.js'],
  ['longhand-gpu-webgpu', 'GPU.js'],
  ['pytorch-cuda', 'PyTorch, CUDA'],
] as const;

/** For each engine a table: training steps, then products. The suite that varies sizes is left out. */
export function rivalsOf(all: readonly Row[]): string {
  const isProduct = ({ suite }: Row): number => Number(suite === 'matmul');
  const rows = all.filter(({ suite }) => suite !== 'scaling').sort((a, b) => isProduct(a) - isProduct(b));
  return enginesOf(rows)
    .map(({ name, rows: ofEngine }) => {
      const timed = ofEngine.filter(isTimed);
      const { run, description } = timed.find(({ candidate }) => candidate === OURS) ?? ofEngine[0];
      const place = `${name}, ${run.cores} × ${run.processor}, ${description ?? ''}, on ${run.date}; ${conditionsOf(timed)}`;
      return `${place}:\n\n${rivalTableOf(timed)}`;
    })
    .join('\n\n');
}

function rivalTableOf(rows: readonly Timed[]): string {
  const others = OTHERS.filter(([name]) => rows.some(({ candidate }) => candidate === name));
  const hasMemory = rows.some(({ peakRssMiB }) => peakRssMiB !== null);
  const lines = [...groupBy(rows, ({ suite, case: one }) => `${suite}: ${one}`)].flatMap(([name, ofCase]) => {
    const of = (candidate: string): Timed | undefined => ofCase.find((row) => row.candidate === candidate);
    const ours = of(OURS);
    if (!ours) return [];
    const cells = others.map(([candidate]) => {
      const row = of(candidate);
      return row ? `${milliseconds(row.medianMs)} (${times(row.medianMs / ours.medianMs)})` : '–';
    });
    const memory = hasMemory ? [ours, of('jax-webgpu')].map((row) => row?.peakRssMiB?.toFixed(0) ?? '–') : [];
    return [[name, milliseconds(ours.medianMs), ...cells, ...memory]];
  });
  const memory = hasMemory ? ['its memory, MiB', 'jax-js’s'] : [];
  return table(['median ms', 'Longhand, WGSL', ...others.map(([, name]) => name), ...memory], lines);
}
