/** The table of docs/webgpu-kernels.md beside other libraries: the candidates that compute with WebGPU, in each case. */
import type { Row } from '../measure/rows.js';
import { enginesOf } from './report.js';
import type { Timed } from './tables.js';
import { groupBy, isTimed, milliseconds, table, times } from './tables.js';
import { conditionsOf } from './verdicts.js';

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
      return `${place}:\n\n${tableOf(timed)}`;
    })
    .join('\n\n');
}

function tableOf(rows: readonly Timed[]): string {
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
