/**
 * The matrix product: out[m,n] = Σₖ a[m,k]·b[k,n]. A thread computes a tile of `out` and adds four values of k in each pass.
 *
 * It reads a block of a and a block of b, and adds their product to its tile:
 *
 *     a·b      rows of a: the tile's rows      rows of b: four values of k
 *     aᵀ·b     rows of a: four values of k     rows of b: four values of k
 *     a·bᵀ     rows of a: the tile's rows      rows of b: the tile's columns
 *
 * In the GL modes a tile is 4×4 and a fetch reads 4 numbers, so 8 fetches are enough for 64 multiply-adds in every form.
 * docs/kernels.md measures this step by step.
 */
import type { Geometry, Source, Span } from './layout.js';
import { partsOf } from './layout.js';
import type { Program, Size } from './program.js';
import { x, y } from './program.js';

/** The factors of a product. If `aTransposed`, the device holds a as `[K,M]`; if `bTransposed`, it holds b as `[N,K]`. */
interface Factors {
  readonly a: Source;
  readonly b: Source;
  readonly aTransposed: boolean;
  readonly bTransposed: boolean;
  readonly K: number;
}

/** What the sums start from. */
interface Added {
  /** A matrix, or a number for all elements. Without it, the sums start from zero. */
  readonly source: Source | undefined;
  /** Whether the matrix is one row for all rows of `out`; otherwise it has the size of `out`. */
  readonly isRow: boolean;
}

const UNROLLED = 4;

/** out `[M,N]` = added + the sum of the products. */
export function productPrograms(
  geometry: Geometry,
  [M, N]: Size,
  products: readonly Factors[],
  { source, isRow }: Added,
): Program[] {
  const { width, tileRows, tileColumns } = geometry;
  const span = (index: string, step: number, extent: number): Span => ({
    index,
    step,
    count: step,
    ...(width === 1 && extent % step > 0 && { limit: extent }),
  });
  const [rows, columns] = [span(y, tileRows, M), span(x, tileColumns, N)];
  const tile = Array.from({ length: tileRows }, (_, r) => Array.from({ length: tileColumns }, (_, c) => `s${r}${c}`));

  const start = source?.block('added', isRow ? { index: 0, step: 1, count: 1 } : rows, columns);
  const starts = tile.flatMap((sums, r) =>
    sums.map((sum, c) => `let ${sum} = ${start ? start.at(isRow ? 0 : r, c) : '0'};`),
  );

  /** Adds the terms of the values of k in `inner`. */
  const addTerms = ({ a, b, aTransposed, bTransposed }: Factors, inner: Span, suffix: string): string[] => {
    const A = aTransposed ? a.block(`a${suffix}`, inner, rows) : a.block(`a${suffix}`, rows, inner);
    const B = bTransposed ? b.block(`b${suffix}`, columns, inner) : b.block(`b${suffix}`, inner, columns);
    const term = (r: number, c: number, k: number): string =>
      `${aTransposed ? A.at(k, r) : A.at(r, k)} * ${bTransposed ? B.at(c, k) : B.at(k, c)}`;
    const terms = (r: number, c: number): string =>
      Array.from({ length: inner.count }, (_, k) => term(r, c, k)).join(' + ');
    const sums = tile.flatMap((row, r) => row.map((sum, c) => `${sum} += ${terms(r, c)};`));
    return [...A.statements, ...B.statements, ...sums];
  };

  const loops = products.flatMap((factors, n) => {
    const turns = Math.floor(factors.K / UNROLLED);
    const rest = factors.K % UNROLLED;
    const inner = { index: 'k', step: UNROLLED, count: UNROLLED };
    const last = { index: turns, step: UNROLLED, count: rest };
    return [
      ...(turns > 0 ? [`for (let k = 0; k < ${turns}; k++) {`, ...addTerms(factors, inner, `${n}k`), '}'] : []),
      ...(rest > 0 ? addTerms(factors, last, `${n}rest`) : []),
    ];
  });

  return [
    {
      inputs: [...products.flatMap(({ a, b }) => [a, b]), ...(source ? [source] : [])],
      outputs: [{ rows: M, columns: N, layout: tileRows * tileColumns === 1 ? 'rows' : 'tiles' }],
      threads: [Math.ceil(N / tileColumns), Math.ceil(M / tileRows)],
      statements: [...(start?.statements ?? []), ...starts, ...loops].join('\n'),
      results: partsOf(geometry, 'tiles') > 1 ? tile : [tile.flat()],
    },
  ];
}

/** out `[1,N]` = the sum of the rows of a `[M,N]`, plus `before`. */
export function columnSumsPrograms(
  { width }: Geometry,
  [M, N]: Size,
  { a, before }: Record<'a' | 'before', Source>,
): Program[] {
  const columns: Span = { index: x, step: width, count: width };
  const sums = Array.from({ length: width }, (_, c) => `s${c}`);
  const addRows = (rows: Span, suffix: string): string[] => {
    const block = a.block(`a${suffix}`, rows, columns);
    const terms = (c: number): string => Array.from({ length: rows.count }, (_, n) => block.at(n, c)).join(' + ');
    return [...block.statements, ...sums.map((sum, c) => `${sum} += ${terms(c)};`)];
  };
  const start = before.block('start', { index: 0, step: 1, count: 1 }, columns);
  const [turns, rest] = [Math.floor(M / 4), M % 4];
  const loop = [`for (let m = 0; m < ${turns}; m++) {`, ...addRows({ index: 'm', step: 4, count: 4 }, 'm'), '}'];
  return [
    {
      inputs: [a, before],
      outputs: [{ rows: 1, columns: N, layout: 'rows' }],
      threads: [Math.ceil(N / width), 1],
      statements: [
        ...start.statements,
        ...sums.map((sum, c) => `let ${sum} = ${start.at(0, c)};`),
        ...(turns > 0 ? loop : []),
        ...(rest > 0 ? addRows({ index: turns, step: 4, count: rest }, 'rest') : []),
      ].join('\n'),
      results: [sums],
    },
  ];
}
