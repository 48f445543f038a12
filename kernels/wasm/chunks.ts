/** How a job's outputs are cut into chunks; every thread claims one chunk after another. */
import { PANEL_COLUMNS, ROWS } from './jobs.js';

/** More than one, so that a fast thread can take over a chunk that a slow one has not begun. */
const CHUNKS_A_THREAD = 2;
/** Multiplications and additions in about 30 ms. A larger chunk of a product is cut again, down to a block. */
const MANY_OPERATIONS = 1e9;
const SMALLEST_BLOCK = { rows: ROWS, columns: 256 };
/** Elements in a chunk of the cell's operations and the like: with fewer, the dispatch would take longer than the work. */
const FEWEST_ELEMENTS = 1024;
const FEWEST_EXPS = 128;

/**
 * Rows and columns of a chunk of a product `[M,K]·[K,N]`, and the number of chunks. If there are enough rows, the product
 * is cut by rows, like the cell's operations: a thread's rows are then in its cache. If a is transposed, every chunk packs
 * it again, so the product is cut by columns, into fewer chunks.
 */
export function productChunks(M: number, N: number, K: number, aTransposed: boolean, threads: number) {
  const wanted = CHUNKS_A_THREAD * threads;
  let rows = M;
  let columns = toWholePanels(N);
  if (threads > 1) {
    if (!aTransposed && M >= 8 * wanted) rows = evenRows(M, threads);
    else columns = toWholePanels(N / (aTransposed ? threads : wanted));
    const isHuge = (): boolean => 2 * rows * Math.min(N, columns) * K > MANY_OPERATIONS;
    if (isHuge()) rows = Math.min(rows, SMALLEST_BLOCK.rows);
    if (isHuge()) columns = Math.min(columns, SMALLEST_BLOCK.columns);
  }
  return { rows, columns, chunks: Math.ceil(M / rows) * Math.ceil(N / columns) };
}

function toWholePanels(columns: number): number {
  return Math.ceil(Math.max(1, columns) / PANEL_COLUMNS) * PANEL_COLUMNS;
}

/**
 * Rows in a chunk of M rows: an even number, because a tile of one row takes almost as long as one of two. There are two even
 * numbers around the wanted one. This chooses the one whose longest share is shorter.
 */
function evenRows(M: number, threads: number): number {
  const half = M / (2 * CHUNKS_A_THREAD * threads);
  const fewer = Math.max(2, 2 * Math.floor(half));
  const more = 2 * Math.ceil(half);
  return longestShare(M, fewer, threads) < longestShare(M, more, threads) ? fewer : more;
}

/** The most rows that one thread begins with; see `publish` in assembly/threads.ts. */
function longestShare(M: number, rows: number, threads: number): number {
  const chunks = Math.ceil(M / rows);
  let longest = 0;
  let first = 0;
  for (let thread = 1; thread <= threads; thread++) {
    const next = Math.min(M, rows * Math.floor((chunks * thread) / threads));
    longest = Math.max(longest, next - first);
    first = next;
  }
  return longest;
}

/** Rows in a chunk of an operation on `[rows,columns]`. If possible the same as in products: see `productChunks`. */
export function rowsAChunk(rows: number, columns: number, threads: number): number {
  return Math.max(Math.ceil(FEWEST_ELEMENTS / columns), evenRows(rows, threads));
}

/**
 * Rows and columns in a chunk of a cell's operation on `[B,H]`, which has whole rows, and the number of chunks. A chunk of an operation on
 * `[T,B,H]` goes through all steps; it is cut by columns too, if there are fewer rows than chunks.
 */
export function cellChunks(sizes: Readonly<Record<string, number>>, threads: number) {
  const { T, B, H } = sizes;
  if (!Object.hasOwn(sizes, 'T')) {
    const rows = rowsAChunk(B, H, threads);
    return { rows, columns: H, chunks: Math.ceil(B / rows) };
  }
  const wanted = threads === 1 ? 1 : CHUNKS_A_THREAD * threads;
  const rows = Math.ceil(Math.max(B / wanted, FEWEST_ELEMENTS / (T * H)));
  const columns = Math.min(H, toWholePanels(H / Math.max(1, Math.floor(wanted / Math.ceil(B / rows)))));
  return { rows, columns, chunks: Math.ceil(B / rows) * Math.ceil(H / columns) };
}

/** Rows in a chunk of cross-entropy: exp and log take longer. */
export function lossRowsAChunk(B: number, C: number, threads: number): number {
  return Math.max(Math.ceil(FEWEST_EXPS / C), evenRows(B, threads));
}

/** Columns in a chunk of an operation that adds the rows of `[rows,columns]`: a whole number of cache lines. */
export function columnsAChunk(rows: number, columns: number, threads: number): number {
  return toWholePanels(Math.max(FEWEST_ELEMENTS / rows, columns / (CHUNKS_A_THREAD * threads)));
}
