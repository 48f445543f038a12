/**
 * The text of GPU kernels, run in JavaScript. A read outside an operand gives some number on a device, so the backend suite
 * might not notice it. Here it throws, and padding is NaN.
 */
import { cellBackwardInTiles, cellForwardInTiles } from '../../kernels/gpu/cell-tiles.js';
import type { Geometry, Source } from '../../kernels/gpu/layout.js';
import { unpack } from '../../kernels/gpu/layout.js';
import { columnSumsPrograms, productPrograms } from '../../kernels/gpu/matmul.js';
import { gatherRowsPrograms, scatterAddRowsPrograms } from '../../kernels/gpu/rows.js';
import type { Operand } from '../helpers/run-kernel.js';
import { numberOf, operandOf, runProgram } from '../helpers/run-kernel.js';

const LIMITS = { mostOutputs: 8, mostInputs: 15, mostTexels: 8192 } as const;
const GEOMETRIES: Record<string, Geometry> = {
  'texels, tiles of 4 × 4': { ...LIMITS, width: 4, tileRows: 4, tileColumns: 4 },
  'numbers, tiles of 2 × 2': { ...LIMITS, width: 1, tileRows: 2, tileColumns: 2 },
  'numbers, tiles of 4 × 1': { ...LIMITS, width: 1, tileRows: 4, tileColumns: 1 },
  'numbers, no tiles': { ...LIMITS, width: 1, tileRows: 1, tileColumns: 1 },
};

const SIZES = [
  [1, 1, 1],
  [5, 3, 6],
  [3, 9, 5],
  [6, 4, 7],
] as const;

/** Small whole numbers: their products and sums are exact. */
const element = (row: number, column: number): number => ((7 * row + 3 * column) % 11) - 5;

describe.each(Object.entries(GEOMETRIES))('with %s', (_, geometry) => {
  const layouts = geometry.tileRows * geometry.tileColumns === 1 ? (['rows'] as const) : (['rows', 'tiles'] as const);
  const cases = SIZES.flatMap(([M, K, N]) =>
    layouts.flatMap((layout) => [0, 1, 3].map((first) => ({ M, K, N, layout, first }))),
  );

  test.each(cases)('products [$M,$K]·[$K,$N] of $layout from row $first on', ({ M, K, N, layout, first }) => {
    for (const [aTransposed, bTransposed] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]) {
      const [aRows, aColumns] = aTransposed ? [K, M] : [M, K];
      const [bRows, bColumns] = bTransposed ? [N, K] : [K, N];
      // the rows that are read are the last ones: nothing lies below them
      const place = (count: number, columns: number) => ({ layout, rows: first + count, columns, first, count });
      const a = operandOf(geometry, 'a', place(aRows, aColumns), element);
      const b = operandOf(geometry, 'b', place(bRows, bColumns), element);
      const added = operandOf(geometry, 'added', place(M, N), element);
      const factors = { a: a.source, b: b.source, aTransposed, bTransposed, K };
      const [program] = productPrograms(geometry, [M, N], [factors, factors], { source: added.source, isRow: false });
      const at = unpack(geometry, program.outputs[0].layout, N, runProgram(program, [a, b, added]));
      for (let m = 0; m < M; m++) {
        for (let n = 0; n < N; n++) {
          let expected = element(first + m, n);
          for (let k = 0; k < K; k++) {
            const left = aTransposed ? element(first + k, m) : element(first + m, k);
            const right = bTransposed ? element(first + n, k) : element(first + k, n);
            expected += 2 * left * right;
          }
          expect({ aTransposed, bTransposed, m, n, value: at(m, n) }).toEqual({
            aTransposed,
            bTransposed,
            m,
            n,
            value: expected,
          });
        }
      }
    }
  });

  test.each(cases)(
    'sums over $M rows, an argument, of [$M,$K]ᵀ·[$M,$N] in $layout from row $first on: what follows is not added',
    ({ M, K, N, layout, first }) => {
      const surplus = 3;
      const operand = (name: string, columns: number): Operand =>
        operandOf(geometry, name, { layout, rows: first + M + surplus, columns, first, count: M }, (row, column) =>
          row < first + M ? element(row, column) : NaN,
        );
      const [a, b, count] = [operand('a', K), operand('b', N), numberOf(geometry, 'count', M)];
      const factors = { a: a.source, b: b.source, aTransposed: true, bTransposed: false, K: count.source };
      const [product] = productPrograms(geometry, [K, N], [factors], { source: undefined, isRow: false });
      const at = unpack(geometry, product.outputs[0].layout, N, runProgram(product, [a, b, count]));
      const none = numberOf(geometry, 'none', 0);
      const [columnSums] = columnSumsPrograms(geometry, N, { a: b.source, before: none.source }, count.source);
      const sumAt = unpack(geometry, 'rows', N, runProgram(columnSums, [b, none, count]));
      for (let n = 0; n < N; n++) {
        const rows = Array.from({ length: M }, (_, m) => first + m);
        expect(sumAt(0, n)).toBe(rows.reduce((sum, row) => sum + element(row, n), 0));
        for (let k = 0; k < K; k++) {
          expect(at(k, n)).toBe(rows.reduce((sum, row) => sum + element(row, k) * element(row, n), 0));
        }
      }
    },
  );

  test.each(cases)('rows by index: [$K,$N] in $layout from row $first on, at [$M]', ({ M, K, N, layout, first }) => {
    const place = (rows: number, columns: number) => ({ layout, rows: first + rows, columns, first, count: rows });
    const [column, indexAt] = [2, (m: number): number => (3 * m + 1) % K];
    const indices = operandOf(geometry, 'indices', place(1, column + M), (_, at) => indexAt(at - column));
    const start = numberOf(geometry, 'first', column);
    const chosen = operandOf(geometry, 'a', place(K, N), element);
    const bias = operandOf(geometry, 'bias', place(1, N), element);
    const gatherSources = { a: chosen.source, indices: indices.source, first: start.source, bias: bias.source };
    const [gather] = gatherRowsPrograms(geometry, [M, N], gatherSources);
    const gathered = unpack(geometry, 'rows', N, runProgram(gather, [chosen, indices, start, bias]));
    const added = operandOf(geometry, 'a', place(M, N), element);
    const before = operandOf(geometry, 'before', place(K, N), element);
    const count = numberOf(geometry, 'M', M);
    const [scatter] = scatterAddRowsPrograms(geometry, [K, N], {
      ...{ before: before.source, indices: indices.source, first: start.source, a: added.source, M: count.source },
    });
    const scattered = unpack(geometry, 'rows', N, runProgram(scatter, [before, indices, start, added, count]));
    for (let n = 0; n < N; n++) {
      const sums = Array.from({ length: K }, (_, k) => element(first + k, n));
      for (let m = 0; m < M; m++) {
        expect(gathered(m, n)).toBe(element(first + indexAt(m), n) + element(first, n));
        sums[indexAt(m)] += element(first + m, n);
      }
      expect(sums.map((_, k) => scattered(k, n))).toEqual(sums);
    }
  });

  test.each(cases)('sums of the rows of [$M,$N] in $layout from row $first on', ({ M, N, layout, first }) => {
    const a = operandOf(geometry, 'a', { layout, rows: first + M, columns: N, first, count: M }, element);
    const before = operandOf(geometry, 'before', { layout, rows: first + 1, columns: N, first, count: 1 }, element);
    const [program] = columnSumsPrograms(geometry, N, { a: a.source, before: before.source }, M);
    const at = unpack(geometry, 'rows', N, runProgram(program, [a, before]));
    for (let n = 0; n < N; n++) {
      let expected = element(first, n);
      for (let m = 0; m < M; m++) expected += element(first + m, n);
      expect(at(0, n)).toBe(expected);
    }
  });
});

