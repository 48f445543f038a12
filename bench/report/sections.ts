/** The report's section for each suite: tables and charts. */
import { labelOf } from '../candidates.js';
import type { Row } from '../measure/rows.js';
import { threadsText } from '../program.js';
import { AXES, SUITES } from '../suites.js';
import type { Bar, Point, Timed } from './tables.js';
import { dotChart, lineChart, groupBy, isTimed, milliseconds, significant, table, times } from './tables.js';
import { crossoversOf, rowsAlong, rowsAtBase, sentenceOf } from './verdicts.js';

interface Chart {
  /** The file's name, without its ending. */
  readonly name: string;
  readonly alt: string;
  readonly svg: string;
}

/** Markdown, or a chart. */
export type Block = string | Chart;

export function sectionOf(suite: string, rows: readonly Row[]): Block[] {
  const { title = suite, about = '' } = SUITES.find(({ name }) => name === suite) ?? {};
  const body = { matmul: matmulBlocks, scaling: scalingBlocks }[suite] ?? caseBlocks;
  return [`### ${title}`, ...(about === '' ? [] : [about]), ...body(rows)];
}

export function barOf(row: Timed): Bar {
  const { medianMs: value, lowerQuartileMs, upperQuartileMs } = row;
  return { candidate: labelOf(row), value, lower: lowerQuartileMs ?? value, upper: upperQuartileMs ?? value };
}

/** For a suite of few cases: a table with all columns for each case. */
function caseBlocks(rows: readonly Row[]): Block[] {
  return [...groupBy(rows, (row) => row.case)].flatMap(([name, ofCase], n) => {
    const timed = ofCase.filter(isTimed);
    const title = `${ofCase[0].suite}: ${name}`;
    const svg = dotChart(title, 'ms', timed.map(barOf));
    const chart = { name: `${ofCase[0].suite}-${n + 1}`, alt: `${title}, ms`, svg };
    return [`#### ${name}`, detailTable(timed), ...(timed.length > 0 ? [chart] : [])];
  });
}

function detailTable(rows: readonly Timed[]): string {
  const hasFlops = rows.some(({ gflops }) => gflops !== null);
  const head = [
    'candidate',
    'median ms',
    'quartiles',
    'fastest',
    'samples',
    ...(hasFlops ? ['GFLOPS', 'of peak'] : []),
  ];
  const lines = rows.map((row) => [
    labelOf(row),
    milliseconds(row.medianMs),
    `${milliseconds(row.lowerQuartileMs)} – ${milliseconds(row.upperQuartileMs)}`,
    milliseconds(row.minMs),
    String(row.samples),
    ...(hasFlops ? [optional(row.gflops, significant), optional(row.shareOfPeak, percent)] : []),
    optional(row.ratioToLonghand, times),
    optional(row.peakRssMiB, (value) => value.toFixed(0)),
  ]);
  return table([...head, '× longhand-wasm', 'memory MiB'], lines);
}

function optional(value: number | null, write: (value: number) => string): string {
  return value === null ? '' : write(value);
}

const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;

/** One line for each candidate, one column for each case. */
function pivot(rows: readonly Row[], columnOf: (row: Row) => string, cellOf: (row: Row) => string): string {
  const columns = [...groupBy(rows, columnOf).keys()];
  const candidates = groupBy(rows, labelOf);
  const lines = [...candidates].map(([label, ofCandidate]) => {
    const cells = new Map(ofCandidate.map((row) => [columnOf(row), cellOf(row)]));
    return [label, ...columns.map((column) => cells.get(column) ?? '')];
  });
  const filled = lines.filter(([, ...cells]) => cells.some((cell) => cell !== ''));
  return table(['', ...columns], filled);
}

const gflopsCell = (row: Row): string => optional(row.gflops, significant);

function matmulBlocks(rows: readonly Row[]): Block[] {
  const isSquare = ({ sizes: { M, K, N } }: Row): boolean => M === K && K === N;
  const formOf = (row: Row): string => row.case.split(' ')[0];
  const squares = [...groupBy(rows.filter(isSquare), formOf)].flatMap(([form, ofForm], n): Block[] => {
    const points = ofForm.flatMap((row): Point[] =>
      row.gflops === null ? [] : [{ candidate: labelOf(row), x: row.sizes.N, y: row.gflops }],
    );
    const title = `${form}, N × N`;
    const chart = { name: `matmul-${n + 1}`, alt: `${title}, GFLOPS`, svg: lineChart(title, 'N', 'GFLOPS', points) };
    return [`#### ${form}, square: GFLOPS`, pivot(ofForm, (row) => String(row.sizes.N), gflopsCell), chart];
  });
  const others = rows.filter((row) => !isSquare(row));
  if (others.length === 0) return squares;
  return [...squares, '#### Other shapes: GFLOPS', pivot(others, (row) => row.case, gflopsCell)];
}

function scalingBlocks(rows: readonly Row[]): Block[] {
  const blocks = AXES.flatMap((axis): Block[] => {
    const along = rowsAlong(axis, rows).filter(isTimed);
    if (new Set(along.map(({ sizes }) => sizes[axis])).size < 2) return [];
    const { T, B, I, H, C } = along[0].sizes;
    const fixed = Object.entries({ T, B, I, H, C }).flatMap(([name, n]) => (name === axis ? [] : [`${name} ${n}`]));
    const points = along.map((row): Point => ({ candidate: labelOf(row), x: row.sizes[axis], y: row.medianMs }));
    const title = `One training step as ${axis} grows (${fixed.join(', ')})`;
    const columnOf = (row: Row): string => `${axis} ${row.sizes[axis]}`;
    return [
      `#### ${title}: ms`,
      pivot(along, columnOf, (row) => milliseconds(row.medianMs)),
      { name: `scaling-${axis}`, alt: `${title}, ms`, svg: lineChart(title, axis, 'ms', points) },
    ];
  });
  const threaded = rowsAtBase(rows).filter(isTimed);
  const crossovers = crossoversOf(rows);
  const isOurs = ({ faster, slower }: { faster: string; slower: string }): boolean =>
    [faster, slower].some((label) => label.startsWith('longhand-wasm'));
  const list = (ours: boolean): string =>
    crossovers.flatMap((one) => (isOurs(one) === ours ? [`- ${sentenceOf(one)}`] : [])).join('\n');
  return [
    ...blocks,
    ...threadBlocks(threaded),
    '#### Crossovers',
    'These are the sizes above which one candidate is faster than another, interpolated between measured sizes. ' +
      'Differences below 5% do not count.',
    list(true) || 'None with longhand-wasm at these sizes.',
    ...(list(false) === ''
      ? []
      : [`<details><summary>Between the other candidates</summary>\n\n${list(false)}\n\n</details>`]),
  ];
}

function threadBlocks(rows: readonly Timed[]): Block[] {
  const several = [...groupBy(rows, (row) => row.candidate)].filter(([, ofOne]) => ofOne.length > 1);
  if (several.length === 0) return [];
  const counts = [...new Set(several.flatMap(([, ofOne]) => ofOne.map(({ threads }) => threads)))];
  counts.sort((a, b) => a - b);
  const lines = several.map(([name, ofOne]) => [
    name,
    ...counts.map((count) => optional(ofOne.find(({ threads }) => threads === count)?.medianMs ?? null, significant)),
  ]);
  const head = counts.map((count) => threadsText(count));
  return [`#### Threads (${rows[0].case}): ms`, table(['', ...head], lines)];
}
