/**
 * The matrix product: its kernel, and which products share a launch (`Products`).
 *
 * out[m,n] = Σₖ a[m,k]·b[k,n]. A thread computes a tile of `out` and adds four values of k in each pass.
 * It reads a block of a and a block of b, and adds their product to its tile:
 *
 *     a·b      rows of a: the tile's rows      rows of b: four values of k
 *     aᵀ·b     rows of a: four values of k     rows of b: four values of k
 *     a·bᵀ     rows of a: the tile's rows      rows of b: the tile's columns
 *
 * In the GL modes a tile is 4×4 and a fetch reads 4 numbers, so 8 fetches are enough for 64 multiply-adds in every form.
 * docs/gpu-kernels.md measures this step by step.
 */
import type { MatmulOptions } from '../../src/core/backend.js';
import type { Tensor } from '../../src/core/tensor.js';
import type { Device } from './device.js';
import { type Geometry, type Source, type Span, partsOf } from './layout.js';
import { type Program, type Size, x, y } from './program.js';
import type { Queue } from './queue.js';
import type { Input } from './runner.js';
import { type Allocations, type Operand, roomOf } from './tensor.js';

/** The factors of a product. If `aTransposed`, the device holds a as `[K,M]`; if `bTransposed`, it holds b as `[N,K]`. */
interface Factors {
  readonly a: Source;
  readonly b: Source;
  readonly aTransposed: boolean;
  readonly bTransposed: boolean;
  /** A number, or an argument of the kernel. */
  readonly K: number | Source;
}

/** What the sums start from. */
interface Added {
  /** A matrix, or a number for all elements. Without it, the sums start from zero. */
  readonly source: Source | undefined;
  /** Whether the matrix is one row for all rows of `out`; otherwise it has the size of `out`. */
  readonly isRow: boolean;
}

const UNROLLED = 4;
const FOUR = [0, 1, 2, 3];

/** Four values of k, or what is left of them: the statements that read their operands, and the term that k adds to sum s. */
export interface Terms {
  readonly statements: readonly string[];
  readonly term: (s: number, k: number) => string;
}

/** Adds the terms of k = 0 … K - 1 to the sums. */
export function addTerms(
  sums: readonly string[],
  K: number | Source,
  suffix: string,
  read: (inner: Span, suffix: string) => Terms,
): string[] {
  const add = ({ term }: Terms, ks: readonly number[]): string[] =>
    sums.map((sum, s) => `${sum} += ${ks.map((k) => term(s, k)).join(' + ')};`);
  const four = { index: 'k', step: UNROLLED, count: UNROLLED };
  const inLoop = read(four, `${suffix}k`);
  if (typeof K !== 'number') {
    // the last pass may read rows after the K rows, but does not add them
    const guarded = FOUR.flatMap((k) => [`if (k * ${UNROLLED} + ${k} < ${K.name}) {`, ...add(inLoop, [k]), '}']);
    return [`for (let k = 0; k * ${UNROLLED} < ${K.name}; k++) {`, ...inLoop.statements, ...guarded, '}'];
  }
  const turns = Math.floor(K / UNROLLED);
  const rest = FOUR.slice(0, K % UNROLLED);
  const last = read({ index: turns, step: UNROLLED, count: rest.length }, `${suffix}rest`);
  return [
    ...(turns > 0 ? [`for (let k = 0; k < ${turns}; k++) {`, ...inLoop.statements, ...add(inLoop, FOUR), '}'] : []),
    ...(rest.length > 0 ? [...last.statements, ...add(last, rest)] : []),
  ];
}

/** out `[M,N]` = added + the sum of the products. */
export function matmulPrograms(
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

  const termsOf =
    ({ a, b, aTransposed, bTransposed }: Factors) =>
    (inner: Span, suffix: string): Terms => {
      const A = aTransposed ? a.block(`a${suffix}`, inner, rows) : a.block(`a${suffix}`, rows, inner);
      const B = bTransposed ? b.block(`b${suffix}`, columns, inner) : b.block(`b${suffix}`, inner, columns);
      const term = (s: number, k: number): string => {
        const [r, c] = [Math.floor(s / tileColumns), s % tileColumns];
        return `${aTransposed ? A.at(k, r) : A.at(r, k)} * ${bTransposed ? B.at(c, k) : B.at(k, c)}`;
      };
      return { statements: [...A.statements, ...B.statements], term };
    };
  const loops = products.flatMap((factors, n) => addTerms(tile.flat(), factors.K, String(n), termsOf(factors)));
  const counts = products.flatMap(({ K }) => (typeof K === 'number' ? [] : [K]));

  return [
    {
      inputs: [...products.flatMap(({ a, b }) => [a, b]), ...counts, ...(source ? [source] : [])],
      outputs: [{ rows: M, columns: N, layout: tileRows * tileColumns === 1 ? 'rows' : 'tiles' }],
      threads: [Math.ceil(N / tileColumns), Math.ceil(M / tileRows)],
      statements: [...(start?.statements ?? []), ...starts, ...loops].join('\n'),
      results: partsOf(geometry, 'tiles') > 1 ? tile : [tile.flat()],
    },
  ];
}