test.each([
  [1, 4],
  [5, 8],
  [7, 12],
])('a step of the cell in one launch, B %i H %i, uses no padding, in either layout', (B, H) => {
  const geometry = GEOMETRIES['texels, tiles of 4 × 4'];
  const resultsFrom = (layout: 'rows' | 'tiles', first: number): number[][] => {
    const state = (name: string): Operand =>
      operandOf(
        geometry,
        name,
        { layout, rows: first + B, columns: H, first, count: B },
        (m, n) => element(m - first, n) / 8,
      );
    const gates = (name: string): Operand =>
      operandOf(
        geometry,
        name,
        { layout, rows: first + B, columns: 4 * H, first, count: B },
        (m, n) => element(m - first, n) / 8,
      );
    const forward = { z: gates('z'), cPrev: state('cPrev') };
    const backward = {
      ...{ dc: state('dc'), dcPrev: state('dcPrev'), dh: state('dh') },
      ...{ gates: gates('gates'), c: state('c'), cPrev: state('cPrev') },
    };
    const bias = numberOf(geometry, 'forgetBias', 1);
    const forgetBias = bias.source;
    const sourcesOf = <Name extends string>(operands: Record<Name, Operand>): Record<Name, Source> =>
      Object.fromEntries(Object.entries<Operand>(operands).map(([name, { source }]) => [name, source])) as Record<
        Name,
        Source
      >;
    const runs = [
      runProgram(cellForwardInTiles(geometry, [B, H], { ...sourcesOf(forward), forgetBias })[0], [
        ...Object.values(forward),
        bias,
      ]),
      runProgram(cellBackwardInTiles(geometry, [B, H], sourcesOf(backward))[0], Object.values(backward)),
    ];
    return runs.flatMap((parts) => [
      elementsOf(unpack(geometry, 'tiles', 4 * H, parts.slice(0, 4)), B, 4 * H),
      elementsOf(unpack(geometry, 'rows', H, parts.slice(4, 5)), B, H),
      elementsOf(unpack(geometry, 'rows', H, parts.slice(5, 6)), B, H),
    ]);
  };
  const expected = resultsFrom('rows', 0);
  expect(expected.flat().every(Number.isFinite)).toBe(true);
  for (const first of [0, 1, 2, 3]) expect(resultsFrom('tiles', first)).toEqual(expected);
});

function elementsOf(at: (m: number, n: number) => number, rows: number, columns: number): number[] {
  return Array.from({ length: rows * columns }, (_, index) => at(Math.floor(index / columns), index % columns));
}
