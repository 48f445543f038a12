/**
 * What the host and this module share: the control block, the sizes of chunks, and the fields of every job.
 *
 * The host writes a job's fields at JOB and calls `run`; then every thread reads them by the same names, as in
 * `jobOf<Matmul>().outRow`. The build translates this file into ../jobs.ts for the host, so names and addresses are
 * written only here. A field has 4 bytes: an address or a distance in bytes (usize), a count (i32), or a number (f32).
 */

// The control block, at fixed addresses. Numbers that several threads write often have cache lines of their own.

/** The number of jobs published so far; helpers that sleep wait on it. */
export const GENERATION: usize = 64;
/** How many chunks of the job are done. */
export const FINISHED: usize = 128;
/** How many helpers sleep until the next job. */
export const SLEEPERS: usize = 192;
/** 1 while the publisher sleeps until more chunks are done. */
export const PUBLISHER_SLEEPS: usize = 196;
/** The kind of the job. */
export const KIND: usize = 256;
/** The fields of the job. */
export const JOB: usize = 260;
/** A cache line for each thread: the number of unclaimed chunks of its share (≤ 0: none), and the share's first chunk. */
export const SHARES: usize = 512;
/** The most threads that a backend can have. Their shares end below MODULE_DATA. */
export const MOST_THREADS: i32 = 48;
/** The address of the module's constants. */
export const MODULE_DATA: usize = 4096;

// The sizes of blocks and chunks.

/** The packed b of a product is cut into blocks of this many k's. */
export const BLOCK: i32 = 256;
/** Columns of b side by side in one panel of a block; the last panels are narrower. */
export const PANEL_COLUMNS: i32 = 16;
/** Rows of a that are multiplied by every panel of b in turn: they fit the cache, and their pages fit the TLB. */
export const ROWS: i32 = 240;
/** Columns of b that one chunk packs. */
export const PACK_CHUNK_COLUMNS: i32 = 128;
/** Columns whose sums one chunk computes. */
export const SUM_CHUNK_COLUMNS: i32 = 256;
/** Elements of one chunk of adam, sgd, multiply, add, fill and copy. */
export const CHUNK_ELEMENTS: i32 = 16384;

// What an error costs: (13), (17), (18) and (19).

export const SQUARED: i32 = 0;
export const ABSOLUTE: i32 = 1;
export const HUBER: i32 = 2;
export const PINBALL: i32 = 3;

/**
 * Every kind of job; its fields are those of the class of the same name. The classes of the cells' operations are in cell-jobs.ts,
 * which the build makes from the table in src/core/cell-operations.ts.
 */
export enum Kind {
  pack,
  matmul,
  columnSums,
  crossEntropyForward,
  crossEntropyBackward,
  errorForward,
  errorBackward,
  adam,
  sgd,
  embeddingForward,
  embeddingBackward,
  multiply,
  add,
  fill,
  copy,
  lstmCellForward,
  lstmCellBackward,
  tanhForward,
  tanhBackward,
  gruCellForward,
  gruCellBackward,
  peepholeCellForward,
  peepholeCellBackward,
  minGruForward,
  minGruBackward,
  minLstmForward,
  minLstmBackward,
  slstmCellForward,
  slstmCellBackward,
}

/** Packs b `[K,N]` for `Matmul`. */
@unmanaged
export class Pack {
  /** The packed b: K rows of N columns, N rounded up to a multiple of 4. */
  packed: usize;
  b: usize;
  /** Bytes from one k to the next. */
  bStep: usize;
  /** Bytes from one column to the next. */
  bColumn: usize;
  K: i32;
  N: i32;
}

/** out `[M,N]` = start + a `[M,K]` · b `[K,N]`. */
@unmanaged
export class Matmul {
  out: usize;
  /** Bytes from one row of out to the next. */
  outRow: usize;
  /** What the sums start from: a matrix of out's shape, or one row. */
  start: usize;
  /** Bytes from one row of start to the next; 0 if all rows of out start from the same row. */
  startRow: usize;
  a: usize;
  /** Bytes from one row of a to the next. */
  aRow: usize;
  /** Bytes from one k to the next in a: 4, or more if a is a transpose. */
  aStep: usize;
  /** b, or the packed b. */
  b: usize;
  /** Bytes from one k to the next in b; 0 if b is packed. */
  bStep: usize;
  M: i32;
  N: i32;
  K: i32;
  /** Rows of out in a chunk. */
  rows: i32;
  /** Columns of out in a chunk. */
  columns: i32;
}

