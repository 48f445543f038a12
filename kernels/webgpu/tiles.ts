/**
 * What has several tiles: a matrix product, and a step of an LSTM with its product. All tiles have the same parameters and give the same bits,
 * so tile-choice.ts may take the quickest. Each is measured in memory of its own, which this file lays out.
 */
import type { Place } from './allocations.js';
import { type StepTile, STEP_TILES, stepBackward, stepForward, stepInTile, USUAL_STEP_TILE } from './cell.js';
import type { AdapterKind } from './device.js';
import type { CellStep, Launch, Product } from './kernel.js';
import { type ProductTile, matmul, PRODUCT_TILES, productInTile, USUAL_TILE } from './matmul.js';

export type Tiled = Product | CellStep;
export type TileName = ProductTile | StepTile;

const isStep = (tiled: Tiled): tiled is CellStep => 'pass' in tiled;

/** The tiles of it that a device can have; one in subgroups needs those of 8 threads. */
export const tilesOf = (tiled: Tiled, leastSubgroup: number): readonly TileName[] =>
  isStep(tiled)
    ? STEP_TILES[tiled.pass]
    : PRODUCT_TILES.filter((name) => leastSubgroup >= 8 || !name.includes('subgroups'));

/** Until it is measured. */
export const usualTile = (tiled: Tiled, kind: AdapterKind): TileName =>
  isStep(tiled) ? USUAL_STEP_TILE[tiled.pass][kind] : USUAL_TILE[kind];

/** The tile is one of its own. */
export const inTile = (name: TileName, tiled: Tiled): Pick<Launch, 'kernel' | 'groups'> =>
  isStep(tiled) ? stepInTile(name as StepTile, tiled) : productInTile(name as ProductTile, tiled);

/** Multiply-adds. */
export const workOf = (tiled: Tiled): number =>
  isStep(tiled) ? 4 * tiled.B * tiled.H ** 2 : tiled.M * tiled.N * tiled.K * tiled.steps;

/** `A·Bᵀ [128,512]·[512,128]`, and how many blocks are added up: the name under which a choice is kept. */
export function nameOf(tiled: Tiled): string {
  if (isStep(tiled)) {
    const { pass, B, H } = tiled;
    return pass === 'forward'
      ? `h·Wh and the cell [${B},${H}]·[${H},${4 * H}]`
      : `dz·Whᵀ and the cell [${B},${4 * H}]·[${4 * H},${H}]`;
  }
  const { M, N, K, steps, aTransposed, bTransposed } = tiled;
  const form = `${aTransposed ? 'Aᵀ' : 'A'}·${bTransposed ? 'Bᵀ' : 'B'}`;
  return `${form} [${M},${K}]·[${K},${N}]${steps > 1 ? `, ${steps} blocks` : ''}`;
}

// What is measured in its place.

const roundedUp = (size: number, unit: number): number => (size <= unit ? size : Math.ceil(size / unit) * unit);

/** The most that is measured: outputs, multiply-adds, k, blocks and units. */
const MOST = { outputs: 2 ** 20, work: 2 ** 25, K: 512, blocks: 4, units: 1024 } as const;
/** The sides of the largest tile, and the steps in which larger sizes are measured. */
const SIDE = 64;
const SIZE_STEP = 512;

/**
 * What is measured in place of something large, so that a slow device is not kept for seconds, and sequences of many lengths are few
 * products. Time is proportional to k and to the blocks, and to the rows once every core has several tiles.
 */
export function measuredFor(tiled: Tiled): Tiled {
  if (!isStep(tiled)) return measuredProduct(tiled);
  const H = Math.min(tiled.H, MOST.units);
  return { ...tiled, B: Math.min(roundedUp(tiled.B, SIZE_STEP), Math.floor(MOST.work / (4 * H ** 2))), H };
}

function measuredProduct({ M, N, K, steps, ...transposes }: Product): Product {
  const columns = Math.min(roundedUp(N, SIZE_STEP), MOST.outputs / SIDE);
  const mostRows = Math.floor(MOST.outputs / SIDE / Math.ceil(columns / SIDE));
  const rows = Math.min(roundedUp(M, SIZE_STEP), mostRows - (mostRows % SIDE));
  const perK = Math.ceil(rows / SIDE) * Math.ceil(columns / SIDE) * SIDE ** 2;
  const inner = Math.min(K, MOST.K, Math.floor(MOST.work / perK));
  const blocks = Math.min(steps, MOST.blocks, Math.floor(MOST.work / perK / inner));
  return { M: rows, N: columns, K: inner, steps: blocks, ...transposes };
}

/** The same with edges in every tile and several blocks: small, but with more than one workgroup each way. */
export const checkedFor = (tiled: Tiled): Tiled =>
  isStep(tiled) ? { ...tiled, B: 37, H: 68 } : { ...tiled, M: 70, N: 68, K: 21, steps: 2 };

export interface Placed {
  readonly launch: Launch;
  /** Groups of four numbers of all operands together. */
  readonly quads: number;
}

const NOTHING = new Float32Array();

/** Its launch, with the operands one after another from address 0 on. A step's numbers, such as its bias, are those of call 0. */
export function placed(tiled: Tiled): Placed {
  let quads = 0;
  const place = (rows: number, columns: number, transposed = false, blocks = 1): Place => {
    const pitch = Math.ceil(columns / 4);
    const address = quads;
    quads += blocks * rows * pitch;
    return { data: NOTHING, address, rows, columns, pitch, transposed };
  };
  const launch = isStep(tiled) ? placedStep(tiled, place) : placedProduct(tiled, place);
  return { launch, quads };
}

type MakePlace = (rows: number, columns: number, transposed?: boolean, blocks?: number) => Place;

function placedStep({ pass, kind, B, H }: CellStep, place: MakePlace): Launch {
  const state = (): Place => place(B, H);
  const inGates = (): Place => place(B, 4 * H);
  const both = { gates: inGates(), c: state(), cPrev: state(), Wh: place(H, 4 * H) };
  if (pass === 'backward') {
    const gradients = { dz: inGates(), dzNext: inGates(), dc: state(), dcPrev: state(), dh: state() };
    return stepBackward(kind, { ...both, ...gradients });
  }
  return stepForward(kind, { ...both, h: state(), hPrev: state(), z: inGates() }, { call: 0, index: 0 }, true);
}

function placedProduct({ M, N, K, steps, aTransposed, bTransposed }: Product, place: MakePlace): Launch {
  const a = aTransposed ? place(K, M, true, steps) : place(M, K, false, steps);
  const b = bTransposed ? place(N, K, true, steps) : place(K, N, false, steps);
  const blocks = { steps, aStride: a.rows * a.pitch, bStride: b.rows * b.pitch };
  return matmul('gpu', place(M, N), a, b, 'nothing', blocks);
}
