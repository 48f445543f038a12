/**
 * A roofline: GFLOPS over intensity, which is the number of floating-point operations per byte moved. Where the roof slopes, memory is the limit;
 * where it is flat, arithmetic is. Both axes are logarithmic.
 */
import { type VNode, h } from 'vue';
import { flopsOfProduct, intensityOf, roofOf } from '../../../../bench/measure/peak.js';
import type { Family, Limit, MeasuredRow, Result } from '../../../../bench/measure/result.js';
import type { MatmulTask } from '../../../../bench/tasks.js';
import { familyOf, labelOf, significant, titleOf } from './words.js';

export interface Point {
  readonly family: Family;
  readonly isOwn: boolean;
  readonly intensity: number;
  readonly gflops: number;
  readonly title: string;
}

/** The products that have a time. */
export function pointsOf({ cases }: Pick<Result, 'cases'>): Point[] {
  return cases.flatMap(({ task, rows }) => {
    if (task.kind !== 'matmul') return [];
    return rows.flatMap((row) => (row.ms === null ? [] : [pointOf(task, row, row.ms)]));
  });
}

function pointOf(task: MatmulTask, row: MeasuredRow, ms: number): Point {
  const gflops = flopsOfProduct(task) / ms / 1e6;
  return {
    family: familyOf(row.candidate),
    isOwn: row.candidate.startsWith('longhand'),
    intensity: intensityOf(task),
    gflops,
    title: `${labelOf(row)}, ${titleOf(task)}: ${significant(gflops)} GFLOPS`,
  };
}

/** In units of the SVG. */
const [WIDTH, HEIGHT] = [400, 280];
const PLOT = { left: 48, right: 12, top: 26, bottom: 40 };

interface Scale {
  readonly least: number;
  readonly most: number;
  readonly place: (value: number) => number;
}

/** From and to a power of ten (y) or two (x), so that all values lie within. */
function scaleOf(values: readonly number[], base: number, from: number, to: number): Scale {
  const log = (value: number): number => Math.log(value) / Math.log(base);
  const [first, last] = [Math.floor(log(Math.min(...values))), Math.ceil(log(Math.max(...values)))];
  const span = Math.max(1, last - first);
  const place = (value: number): number => from + ((log(value) - first) / span) * (to - from);
  return { least: base ** first, most: base ** (first + span), place };
}

const marks = ({ least, most }: Scale, base: number): number[] => {
  const count = Math.round(Math.log(most / least) / Math.log(base));
  const step = Math.ceil(count / 6);
  return Array.from({ length: Math.floor(count / step) + 1 }, (_, n) => least * base ** (n * step));
};

/** The roof as a path: it rises with the intensity until it reaches the peak. */
export function roofPath(limit: Limit, x: Pick<Scale, 'least' | 'most' | 'place'>, y: Pick<Scale, 'place'>): string {
  const ridge = Math.min(Math.max(limit.gflops / limit.gigabytes, x.least), x.most);
  const at = (intensity: number): string =>
    `${x.place(intensity).toFixed(1)} ${y.place(roofOf(limit, intensity)).toFixed(1)}`;
  return `M${at(x.least)}L${at(ridge)}L${at(x.most)}`;
}

/** `others`: a visitor's, whose roofs are dashed and whose points are hollow. */
export function roofline(own: Result | undefined, others: Result | undefined): VNode | undefined {
  const sets = [own, others].flatMap((result, n) => (result ? [{ result, isTheirs: n === 1 }] : []));
  const points = sets.flatMap(({ result, isTheirs }) => pointsOf(result).map((point) => ({ ...point, isTheirs })));
  const limits = sets.flatMap(({ result, isTheirs }) => result.limits.map((limit) => ({ limit, isTheirs })));
  if (points.length === 0) return undefined;
  const x = scaleOf([1, ...points.map(({ intensity }) => intensity)], 2, PLOT.left, WIDTH - PLOT.right);
  const heights = [...points.map(({ gflops }) => gflops), ...limits.map(({ limit }) => limit.gflops)];
  const y = scaleOf(heights, 10, HEIGHT - PLOT.bottom, PLOT.top);
  return h('figure', [
    h('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': describe(own ?? others) }, [
      axes(x, y),
      h('clipPath', { id: 'roofline-plot' }, h('rect', plotArea)),
      h(
        'g',
        { 'clip-path': 'url(#roofline-plot)' },
        limits.map(({ limit, isTheirs }) =>
          h('path', { class: ['roof', limit.family, { theirs: isTheirs }], d: roofPath(limit, x, y) }),
        ),
      ),
      points.map((point) => dot(point, x, y)),
    ]),
    h('figcaption', [
      h('span', { class: 'key wasm' }, 'WebAssembly, on one thread and on all'),
      h('span', { class: 'key webgpu' }, 'the GPU'),
      ' Squares are Longhand’s products, and circles those of others. The lines are the limits that were measured here: rising, by memory; flat, by multiply-adds.',
      sets.length === 2 ? ' Dashed lines and hollow marks are those of the link.' : '',
    ]),
  ]);
}

const plotArea = {
  ...{ x: PLOT.left, y: PLOT.top },
  ...{ width: WIDTH - PLOT.left - PLOT.right, height: HEIGHT - PLOT.top - PLOT.bottom },
};

function axes(x: Scale, y: Scale): VNode[] {
  const bottom = HEIGHT - PLOT.bottom;
  return [
    h('text', { x: 4, y: 14 }, 'GFLOPS'),
    h('text', { x: WIDTH - PLOT.right, y: HEIGHT - 6, 'text-anchor': 'end' }, 'intensity: FLOP per byte'),
    ...marks(x, 2).flatMap((value) => [
      h('path', { class: 'line', d: `M${x.place(value).toFixed(1)} ${PLOT.top}V${bottom}` }),
      h('text', { x: x.place(value).toFixed(1), y: bottom + 16, 'text-anchor': 'middle' }, String(value)),
    ]),
    ...marks(y, 10).flatMap((value) => [
      h('path', { class: 'line', d: `M${PLOT.left} ${y.place(value).toFixed(1)}H${WIDTH - PLOT.right}` }),
      h(
        'text',
        { x: PLOT.left - 6, y: (y.place(value) + 4).toFixed(1), 'text-anchor': 'end' },
        String(Number(value.toPrecision(1))),
      ),
    ]),
  ];
}

function dot(point: Point & { readonly isTheirs: boolean }, x: Scale, y: Scale): VNode {
  const [across, up] = [x.place(point.intensity), y.place(point.gflops)];
  const shape = point.isOwn
    ? { x: (across - 4).toFixed(1), y: (up - 4).toFixed(1), width: 8, height: 8 }
    : { cx: across.toFixed(1), cy: up.toFixed(1), r: 3.5 };
  const classes = ['product', point.family, { theirs: point.isTheirs }];
  return h(point.isOwn ? 'rect' : 'circle', { class: classes, ...shape }, [h('title', point.title)]);
}

function describe(result: Result | undefined): string {
  const roofs = result?.limits.map(
    ({ family, threads, gflops, gigabytes }) =>
      `${family}${threads > 1 ? ` with ${threads} threads` : ''}: ${significant(gflops)} GFLOPS, ${significant(gigabytes)} GB/s`,
  );
  return `Roofline: GFLOPS of the measured products over their intensity. Limits: ${roofs?.join('; ') ?? 'not measured'}`;
}
