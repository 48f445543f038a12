/**
 * Clipping, (9) and (10) of src/equations/clipping.ts: its kernels, and their launches for all gradients of a call. The norm stays on
 * the device, too. The sums are in f32, in a fixed order. A square overflows there above 2⁶⁴, so a second sum has the squares of
 * g·2⁻⁸⁰: every sum is a matrix with two rows.
 */
import type { Tensor } from '../../src/core/tensor.js';
import type { Device } from './device.js';
import type { Geometry, Source } from './layout.js';
import { type Program, type Size, columnsOf, forEachColumn, forEachExample, Lines, rowPrograms, y } from './program.js';
import type { Queue } from './queue.js';
import { type Input, type Matrix, allRowsOf } from './runner.js';
import type { Allocations, Operand } from './tensor.js';

const SCALE = 2 ** -80;
/** The largest f32 number. Neither ∞ nor NaN is ≤ this. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** (9) NaN stays. A driver may replace it in `min` and `max`, and makes these of `if (g > limit) { g = limit; }` as well. */
export function clipByValuePrograms(
  geometry: Geometry,
  size: Size,
  { g, limit }: Record<'g' | 'limit', Source>,
): Program[] {
  const own = new Lines();
  const clipped = columnsOf(geometry).flatMap((c) => [
    `let clipped${c} = ${own.at(g, c)};`,
    `if (Math.abs(clipped${c}) > ${limit.name}) { clipped${c} = Math.sign(clipped${c}) * ${limit.name}; }`,
  ]);
  const before = [...own.statements, ...clipped];
  return rowPrograms(geometry, size, [{ inputs: [g, limit], before, element: (_, c) => `clipped${c}` }]);
}

/** The sums of squares `[2,M]` of the rows of g `[M,N]`: of g in row 0, of g·2⁻⁸⁰ in row 1. */
export function squaresPrograms(geometry: Geometry, [M, N]: Size, { g }: Record<'g', Source>): Program[] {
  const before = [
    'let scale = 1;',
    `if (${y} === 1) { scale = ${SCALE}; }`,
    ...forEachExample(geometry, 'sum', (row) => [
      'let sum = 0;',
      ...forEachColumn(
        geometry,
        [g],
        { row, columns: N, suffix: '' },
        ([value]) => `sum += ${value} * scale * (${value} * scale);`,
      ),
    ]),
  ];
  return rowPrograms(geometry, [2, M], [{ inputs: [g], before, element: (_, c) => `sum${c}` }]);
}

/** The sums `[2,1]` of the rows of `before` `[2,1]` and of some matrices `[2,M]`, each with another M. */
export function totalPrograms(
  geometry: Geometry,
  lengths: readonly number[],
  before: Source,
  sums: readonly Source[],
): Program[] {
  const start = new Lines(y, '0');
  const first = start.at(before, 0);
  const adds = sums.flatMap((source, n) =>
    forEachColumn(geometry, [source], { row: y, columns: lengths[n], suffix: `Of${n}` }, ([sum]) => `total += ${sum};`),
  );
  const statements = [...start.statements, `let total = ${first};`, ...adds];
  return rowPrograms(geometry, [2, 1], [{ inputs: [before, ...sums], before: statements, element: () => 'total' }]);
}

/** (10) g·limit/‖g‖ from both sums of squares, `squares` `[2,1]`. The factor is two numbers, so that none is too small for f32. */
export function clipByNormPrograms(
  geometry: Geometry,
  size: Size,
  { g, squares, limit, largest }: Record<'g' | 'squares' | 'limit' | 'largest', Source>,
): Program[] {
  const [plain, scaled] = [new Lines('0', '0', 'Plain'), new Lines('1', '0', 'Scaled')];
  const [whole, small] = [plain.at(squares, 0), scaled.at(squares, 0)];
  const before = [
    ...plain.statements,
    ...scaled.statements,
    'let scale = 1;',
    'let factor = 1;',
    `if (${whole} <= ${largest.name}) {`,
    `if (Math.sqrt(${whole}) > ${limit.name}) { factor = ${limit.name} / Math.sqrt(${whole}); }`,
    '}',
    `if (${whole} > ${largest.name}) {`,
    `if (${small} <= ${largest.name}) {`,
    `if (Math.sqrt(${small}) > ${limit.name} * ${SCALE}) {`,
    `scale = ${SCALE};`,
    `factor = ${limit.name} / Math.sqrt(${small});`,
    '}',
    '}',
    '}',
  ];
  const product = (lines: Lines, c: number): string => `${lines.at(g, c)} * scale * factor`;
  return rowPrograms(geometry, size, [{ inputs: [g, squares, limit, largest], before, element: product }]);
}

