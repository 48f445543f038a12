/**
 * The kernels of sums of rows, and of rows that class indices choose. The formulas of the latter are those of
 * src/equations/embedding.ts, with the same equation numbers.
 */
import type { Geometry, Source, Span } from './layout.js';
import { type Terms, addTerms } from './matmul.js';
import { type Program, type Size, columnsOf, elementOf, Lines, rowPrograms, x, y } from './program.js';

/** out `[1,N]` = the sum of the first M rows of a `[…,N]`, plus `before`. M is a number, or an argument of the kernel. */
export function columnSumsPrograms(
  { width }: Geometry,
  N: number,
  { a, before }: Record<'a' | 'before', Source>,
  M: number | Source,
): Program[] {
  const columns: Span = { index: x, step: width, count: width };
  const sums = Array.from({ length: width }, (_, c) => `s${c}`);
  const start = before.block('start', { index: 0, step: 1, count: 1 }, columns);
  const read = (rows: Span, suffix: string): Terms => {
    const block = a.block(`a${suffix}`, rows, columns);
    return { statements: block.statements, term: (c, m) => block.at(m, c) };
  };
  return [
    {
      inputs: [a, before, ...(typeof M === 'number' ? [] : [M])],
      outputs: [{ rows: 1, columns: N, layout: 'rows' }],
      threads: [Math.ceil(N / width), 1],
      statements: [
        ...start.statements,
        ...sums.map((sum, c) => `let ${sum} = ${start.at(0, c)};`),
        ...addTerms(sums, M, '', read),
      ].join('\n'),
      results: [sums],
    },
  ];
}

/** (15) out `[M,N]` from a `[K,N]` and bias `[N]`. The indices are M columns of a row, from the column `first` on. */
export function embeddingForwardPrograms(
  geometry: Geometry,
  size: Size,
  { a, indices, first, bias }: Record<'a' | 'indices' | 'first' | 'bias', Source>,
): Program[] {
  const index = elementOf(geometry, indices, `${y} + ${first.name}`);
  const [chosen, only] = [new Lines(index.name, x), new Lines('0', x)];
  const sums = columnsOf(geometry).map((c) => `${chosen.at(a, c)} + ${only.at(bias, c)}`);
  const before = [...index.statements, ...chosen.statements, ...only.statements];
  return rowPrograms(geometry, size, [{ inputs: [a, indices, first, bias], before, element: (_, c) => sums[c] }]);
}

/**
 * (15′) out `[K,N]` = `before` plus the rows of a `[M,N]`. A kernel cannot write where an index says. So each thread reads
 * all indices, and adds the rows of a whose index is its own row.
 */
export function embeddingBackwardPrograms(
  geometry: Geometry,
  size: Size,
  { before, indices, first, a, M }: Record<'before' | 'indices' | 'first' | 'a' | 'M', Source>,
): Program[] {
  const columns = columnsOf(geometry);
  const index = elementOf(geometry, indices, `m + ${first.name}`);
  const [own, added] = [new Lines(), new Lines('m', x)];
  const starts = columns.map((c) => `let sum${c} = ${own.at(before, c)};`);
  const adds = columns.map((c) => `sum${c} += ${added.at(a, c)};`);
  const statements = [
    ...own.statements,
    ...starts,
    `for (let m = 0; m < ${M.name}; m++) {`,
    ...index.statements,
    `if (${index.name} === ${y}) {`,
    ...added.statements,
    ...adds,
    '}',
    '}',
  ];
  const inputs = [before, indices, first, a, M];
  return rowPrograms(geometry, size, [{ inputs, before: statements, element: (_, c) => `sum${c}` }]);
}
