/** How a job's outputs are cut into chunks, of which every thread claims one after another. */
import { PANEL_COLUMNS, ROWS } from './jobs.js';

/** More than one, so that a thread can take over what a slower one has not begun. */
const CHUNKS_A_THREAD = 2;
/** Multiplications and additions of a chunk of a huge product, some 30 ms: what is larger is cut again, down to a block. */
const MANY_OPERATIONS = 1e9;
const SMALLEST_BLOCK = { rows: ROWS, columns: 256 };
/** Hidden units below which a chunk of the cell's operations is not worth its dispatch. */
const FEWEST_UNITS = 1024;

/**
 * Rows and columns of a chunk of a product `[M,K]·[K,N]`, and the number of chunks. Cut by rows where there are enough, as
 * the cell's operations are, so that a thread meets the rows it has in its cache; where a is a transpose, which each chunk
 * packs anew, by columns and into fewer chunks.
 */
export function productChunks(M: number, N: number, K: number, aTransposed: boolean, threads: number) {
  const wanted = CHUNKS_A_THREAD * threads;
  let rows = M;
  let columns = toWholePanels(N);
  if (threads > 1) {
    if (!aTransposed && M >= 8 * wanted) rows = Math.ceil(M / wanted);
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

/** Sequences of a chunk of the LSTM cell's operations. */
export function cellRowsAChunk(B: number, H: number, threads: number): number {
  return Math.max(Math.ceil(FEWEST_UNITS / H), Math.ceil(B / (CHUNKS_A_THREAD * threads)));
}