/** The most products in a launch. They read 6 matrices. With the one that they are added to that is 7, the most in webgpu. */
const MOST_PRODUCTS = 3;

interface Product {
  readonly a: Operand;
  readonly b: Operand;
  readonly K: number;
}

/** Products that a launch will compute: they are added to the same rows. */
interface OpenProducts {
  readonly out: Operand;
  readonly products: Product[];
  /** How many operations were enqueued, with this one. If more are, no product may join. */
  readonly enqueued: number;
}

export class Products {
  /**
   * The last enqueued operation, if it is a product that has not started. It cannot start before the caller awaits. A
   * product that is added to the same rows joins its launch, such as hPrev·Wh of equation (1).
   */
  private open: OpenProducts | undefined;

  constructor(
    private readonly device: Device,
    private readonly allocations: Allocations,
    private readonly queue: Queue,
  ) {}

  /** `Backend.matmul` */
  multiply(out: Tensor, a: Tensor, b: Tensor, { accumulate = false, bias }: MatmulOptions = {}): void {
    const { allocations, queue, open } = this;
    const product = { a: allocations.find('matmul', a), b: allocations.find('matmul', b), K: a.shape[1] };
    const target = allocations.plain('matmul', out);
    const isOpen = open?.enqueued === queue.enqueued && isSame(open.out, target);
    if (accumulate && isOpen && open.products.length < MOST_PRODUCTS) {
      open.products.push(product);
      return;
    }
    const products = [product];
    const added = accumulate ? target : bias && allocations.plain('matmul', bias);
    queue.add(() => this.launch(target, products, added, bias !== undefined));
    this.open = { out: target, products, enqueued: queue.enqueued };
    queueMicrotask(() => {
      this.open = undefined;
    });
  }

  /** out = added + the sum of the products, in one launch. */
  private async launch(
    out: Operand,
    products: readonly Product[],
    added: Operand | undefined,
    isBias: boolean,
  ): Promise<void> {
    const rows = Math.max(
      ...[out, ...products.map(({ a }) => a)].map((operand) => (operand.transposed ? 0 : roomOf(operand))),
    );
    const size = [rows, out.tensor.columns] as const;
    const start = added && (await added.tensor.read(added.from, added.to));
    const inputs: Record<string, Input> = start === undefined || start === 0 ? {} : { added: start };
    const forms: { K: number | undefined; aTransposed: boolean; bTransposed: boolean }[] = [];
    for (const [n, { a, b, K }] of products.entries()) {
      inputs[`a${n}_`] = await a.tensor.readMatrix(a.from, a.to);
      const right = await b.tensor.readMatrix(b.from, b.to);
      inputs[`b${n}_`] = right;
      // inputᵀ·dz is a sum over the sequences that have not ended: dz has surplus rows for the others
      const isSomeRows = a.transposed && !b.transposed && this.device.mayHaveSurplus(right);
      if (isSomeRows) inputs[`K${n}_`] = K;
      forms.push({ K: isSomeRows ? undefined : K, aTransposed: a.transposed, bTransposed: b.transposed });
    }
    await this.queue.write([out], {
      name: `product ${size.join('×')} ${JSON.stringify(forms)} ${isBias ? 'bias' : ''}`,
      inputs,
      programs: (geometry, sources) => {
        const factors = forms.map(({ K, ...form }, n) => ({
          ...form,
          a: sources[`a${n}_`],
          b: sources[`b${n}_`],
          K: K ?? sources[`K${n}_`],
        }));
        return matmulPrograms(geometry, size, factors, { source: sources.added, isRow: isBias });
      },
    });
  }
}

function isSame(first: Operand, second: Operand): boolean {
  return first.tensor === second.tensor && first.from === second.from && first.to === second.to;
}
