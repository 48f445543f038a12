/**
 * `--summary` fills the marked parts of docs/benchmarks.md from the rows of one engine. They are a table of six candidates, a
 * chart, where Longhand is behind, and the commands. The rest of that page is written by hand.
 */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../../src/files/disk.js';
import { BASELINE, labelOf } from '../candidates.js';
import type { Row } from '../measure/rows.js';
import { UsageError } from '../suites.js';
import { dotChart } from './charts.js';
import { fillParts } from './parts.js';
import { enginesOf } from './report.js';
import type { Timed } from './sections.js';
import { barOf, isTimed } from './sections.js';
import { groupBy, milliseconds, table, times } from './tables.js';

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

const MOST_BEHIND = 4;

export async function writeSummary(file: string, rows: readonly Row[]): Promise<void> {
  if (!existsSync(file)) throw new UsageError(`--summary ${file}: must exist, with the marked parts that it fills`);
  const [engine] = enginesOf(rows);
  const timed = engine.rows.filter(isTimed);
  const folder = path.join(path.dirname(file), path.basename(file, '.md'));
  makeFolder(folder);
  writeFileSync(path.join(folder, 'step.svg'), chartOf(timed));
  const parts = { table: tableOf(timed), behind: behindOf(timed), runs: runsOf(timed) };
  await fillParts('--summary', file, parts);
}

/** A candidate's quickest row in a case: with one thread, or with several. */
function quickest(rows: readonly Timed[], [suite, beginning]: (typeof LINES)[number], candidate: string) {
  return rows
    .filter((row) => row.suite === suite && row.case.startsWith(beginning) && row.candidate === candidate)
    .sort((a, b) => a.medianMs - b.medianMs)
    .at(0);
}

function tableOf(rows: readonly Timed[]): string {
  const lines = LINES.map((line) => {
    const ours = quickest(rows, line, BASELINE)?.medianMs ?? NaN;
    const cells = SIX.map(([candidate]) => {
      const row = quickest(rows, line, candidate);
      if (!row) return '–';
      return milliseconds(row.medianMs) + (candidate === BASELINE ? '' : ` (${times(row.medianMs / ours)})`);
    });
    return [line[2], ...cells];
  });
  return table(['median ms', ...SIX.map(([, name]) => name)], lines);
}

function chartOf(rows: readonly Timed[]): string {
  const steps = SIX.flatMap(([candidate]) => quickest(rows, LINES[0], candidate) ?? []);
  return dotChart('One training step of the tutorial', 'ms', steps.map(barOf));
}

/** For each suite the case in which a rival is furthest ahead; the largest leads first. */
function behindOf(rows: readonly Timed[]): string {
  const leads = rows
    .map((row) => ({ row, ratio: row.ratioToLonghand ?? NaN }))
    .filter(({ row, ratio }) => ratio < 1 && !row.candidate.startsWith('longhand'));
  const worst = [...groupBy(leads, ({ row }) => row.suite).values()]
    .map((of) => of.reduce((most, one) => (one.ratio < most.ratio ? one : most)))
    .sort((a, b) => a.ratio - b.ratio)
    .slice(0, MOST_BEHIND);
  if (worst.length === 0) return 'In these runs no rival was faster.';
  const lines = worst.map(({ row, ratio }) => {
    const [its, ours] = [row.medianMs, row.medianMs / ratio].map((ms) => `${milliseconds(ms)} ms`);
    return [`${row.suite}: ${row.case}`, labelOf(row), its, ours];
  });
  return table(['case', 'faster', 'its time', "Longhand's time"], lines);
}

function runsOf(rows: readonly Timed[]): string {
  const runs = [...groupBy(rows, (row) => JSON.stringify(row.run)).values()].map(([{ run }]) => run);
  const [{ engine, processor, cores, memoryGiB, system }] = runs;
  const commands = runs.map(({ command, date, revision }) => `- \`${command}\` on ${date}, revision ${revision}`);
  return `${engine}, ${cores} × ${processor}, ${memoryGiB.toFixed(0)} GiB, ${system}:\n\n${commands.join('\n')}`;
}