/** out `[N]` = the sum of the rows of a `[M,N]` (+ out). */
@unmanaged
export class ColumnSums {
  out: usize;
  a: usize;
  M: i32;
  N: i32;
  /** 1: add to out; 0: replace it. */
  accumulate: i32;
}

/** Equation (5): losses `[B]` and probabilities `[B,C]` from logits `[B,C]` and labels. */
@unmanaged
export class CrossEntropyForward {
  losses: usize;
  probabilities: usize;
  logits: usize;
  labels: usize;
  /** 1: labels are rows `[B,C]`; 0: classes `[B]`. */
  areRows: i32;
  B: i32;
  C: i32;
  /** Rows in a chunk. */
  rows: i32;
}

/** Equation (5′): dLogits `[B,C]` from probabilities `[B,C]` and labels. */
@unmanaged
export class CrossEntropyBackward {
  dLogits: usize;
  probabilities: usize;
  labels: usize;
  /** 1: labels are rows `[B,C]`; 0: classes `[B]`. */
  areRows: i32;
  B: i32;
  C: i32;
  /** Rows that count. */
  count: f32;
  /** Rows in a chunk. */
  rows: i32;
}

/** losses `[B]` from outputs, targets and mask `[B,C]`. */
@unmanaged
export class ErrorForward {
  losses: usize;
  outputs: usize;
  targets: usize;
  mask: usize;
  /** SQUARED, ABSOLUTE, HUBER or PINBALL. */
  cost: i32;
  /** δ of (18). */
  delta: f32;
  /** q of each column, `[C]`, for (19); or 0. */
  quantiles: usize;
  B: i32;
  C: i32;
  /** Rows in a chunk. */
  rows: i32;
}

/** dOutputs `[B,C]` from outputs, targets and mask `[B,C]`. */
@unmanaged
export class ErrorBackward {
  dOutputs: usize;
  outputs: usize;
  targets: usize;
  mask: usize;
  /** SQUARED, ABSOLUTE, HUBER or PINBALL. */
  cost: i32;
  /** δ of (18). */
  delta: f32;
  /** q of each column, `[C]`, for (19); or 0. */
  quantiles: usize;
  B: i32;
  C: i32;
  /** Numbers that count. */
  count: f32;
  /** Rows in a chunk. */
  rows: i32;
}

/** Equation (6): updates p, m and v from g, all of `size` elements. */
@unmanaged
export class Adam {
  p: usize;
  m: usize;
  v: usize;
  g: usize;
  size: i32;
  /** α of this update. */
  rate: f32;
  /** 1-β₁. */
  towardsMean: f32;
  /** 1-β₂. */
  towardsSquare: f32;
  epsilon: f32;
}

/** Equation (11): updates p and v from g, all of `size` elements. */
@unmanaged
export class Sgd {
  p: usize;
  v: usize;
  g: usize;
  size: i32;
  rate: f32;
  momentum: f32;
}

/** Equation (15): row m of out `[M,N]` = row indices[m] of a, of N columns, + bias `[N]`. */
@unmanaged
export class EmbeddingForward {
  out: usize;
  a: usize;
  indices: usize;
  bias: usize;
  M: i32;
  N: i32;
  /** Rows in a chunk. */
  rows: i32;
}

/** Equation (15′): row indices[m] of out, of N columns, += row m of a `[M,N]`. */
@unmanaged
export class EmbeddingBackward {
  out: usize;
  indices: usize;
  a: usize;
  M: i32;
  N: i32;
  /** Columns in a chunk, a multiple of 4. A chunk adds all rows, so that each sum has the order of the rows. */
  columns: i32;
}

/** out = a*b, element by element. */
@unmanaged
export class Multiply {
  out: usize;
  a: usize;
  b: usize;
  size: i32;
}

/** out += a. */
@unmanaged
export class Add {
  out: usize;
  a: usize;
  size: i32;
}

/** out = value. */
@unmanaged
export class Fill {
  out: usize;
  size: i32;
  value: f32;
}

/** out = a. */
@unmanaged
export class Copy {
  out: usize;
  a: usize;
  size: i32;
}
