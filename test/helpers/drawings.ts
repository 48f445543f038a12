/** Digits drawn with a round pen, as in a paint program: strokes through points in a unit square, scaled to any size. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { imagesIn } from '../../src/cli/images.js';
import type { DataError } from '../../src/core/errors.js';
import { fitted } from '../../src/data/fit-drawing.js';
import type { LabelledImages } from '../../src/data/mnist.js';
import { saveCheckpoint } from '../../src/training/checkpoint-files.js';
import { train } from '../../src/door/train.js';
import { done, failed, jsonLinesOf, longhand } from './longhand.js';
import { type Image, encodePng } from './png.mjs';

type Point = readonly [number, number];

function arc(x: number, y: number, across: number, down: number, from: number, to: number): Point[] {
  return Array.from({ length: 25 }, (_, n): Point => {
    const angle = ((from + ((to - from) * n) / 24) * Math.PI) / 180;
    return [x + across * Math.cos(angle), y + down * Math.sin(angle)];
  });
}

/** The stroke of each digit. x to the right, y down; angles in degrees, clockwise from the right. */
const STROKES: readonly (readonly Point[])[] = [
  arc(0.5, 0.5, 0.22, 0.32, 0, 360),
  [
    [0.5, 0.18],
    [0.5, 0.82],
  ],
  [...arc(0.5, 0.36, 0.2, 0.18, 190, 390), [0.3, 0.82], [0.72, 0.82]],
  [...arc(0.48, 0.34, 0.2, 0.16, 200, 450), ...arc(0.48, 0.66, 0.22, 0.16, -90, 160)],
  [
    [0.62, 0.82],
    [0.62, 0.18],
    [0.28, 0.6],
    [0.76, 0.6],
  ],
  [[0.7, 0.18], [0.36, 0.18], [0.34, 0.46], ...arc(0.48, 0.62, 0.2, 0.2, -110, 140)],
  [...arc(0.62, 0.5, 0.28, 0.34, 270, 180), ...arc(0.5, 0.64, 0.17, 0.18, 180, 540)],
  [
    [0.28, 0.18],
    [0.72, 0.18],
    [0.44, 0.82],
  ],
  [...arc(0.5, 0.34, 0.16, 0.16, 90, 450), ...arc(0.5, 0.67, 0.19, 0.17, -90, 270)],
  [...arc(0.48, 0.36, 0.18, 0.18, 0, 360), [0.66, 0.36], [0.62, 0.82]],
];

interface Pen {
  /** In pixels. */
  readonly width: number;
  /** Grey edges; otherwise each pixel is ink or paper. */
  readonly isSmooth?: boolean;
}

/** The share of ink in each pixel, 0 … 1, `[side,side]`. `scale` and `shift` change the digit's size and position. */
export function drawn(
  digit: number,
  side: number,
  { width, isSmooth = true }: Pen,
  { scale = 1, shift = [0, 0] }: { scale?: number; shift?: Point } = {},
): Float64Array {
  const points = STROKES[digit].map(([x, y]): Point => [
    side * (0.5 + scale * (x - 0.5) + shift[0]),
    side * (0.5 + scale * (y - 0.5) + shift[1]),
  ]);
  const distances = new Float64Array(side * side).fill(Infinity);
  const reach = width / 2 + 1; // no ink farther away
  for (let k = 1; k < points.length; k++) {
    const [from, to] = [points[k - 1], points[k]];
    const [left, right, top, bottom] = [0, 1].flatMap((axis) => [
      Math.max(0, Math.floor(Math.min(from[axis], to[axis]) - reach)),
      Math.min(side - 1, Math.ceil(Math.max(from[axis], to[axis]) + reach)),
    ]);
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const n = row * side + column;
        distances[n] = Math.min(distances[n], distanceTo(column + 0.5, row + 0.5, from, to));
      }
    }
  }
  return distances.map((distance) => {
    const covered = Math.max(0, Math.min(1, width / 2 + 0.5 - distance));
    return isSmooth ? covered : Math.round(covered);
  });
}

