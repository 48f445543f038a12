/** What a run has reported so far: the curves, the figures of the tests, and what both networks write. */
import { type VNode, h } from 'vue';
import {
  conclusionOf,
  GRADIENT_HEAD,
  GRADIENTS,
  percent,
  shownLoss,
  testRows,
  TESTS,
} from '../../../../src/own-network/words.js';
import type { Tested } from '../../../../src/own-network/words.js';
import type { Line } from '../../../../src/training/training.js';
import { scrollingTable, ticksOf } from '../exercises/findings.js';
import { counted } from '../../../../src/core/arguments.js';
import type { Whose } from '../../../../src/own-network/own-network.js';
import { type Row, type Subject, whoseWords, wrongIn } from './answers.js';

/** One run of both networks in a worker, and what it has reported so far. */
export interface BothRuns {
  readonly subject: Subject;
  readonly steps: number;
  /** As they were when the run began. */
  readonly rows: readonly Row[];
  /** The part of the data that has arrived, from 0 to 1. */
  loaded: number;
  /** One for each update. */
  readonly lines: Readonly<Record<Whose, Line[]>>;
  readonly tested: Partial<Record<Whose, Tested>>;
  /** Rows about the first update. */
  gradients?: readonly (readonly string[])[];
  /** When the engine's run was over, and when the other one: in milliseconds. */
  readonly ended: Partial<Record<Whose, number>>;
  /** Why the run ended early. */
  failure?: string;
}

/** In the units of the drawing. */
export const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [360, 200, 38, 10, 12, 40];

/** A curve has at most this many points, because a single batch says little. */
const POINTS = 50;

/** How many updates a point is the mean of. */
export const updatesPerPoint = (steps: number): number => Math.ceil(steps / POINTS);

export interface Point {
  /** The last of the updates. */
  readonly step: number;
  readonly value: number;
}

/** The means of `of` over equal numbers of updates. Updates that do not fill a point are left out. */
export function meansOf(lines: readonly Line[], steps: number, of: (line: Line) => number): Point[] {
  const size = updatesPerPoint(steps);
  return Array.from({ length: Math.floor(lines.length / size) }, (_, n) => {
    const some = lines.slice(n * size, (n + 1) * size);
    return { step: (n + 1) * size, value: some.reduce((sum, line) => sum + of(line), 0) / size };
  });
}

/** The top of the axis. Losses of a wrong network may be far above those of the engine, whose curve must still be seen. */
export function topOf(engine: readonly Point[], own: readonly Point[]): number {
  const most = (points: readonly Point[]): number =>
    Math.max(0, ...points.map(({ value }) => value).filter(Number.isFinite));
  if (engine.length === 0) return 2.5;
  return Math.max(1e-3, 1.1 * Math.min(Math.max(most(engine), most(own)), 2 * most(engine)));
}

/** Where the points are. What is above the axis is drawn at its top. */
export function placesOf(points: readonly Point[], steps: number, most: number): [x: number, y: number][] {
  const [width, height] = [WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM];
  return points.flatMap(({ step, value }) =>
    Number.isFinite(value)
      ? [[LEFT + (step / steps) * width, HEIGHT - BOTTOM - (Math.min(value, most) / most) * height]]
      : [],
  );
}

interface Curve {
  readonly title: string;
  readonly of: (line: Line) => number;
  readonly shown: (value: number) => string;
  /** The top of the axis. Default: from the points. */
  readonly most?: number;
}

export function resultsView(runs: BothRuns): VNode {
  const { subject, rows, lines } = runs;
  const loss: Curve = {
    title: subject === 'text' ? 'Bits per character' : 'Loss',
    of: (line) => shownLoss(subject === 'text', line.loss),
    shown: (value) => value.toFixed(3),
  };
  const accuracy: Curve = { title: 'Accuracy', of: (line) => line.accuracy, shown: percent, most: 1 };
  const isLoading = lines.engine.length === 0 && runs.failure === undefined;
  return h(
    'div',
    { class: 'results', onVnodeMounted: ({ el }) => (el as Element).scrollIntoView({ block: 'nearest' }) },
    [
      h('p', whoseWords(rows)),
      isLoading ? h('progress', { max: 1, value: runs.loaded, 'aria-label': 'Loading the data' }) : undefined,
      h('div', { class: 'curves' }, [curveView(runs, loss), curveView(runs, accuracy)]),
      h('p', { class: 'note' }, noteOf(runs)),
      ...testView(runs),
    ],
  );
}