const sizeOf = ({ tensor, from, to }: Operand): Size => [to - from, tensor.columns];

export class Clipping {
  constructor(
    private readonly device: Device,
    private readonly allocations: Allocations,
    private readonly queue: Queue,
  ) {}

  /** `Backend.clipByValue` */
  byValue(gradients: readonly Tensor[], limit: number): void {
    this.add('clipByValue', gradients, async (pieces) => {
      for (const piece of pieces) await this.replace('clipByValue', piece, { limit }, clipByValuePrograms);
    });
  }

  /** `Backend.clipByNorm` */
  byNorm(gradients: readonly Tensor[], limit: number): void {
    this.add('clipByNorm', gradients, async (pieces) => {
      const sums: Matrix[] = [];
      for (const piece of pieces) sums.push(await this.squaresOf(piece));
      const squares = await this.totalOf(sums);
      const inputs = { squares, limit, largest: LARGEST };
      for (const piece of pieces) await this.replace('clipByNorm', piece, inputs, clipByNormPrograms);
    });
  }

  /** Enqueues work on the matrices of the gradients; a gradient may lie in several, as in `Queue.update`. */
  private add(name: string, gradients: readonly Tensor[], work: (pieces: readonly Operand[]) => Promise<void>): void {
    const operands = gradients.map((gradient) => this.allocations.plain(name, gradient));
    this.queue.add(() =>
      work(
        operands.flatMap((operand) =>
          operand.tensor.pieces(operand.from, operand.to).map((rows) => ({ ...operand, ...rows })),
        ),
      ),
    );
  }

  /** Computes a piece anew. */
  private async replace<Name extends string>(
    name: string,
    piece: Operand,
    others: Readonly<Record<Name, Input>>,
    programs: (geometry: Geometry, size: Size, sources: Readonly<Record<Name | 'g', Source>>) => Program[],
  ): Promise<void> {
    const size = sizeOf(piece);
    const inputs = { ...others, g: await piece.tensor.read(piece.from, piece.to) };
    await this.queue.write([piece], {
      name: `${name} ${size.join('×')}`,
      inputs,
      programs: (geometry, sources) => programs(geometry, size, sources),
    });
  }

  private async squaresOf(piece: Operand): Promise<Matrix> {
    const size = sizeOf(piece);
    const [sums] = await this.device.run({
      name: `squares ${size.join('×')}`,
      inputs: { g: await piece.tensor.read(piece.from, piece.to) },
      programs: (geometry, { g }) => squaresPrograms(geometry, size, { g }),
    });
    return sums;
  }

  /** A launch adds as many sums as it can read, and those of the launch before. */
  private async totalOf(sums: readonly Matrix[]): Promise<Input> {
    const most = this.device.mostInputs - 1;
    let total: Input = 0;
    for (let n = 0; n < sums.length; n += most) {
      const some = sums.slice(n, n + most);
      const lengths = some.map(({ columns }) => columns);
      const named = Object.fromEntries(some.map((one, k) => [`sums${k}_`, allRowsOf(one)]));
      const [next]: Matrix[] = await this.device.run({
        name: `total ${lengths.join(' ')}`,
        inputs: { before: total, ...named },
        programs: (geometry, { before, ...sources }) =>
          totalPrograms(geometry, lengths, before, Object.values(sources)),
      });
      total = allRowsOf(next);
    }
    return total;
  }
}