function distanceTo(x: number, y: number, [fromX, fromY]: Point, [toX, toY]: Point): number {
  const [across, down] = [toX - fromX, toY - fromY];
  const along = ((x - fromX) * across + (y - fromY) * down) / (across ** 2 + down ** 2 || 1);
  const share = Math.max(0, Math.min(1, along));
  return Math.sqrt((x - fromX - share * across) ** 2 + (y - fromY - share * down) ** 2); // Math.hypot is slower
}

/** Trains a network on MNIST, and writes its checkpoint. */
export async function trainReader(
  file: string,
  images: LabelledImages,
  options: { hidden: number; trainingIters: number; learningRate: number },
): Promise<void> {
  const backend = await createWasmBackend({ deterministic: true }); // the same weights on every computer
  const hooks = { onCheckpoint: saveCheckpoint.bind(undefined, file) };
  const model = await train(backend, images, { ...options, displayStep: 1000 }, hooks);
  model.dispose();
  await backend.dispose();
}

export const SIDE = 100;

/** Forms in which a paint program may save ink of 0 … 1, dark on light. */
export const FORMS: Readonly<Record<string, (ink: Float64Array) => Image>> = {
  'colour, opaque': (ink) => imageOf(2, 8, ink, (share) => [255 - 255 * share, 255 - 255 * share, 255 - 200 * share]),
  'colour and alpha, opaque': (ink) =>
    imageOf(6, 8, ink, (share) => [...Array<number>(3).fill(255 * (1 - share)), 255]),
  'colour and alpha, transparent': (ink) => imageOf(6, 8, ink, (share) => [0, 0, 0, 255 * share]),
  'blue on transparent': (ink) => imageOf(6, 8, ink, (share) => [0, 0, 255, 255 * share]),
  'colour and alpha of 16 bits': (ink) => imageOf(6, 16, ink, (share) => [9999, 9999, 9999, 65535 * share]),
  'grey and alpha': (ink) => imageOf(4, 8, ink, (share) => [20, 255 * share]),
  'grey of 16 bits': (ink) => imageOf(0, 16, ink, (share) => [65535 * (1 - share)]),
  'grey of 4 bits': (ink) => imageOf(0, 4, ink, (share) => [15 * (1 - share)]),
  'grey of 1 bit': (ink) => imageOf(0, 1, ink, (share) => [1 - Math.round(share)]),
  'grey of 1 bit, its white transparent': (ink) => ({
    ...imageOf(0, 1, ink, (share) => [1 - Math.round(share)]),
    transparency: [0, 1],
  }),
  'palette of 2': (ink) => paletteImageOf(ink, [250, 250, 245], [30, 10, 60]),
  'palette, its first colour transparent': (ink) => ({
    ...paletteImageOf(ink, [255, 255, 255], [0, 0, 0]),
    transparency: [0],
  }),
  'grainy paper': (ink) => imageOf(0, 8, ink, (share, n) => [(240 + ((n * 37) % 16)) * (1 - 0.8 * share)]),
  interlaced: (ink) => ({ ...imageOf(0, 8, ink, (share) => [255 - 255 * share]), interlaced: true }),
};

/** An image of two colours, of the paper and of the ink. */
const paletteImageOf = (ink: Float64Array, ...palette: number[][]): Image => ({
  ...imageOf(3, 1, ink, (share) => [share]),
  palette,
});

export function imageOf(
  colourType: Image['colourType'],
  depth: number,
  ink: Float64Array,
  samplesOf: (share: number, n: number) => readonly number[],
): Image {
  const samples = [...ink].flatMap((share, n) => samplesOf(share, n).map(Math.round));
  return { width: SIDE, height: SIDE, colourType, depth, samples };
}

