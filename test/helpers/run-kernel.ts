/**
 * Runs the text of GPU kernels in JavaScript, on operands that show a wrong read. A read beyond a buffer throws. Padding is
 * NaN, and so is a texel beyond a texture.
 */
import type { Form, Geometry, Layout } from '../../kernels/gpu/layout.js';
import { Source } from '../../kernels/gpu/layout.js';
import type { Program } from '../../kernels/gpu/program.js';
import { kernelText } from '../../kernels/gpu/program.js';

export interface Operand {
  readonly source: Source;
  /** The arguments of the kernel, by parameter. */
  readonly values: Readonly<Record<string, unknown>>;
}

type Element = (row: number, column: number) => number;

/** Rows `first …` of a matrix of `rows` × `columns` in a layout; `count` rows are the operand. */
export function operandOf(
  geometry: Geometry,
  name: string,
  {
    layout,
    rows,
    columns,
    first = 0,
    count = rows,
  }: Record<'rows' | 'columns', number> & { layout: Layout; first?: number; count?: number },
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
export function numberOf(geometry: Geometry, name: string, value: number): Operand {
  return {
    source: new Source(geometry, name, { kind: 'number', isSlice: false, residue: 0 }),
    values: { [name]: value },
  };
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
export function runProgram(program: Program, operands: readonly Operand[]): Float32Array[] {
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
