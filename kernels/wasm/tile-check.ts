/**
 * Whether the tiles for merged vectors are right and quicker in this process. V8's option that merges pairs of vectors is experimental, and
 * its gain depends on the version and the processor. So the tiles are run: no version number says enough.
 */
import { BLOCK } from './jobs.js';
import type { WasmExports } from './runner.js';

/** The most time in which a tile must be optimised. Usually 5 to 15 ms are enough. */
const MOST_MS = 50;
/** How long optimised tiles are compared, in turns. */
const COMPARING_MS = 2;
/** V8 counts what a function has executed before it optimises it: these first calls are too few. */
const FIRST_CALLS = 5;
/** Calls of an optimised tile that are timed together. */
const CALLS = 4;
/** V8's first code takes 3 to 10 times as long as its optimised code. */
const MUCH_QUICKER = 1 / 2;

const COLUMNS = 16;
const MOST_ROWS = 6;
const K = BLOCK;

/** Addresses of operands, in bytes. */
interface Operands {
  readonly a: number;
  readonly b: number;
  readonly out: number;
}

interface Tile {
  readonly name: string;
  readonly rows: number;
  /** Computes `rows` rows of 16 columns. */
  readonly run: (operands: Operands) => void;
  /** The least time of a call, in ms. */
  best: number;
  calls: number;
  isOptimised: boolean;
}

export interface TileVerdict {
  /** Whether to use the tiles for merged vectors. */
  readonly isWide: boolean;
  /** Why not, unless they are only slower. */
  readonly reason?: string;
}

/**
 * Runs the tiles until V8 has optimised them, because its first code is never merged; then compares their bits with sums that are exact
 * in f32, and their times by the clock `now`, in ms. If V8 does not optimise them in time, their bits are compared all the same. Uses the
 * memory at `scratch`. Throws an Error if the usual tile is wrong too.
 */
export function checkTiles(
  wasm: WasmExports,
  { buffer }: WebAssembly.Memory,
  scratch: number,
  isRelaxed: boolean,
  now = () => performance.now(),
): TileVerdict {
  const operands = { a: scratch, b: scratch + 4 * MOST_ROWS * K, out: scratch + 4 * (MOST_ROWS + COLUMNS) * K };
  const a = new Float32Array(buffer, operands.a, MOST_ROWS * K).map((_, n) => ((n * 7) % 13) - 6);
  const b = new Float32Array(buffer, operands.b, K * COLUMNS).map((_, n) => ((n * 5) % 17) - 8);
  new Float32Array(buffer, operands.a, a.length).set(a);
  new Float32Array(buffer, operands.b, b.length).set(b);
  const out = new Float32Array(buffer, operands.out, MOST_ROWS * COLUMNS);

  const tiles = isRelaxed
    ? [tileOf(wasm, 6, 8), tileOf(wasm, 6, 16), tileOf(wasm, 4, 16)]
    : [tileOf(wasm, 2, 16), tileOf(wasm, 4, 16)];
  const endsAt = now() + MOST_MS;
  let isLate = false;
  while (!isLate && !tiles.every(({ isOptimised }) => isOptimised)) {
    for (const tile of tiles) time(tile, operands, 1, now);
    isLate = now() > endsAt;
  }
  for (const tile of tiles) tile.best = Infinity;
  const comparedAt = isLate ? -Infinity : now() + COMPARING_MS;
  while (now() < comparedAt) for (const tile of tiles) time(tile, operands, CALLS, now);

  const [usual, ...wide] = tiles;
  const mistakeOf = ({ name, rows, run }: Tile): string | undefined => {
    out.fill(0); // the sums start from out
    run(operands);
    const right = (n: number): number => (n < rows * COLUMNS ? exactSum(a, b, n) : 0);
    const wrong = out.findIndex((sum, n) => !Object.is(sum, right(n)));
    if (wrong < 0) return undefined;
    const place = `[${Math.floor(wrong / COLUMNS)},${wrong % COLUMNS}]`;
    return `V8 merges vectors wrongly: ${name} gives ${out[wrong]} at ${place}, not ${right(wrong)}`;
  };
  const usualMistake = mistakeOf(usual);
  if (usualMistake !== undefined) {
    throw new Error(`wasm: ${usualMistake}; start Node without --experimental-wasm-revectorize`);
  }
  const late = isLate ? `V8 was not seen to optimise the tiles within ${MOST_MS} ms` : undefined;
  const reason = wide.map(mistakeOf).find((mistake) => mistake !== undefined) ?? late;
  return reason === undefined ? { isWide: timeOfRow(wide[0]) < timeOfRow(usual) } : { isWide: false, reason };
}

/** A tile of 16 columns, or two of 8. */
function tileOf(wasm: WasmExports, rows: 2 | 4 | 6, columns: 8 | 16): Tile {
  const name = `tile${rows}x${columns}` as keyof WasmExports;
  const multiply = wasm[name] as WasmExports['tile6x16'];
  const run = ({ a, b, out }: Operands): void => {
    for (let c = 0; c < 4 * COLUMNS; c += 4 * columns) {
      multiply(K, a, 4 * K, 4, b + c, 4 * COLUMNS, out + c, 4 * COLUMNS, out + c, 4 * COLUMNS);
    }
  };
  return { name: String(name), rows, run, best: Infinity, calls: 0, isOptimised: false };
}

function time(tile: Tile, operands: Operands, calls: number, now: () => number): void {
  const start = now();
  for (let n = 0; n < calls; n++) tile.run(operands);
  const ms = (now() - start) / calls;
  const isFirst = tile.calls++ < FIRST_CALLS;
  if (!isFirst && ms < tile.best * MUCH_QUICKER) tile.isOptimised = true;
  if (isFirst || tile.isOptimised) tile.best = Math.min(tile.best, ms);
}

const timeOfRow = ({ best, rows }: Tile): number => best / rows;

/** Σₖ a[r,k]·b[k,c] of the n-th output. */
function exactSum(a: Float32Array, b: Float32Array, n: number): number {
  const [r, c] = [Math.floor(n / COLUMNS), n % COLUMNS];
  let sum = 0;
  for (let k = 0; k < K; k++) sum += a[r * K + k] * b[k * COLUMNS + c];
  return sum;
}