export const PENS = [
  { width: 1, isSmooth: true },
  { width: 2, isSmooth: false },
  { width: 5, isSmooth: true },
  { width: 10, isSmooth: false },
  { width: 18, isSmooth: true },
];

/** The places of a drawing: in the middle, small in a corner, and large. */
export const PLACES = [
  { scale: 1, shift: [0, 0] },
  { scale: 0.5, shift: [-0.2, 0.25] },
  { scale: 1.3, shift: [0.05, -0.03] },
] as const;
type Place = (typeof PLACES)[number];

interface Drawing {
  readonly digit: number;
  readonly name: string;
  readonly bytes: Buffer;
}

/** The drawing in each form, with each pen, at each place. */
export function drawings(
  digit: number,
  forms: readonly string[],
  pens = PENS,
  places: readonly Place[] = PLACES,
): Drawing[] {
  return pens.flatMap((pen) =>
    places.flatMap((place) => {
      const width = Math.max(1, pen.width * place.scale);
      const ink = drawn(digit, SIDE, { ...pen, width }, place);
      return forms.map((form) => ({
        digit,
        name: `${digit}, ${form}, pen ${pen.width}${pen.isSmooth ? ', smooth' : ''}, scale ${place.scale}`,
        bytes: encodePng(FORMS[form](ink)),
      }));
    }),
  );
}

/** The flags that the message names when the command runs without flags. */
function flagsFor({ bytes }: Drawing): string[] {
  try {
    imagesIn(bytes, 28, 28, 'drawing.png');
    return [];
  } catch (error) {
    return (error as DataError).message.match(/--\w+/g) ?? [];
  }
}

/** What the network of a checkpoint says. The drawings are written beside it. */
async function predictions(checkpoint: string, all: readonly Drawing[], flags: readonly string[]): Promise<number[]> {
  const files = all.map(({ bytes }, n) => {
    const file = path.join(path.dirname(checkpoint), `${n}.png`);
    writeFileSync(file, bytes);
    return file;
  });
  const said = jsonLinesOf(await done(['predict', checkpoint, ...files, ...flags, '--json']));
  return (said as { prediction: number }[]).map(({ prediction }) => prediction);
}

/** Where the network of a checkpoint is wrong. Each message must name the flags. */
export async function wronglyRead(checkpoint: string, all: readonly Drawing[]): Promise<string[]> {
  const flags = ['--fit', '--invert'];
  for (const drawing of all) expect([drawing.name, flagsFor(drawing)]).toEqual([drawing.name, flags]);
  const said = await predictions(checkpoint, all, flags);
  return all.filter(({ digit }, n) => said[n] !== digit).map(({ name }) => name);
}

/** A drawing of a 7 without the flags, with one of them, and with both, when the prediction is printed as `line`. */
export async function expectMessages(checkpoint: string, bytes: Uint8Array, line: RegExp): Promise<void> {
  const file = path.join(path.dirname(checkpoint), 'seven.png');
  writeFileSync(file, bytes);
  expect(await failed(['predict', checkpoint, file])).toBe(
    `longhand: ${file}: 100 × 100 pixels; this network reads 28 × 28, or a whole multiple of it; ` +
      'it looks dark on light: --fit --invert\n',
  );
  const wrong = await longhand(['predict', checkpoint, file, '--fit']);
  expect([wrong.code, wrong.stderr]).toEqual([0, `${file}: looks dark on light: --invert\n`]);
  expect((await done(['predict', checkpoint, file, '--fit', '--invert'])).stdout).toMatch(line);
}

/** How many of the first `count` images the fit leaves as they are. */
export function unchangedOf({ pixels }: LabelledImages, count: number): number {
  let same = 0;
  for (let n = 0; n < count; n++) {
    const image = pixels.subarray(784 * n, 784 * (n + 1));
    if (fitted(image, 28).every((value, place) => value === image[place])) same++;
  }
  return same;
}
