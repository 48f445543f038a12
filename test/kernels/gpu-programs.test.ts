/**
 * The text of GPU kernels, run in JavaScript. A read outside an operand gives some number on a device, so the backend suite
 * might not notice it. Here a read beyond a buffer throws. Padding is NaN, and so is a texel beyond a texture.
 */
import { cellBackwardInTiles, cellForwardInTiles } from '../../kernels/gpu/cell-tiles.js';
import { type Form, type Geometry, type Layout, Source, unpack } from '../../kernels/gpu/layout.js';
import { matmulPrograms } from '../../kernels/gpu/matmul.js';
import { type Program, kernelText } from '../../kernels/gpu/program.js';
import { columnSumsPrograms, embeddingForwardPrograms, embeddingBackwardPrograms } from '../../kernels/gpu/rows.js';

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

/** The elements of a matrix, row after row. */
const elementsOf = (rows: number, columns: number, at: Element): number[] =>
  Array.from({ length: rows * columns }, (_, index) => at(Math.floor(index / columns), index % columns));

const sum = (count: number, term: (n: number) => number): number =>
  Array.from({ length: count }, (_, n) => term(n)).reduce((total, value) => total + value, 0);

describe.each(Object.entries(GEOMETRIES))('with %s', (_, geometry) => {
  const layouts = geometry.tileRows * geometry.tileColumns === 1 ? (['rows'] as const) : (['rows', 'tiles'] as const);
  const cases = SIZES.flatMap(([M, K, N]) =>
    layouts.flatMap((layout) => [0, 1, 3].map((first) => ({ M, K, N, layout, first }))),
  );
  /** Operands of `count` rows. The rows that are read are the last ones: nothing lies below them. */
  const operandsIn =
    (layout: Layout, first: number) =>
    (name: string, count: number, columns: number, at = element): Operand =>
      operandOf(geometry, name, { layout, rows: first + count, columns, first, count }, at);
  /** Runs a program with an output of `columns` columns. */
  const resultOf = (program: Program, columns: number, operands: Operand[]): Element =>
    unpack(geometry, program.outputs[0].layout, columns, runProgram(program, operands));

  test.each(cases)('products [$M,$K]·[$K,$N] of $layout from row $first on', ({ M, K, N, layout, first }) => {
    for (const aTransposed of [false, true]) {
      for (const bTransposed of [false, true]) {
        const operand = operandsIn(layout, first);
        const a = aTransposed ? operand('a', K, M) : operand('a', M, K);
        const b = bTransposed ? operand('b', N, K) : operand('b', K, N);
        const added = operand('added', M, N);
        const factors = { a: a.source, b: b.source, aTransposed, bTransposed, K };
        const [program] = matmulPrograms(geometry, [M, N], [factors, factors], { source: added.source, isRow: false });
        const left: Element = (m, k) => (aTransposed ? element(first + k, m) : element(first + m, k));
        const right: Element = (k, n) => (bTransposed ? element(first + n, k) : element(first + k, n));
        const expected: Element = (m, n) => element(first + m, n) + sum(K, (k) => 2 * left(m, k) * right(k, n));
        const actual = elementsOf(M, N, resultOf(program, N, [a, b, added]));
        expect([aTransposed, bTransposed, actual]).toEqual([aTransposed, bTransposed, elementsOf(M, N, expected)]);
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
      const [product] = matmulPrograms(geometry, [K, N], [factors], { source: undefined, isRow: false });
      const none = numberOf(geometry, 'none', 0);
      const [columnSums] = columnSumsPrograms(geometry, N, { a: b.source, before: none.source }, count.source);
      expect(elementsOf(1, N, resultOf(columnSums, N, [b, none, count]))).toEqual(
        elementsOf(1, N, (_, n) => sum(M, (m) => element(first + m, n))),
      );
      expect(elementsOf(K, N, resultOf(product, N, [a, b, count]))).toEqual(
        elementsOf(K, N, (k, n) => sum(M, (m) => element(first + m, k) * element(first + m, n))),
      );
    },
  );

  test.each(cases)('rows by index: [$K,$N] in $layout from row $first on, at [$M]', ({ M, K, N, layout, first }) => {
    const operand = operandsIn(layout, first);
    const [column, indexAt] = [2, (m: number): number => (3 * m + 1) % K];
    const indices = operand('indices', 1, column + M, (_, at) => indexAt(at - column));
    const start = numberOf(geometry, 'first', column);
    const [chosen, bias] = [operand('a', K, N), operand('bias', 1, N)];
    const gatherSources = { a: chosen.source, indices: indices.source, first: start.source, bias: bias.source };
    const [gather] = embeddingForwardPrograms(geometry, [M, N], gatherSources);
    expect(elementsOf(M, N, resultOf(gather, N, [chosen, indices, start, bias]))).toEqual(
      elementsOf(M, N, (m, n) => element(first + indexAt(m), n) + element(first, n)),
    );
    const [added, before, count] = [operand('a', M, N), operand('before', K, N), numberOf(geometry, 'M', M)];
    const [scatter] = embeddingBackwardPrograms(geometry, [K, N], {
      ...{ before: before.source, indices: indices.source, first: start.source, a: added.source, M: count.source },
    });
    const isAt = (m: number, k: number): number => (indexAt(m) === k ? 1 : 0);
    expect(elementsOf(K, N, resultOf(scatter, N, [before, indices, start, added, count]))).toEqual(
      elementsOf(K, N, (k, n) => element(first + k, n) + sum(M, (m) => isAt(m, k) * element(first + m, n))),
    );
  });

  test.each(cases)('sums of the rows of [$M,$N] in $layout from row $first on', ({ M, N, layout, first }) => {
    const operand = operandsIn(layout, first);
    const [a, before] = [operand('a', M, N), operand('before', 1, N)];
    const [program] = columnSumsPrograms(geometry, N, { a: a.source, before: before.source }, M);
    expect(elementsOf(1, N, resultOf(program, N, [a, before]))).toEqual(
      elementsOf(1, N, (_, n) => element(first, n) + sum(M, (m) => element(first + m, n))),
    );
  });
});

test.each([
  [1, 4],
  [5, 8],
  [7, 12],
])('a step of the cell in one launch, B %i H %i, uses no padding, in either layout', (B, H) => {
  const geometry = GEOMETRIES['texels, tiles of 4 × 4'];
  const resultsFrom = (layout: Layout, first: number): number[][] => {
    const at: Element = (m, n) => element(m - first, n) / 8;
    const operand = (columns: number) => (name: string) =>
      operandOf(geometry, name, { layout, rows: first + B, columns, first, count: B }, at);
    const [state, gates] = [operand(H), operand(4 * H)];
    const forward = { z: gates('z'), cPrev: state('cPrev'), forgetBias: numberOf(geometry, 'forgetBias', 1) };
    const backward = {
      ...{ dc: state('dc'), dcPrev: state('dcPrev'), dh: state('dh') },
      ...{ gates: gates('gates'), c: state('c'), cPrev: state('cPrev') },
    };
    const runs = [
      runProgram(cellForwardInTiles(geometry, [B, H], sourcesOf(forward))[0], Object.values(forward)),
      runProgram(cellBackwardInTiles(geometry, [B, H], sourcesOf(backward))[0], Object.values(backward)),
    ];
    return runs.flatMap((parts) => [
      elementsOf(B, 4 * H, unpack(geometry, 'tiles', 4 * H, parts.slice(0, 4))),
      elementsOf(B, H, unpack(geometry, 'rows', H, parts.slice(4, 5))),
      elementsOf(B, H, unpack(geometry, 'rows', H, parts.slice(5, 6))),
    ]);
  };
  const expected = resultsFrom('rows', 0);
  expect(expected.flat().every(Number.isFinite)).toBe(true);
  for (const first of [0, 1, 2, 3]) expect(resultsFrom('tiles', first)).toEqual(expected);
});

const sourcesOf = <Name extends string>(operands: Record<Name, Operand>): Record<Name, Source> =>
  Object.fromEntries(Object.entries<Operand>(operands).map(([name, { source }]) => [name, source])) as Record<
    Name,
    Source
  >;

interface Operand {
  readonly source: Source;
  /** The arguments of the kernel, by parameter. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** The element of a matrix. */
type Element = (row: number, column: number) => number;

/** Rows `first …` of a matrix of `rows` × `columns` in a layout; `count` rows are the operand. */
function operandOf(
  geometry: Geometry,
  name: string,
  { layout, rows, columns, first, count }: Record<'rows' | 'columns' | 'first' | 'count', number> & { layout: Layout },
  element: Element,
): Operand {
  const inTexels = geometry.width === 4;
  const isInTextures = inTexels && layout === 'tiles';
  const form: Form = { kind: layout, isSlice: count !== rows, residue: isInTextures ? first % 4 : 0 };
  const source = new Source(geometry, name, form);
  const textures = isInTextures
    ? [0, 1, 2, 3].map((r) =>
        texture(Math.ceil((rows - r) / 4), columns, (row, column) => element(4 * row + r, column)),
      )
    : [inTexels ? texture(rows, columns, element) : buffer(geometry, layout, { rows, columns }, element)];
  const numbers = form.isSlice ? [isInTextures ? Math.floor(first / 4) : first] : [];
  const values = [...textures, ...numbers];
  return { source, values: Object.fromEntries(source.parameters.map((parameter, n) => [parameter, values[n]])) };
}

/** A number, for all elements or as a count. */
function numberOf(geometry: Geometry, name: string, value: number): Operand {
  const source = new Source(geometry, name, { kind: 'number', isSlice: false, residue: 0 });
  return { source, values: { [name]: value } };
}

const NO_TEXEL = [NaN, NaN, NaN, NaN];

/** A texture as `[row][texel]`. Padding is NaN, and so is what lies outside. */
function texture(rows: number, columns: number, element: Element): unknown {
  const texels = Array.from({ length: rows }, (_, row) =>
    orElse(
      Array.from({ length: Math.ceil(columns / 4) }, (_, texel) =>
        [0, 1, 2, 3].map((c) => (4 * texel + c < columns ? element(row, 4 * texel + c) : NaN)),
      ),
      () => NO_TEXEL,
    ),
  );
  return orElse(texels, () => orElse([], () => NO_TEXEL));
}

/** A buffer as `[row][number]`. In tiles, a row holds the numbers of a row of tiles. Reading outside throws. */
function buffer(
  { tileRows, tileColumns }: Geometry,
  layout: Layout,
  { rows, columns }: Record<'rows' | 'columns', number>,
  element: Element,
): unknown {
  const refuse = (index: string): never => {
    throw new RangeError(`reads index ${index} of a buffer of [${rows},${columns}] in ${layout}`);
  };
  const inside = (row: number, column: number): number => (row < rows && column < columns ? element(row, column) : NaN);
  const size = tileRows * tileColumns;
  const lines =
    layout === 'rows'
      ? Array.from({ length: rows }, (_, m) => Array.from({ length: columns }, (_, n) => element(m, n)))
      : Array.from({ length: Math.ceil(rows / tileRows) }, (_, y) =>
          Array.from({ length: size * Math.ceil(columns / tileColumns) }, (_, at) => {
            const [tile, inTile] = [Math.floor(at / size), at % size];
            const [r, c] = [Math.floor(inTile / tileColumns), inTile % tileColumns];
            return inside(y * tileRows + r, tile * tileColumns + c);
          }),
        );
  return orElse(
    lines.map((line) => orElse(line, refuse)),
    refuse,
  );
}

/** An array that calls `outside` for the elements that it does not have. */
function orElse<Value>(values: Value[], outside: (index: string) => Value): Value[] {
  return new Proxy(values, { get: (all, index: string) => (index in all ? all[Number(index)] : outside(index)) });
}

type Kernel = (...values: unknown[]) => number | number[];

/** Runs every thread. Returns the numbers that they write: one array for each texture or buffer. */
function runProgram(program: Program, operands: readonly Operand[]): Float32Array[] {
  const [across, down] = program.threads;
  const { main, saved } = kernelText(program);
  const sizes = program.results.map((numbers) => numbers.length);
  const parts = sizes.map((size) => new Float32Array(across * down * size));
  const values = Object.fromEntries(operands.flatMap((operand) => Object.entries(operand.values)));
  const given = program.inputs.flatMap(({ parameters }) => parameters.map((parameter) => values[parameter]));
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      const write = (part: number, numbers: number | readonly number[]): void =>
        parts[part].set(typeof numbers === 'number' ? [numbers] : numbers, (y * across + x) * sizes[part]);
      const savers = saved.map(
        (_, n) =>
          (...numbers: number[]) =>
            write(n + 1, numbers),
      );
      // eslint-disable-next-line @typescript-eslint/no-implied-eval -- GPU.js gets these kernels as text
      const make = new Function(...saved.map(({ name }) => name), `return ${main}`) as (...savers: unknown[]) => Kernel;
      write(0, make(...savers).apply({ thread: { x, y } }, given));
    }
  }
  return parts;
}
