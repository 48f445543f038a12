/** How a job's outputs are cut into chunks, of which every thread claims one after another. */

/** More than one, so that a thread can take over what a slower one has not begun. */
const CHUNKS_A_THREAD = 2;
/** Operations of a chunk of a large product: some 30 ms. */
const MOST_OPERATIONS = 1e9;
/** Hidden units below which a chunk of the cell's operations is not worth its dispatch. */
const FEWEST_UNITS = 1024;

/**
 * Rows and columns of a chunk of a product `[M,K]·[K,N]`, and the number of chunks. Cut by rows where there are enough, as
 * the cell's operations are, so that a thread meets the rows it has in its cache; where a is a transpose, which each chunk
 * packs anew, by columns and into fewer chunks.
 */
export function productChunks(M: number, N: number, K: number, aTransposed: boolean, threads: number) {
  const allColumns = Math.ceil(N / 16) * 16;
  const fewest = Math.ceil((2 * M * N * K) / MOST_OPERATIONS);
  if (threads === 1) return { rows: M, columns: allColumns, chunks: 1 };
  const wanted = Math.max(fewest, CHUNKS_A_THREAD * threads);
  if (!aTransposed && M >= 8 * wanted) {
    const rows = Math.ceil(M / wanted);
    return { rows, columns: allColumns, chunks: Math.ceil(M / rows) };
  }
  const columns = Math.max(16, Math.ceil(N / (aTransposed ? Math.max(fewest, threads) : wanted) / 16) * 16);
  return { rows: M, columns, chunks: Math.ceil(N / columns) };
}

/** Sequences of a chunk of the LSTM cell's operations. */
export function cellRowsAChunk(B: number, H: number, threads: number): number {
  return Math.max(Math.ceil(FEWEST_UNITS / H), Math.ceil(B / (CHUNKS_A_THREAD * threads)));
}