function noteOf({ lines: { own, engine }, steps }: BothRuns): string {
  const size = updatesPerPoint(steps);
  const points = size === 1 ? 'Each point is one update' : `Each point is the mean of ${counted(size, 'update')}`;
  return `${points}, on the batch that the update has just read. Updates: the engine’s ${engine.length}, yours ${own.length}, of ${steps}.`;
}

function curveView({ lines, steps }: BothRuns, { title, of, shown, most }: Curve): VNode {
  const [engine, own] = [meansOf(lines.engine, steps, of), meansOf(lines.own, steps, of)];
  const top = most ?? topOf(engine, own);
  const last = (points: typeof own): string => (points.length > 0 ? shown(points[points.length - 1].value) : '–');
  const label = `${title} after ${lines.own.length} of ${counted(steps, 'update')}: ${last(own)} of your network, ${last(engine)} of the engine’s at last.`;
  const line = (name: string, points: typeof own): VNode => {
    const places = placesOf(points, steps, top).map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
    return h('polyline', { class: name, points: places.join(' ') });
  };
  return h('figure', { class: 'loss-curve' }, [
    h('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label }, [
      ...axes(steps, top, most === undefined ? String : (tick) => `${100 * tick}%`),
      line('right-losses', engine),
      line('answer-losses', own),
    ]),
    h('figcaption', [
      h('b', title),
      h('span', { class: 'answer-losses' }, `your network: ${last(own)}`),
      h('span', { class: 'right-losses' }, `the engine’s: ${last(engine)}`),
    ]),
  ]);
}

function axes(steps: number, top: number, words: (tick: number) => string): VNode[] {
  const text = (content: string, left: number, height: number, anchor: string): VNode =>
    h('text', { x: left, y: height, 'text-anchor': anchor }, content);
  const y = (tick: number): number => HEIGHT - BOTTOM - (tick / top) * (HEIGHT - TOP - BOTTOM);
  const x = (part: number): number => LEFT + part * (WIDTH - LEFT - RIGHT);
  const ticks = ticksOf(top);
  return [
    ...ticks.map((tick) => h('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) })),
    ...ticks.map((tick) => text(words(tick), LEFT - 6, y(tick) + 4, 'end')),
    ...[0, 0.5, 1].map((part) => text(String(part * steps), x(part), HEIGHT - 22, 'middle')),
    text('update', x(0.5), HEIGHT - 4, 'middle'),
  ];
}

function testView({ subject, rows, gradients, tested: { own, engine } }: BothRuns): VNode[] {
  if (!engine) return [];
  const isText = subject === 'text';
  return [
    ...(gradients ? [tableOf('gradients', GRADIENTS, [GRADIENT_HEAD, ...gradients])] : []),
    tableOf('tested', TESTS, testRows(isText, own, engine)),
    ...(own ? [h('p', { class: 'conclusion' }, conclusionOf(wrongIn(rows), own, engine))] : []),
    ...(isText ? [writtenView(own?.written, engine.written)] : []),
  ];
}

const tableOf = (name: string, label: string, [head, ...rows]: readonly (readonly string[])[]): VNode =>
  scrollingTable(name, label, head, rows);

const writtenView = (own: string | undefined, engine: string | undefined): VNode =>
  h(
    'div',
    { class: 'written' },
    [
      ['Your network writes', own],
      ['The engine’s writes', engine],
    ].map(([who, text]) => h('figure', [h('figcaption', who), h('pre', { tabindex: 0 }, text ?? '…')])),
  );
