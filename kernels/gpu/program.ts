/**
 * A program: the source text of one kernel, and the matrices that it computes. Kernels are text because minifiers and
 * coverage tools would rewrite functions. Sizes are literals in the text, so that the device's compiler knows them.
 * In inner loops, indices stay inline and loops count by 1: GPU.js makes any other index variable a float, and a product
 * takes twice the time.
 */
import type { Geometry, Layout, Reading, Source } from './layout.js';

/** The row and the column of a thread. If a thread computes a tile or a texel, they count tiles or texels. */
export const y = 'this.thread.y';
export const x = 'this.thread.x';

/** Rows and columns. */
export type Size = readonly [number, number];

/** A matrix that a program computes. */
interface Output {
  readonly rows: number;
  readonly columns: number;
  readonly layout: Layout;
}

export interface Program {
  readonly inputs: readonly Source[];
  readonly outputs: readonly Output[];
  /** Threads: columns, then rows. */
  readonly threads: readonly [number, number];
  readonly statements: string;
  /** One list for each texture or buffer of the outputs: expressions of the 1 to 4 numbers that a thread writes there. */
  readonly results: readonly (readonly string[])[];
}

/** Collects the statements that read elements. An element that is asked for twice is read once. */
export class Lines {
  readonly statements: string[] = [];
  private readonly readings = new Map<string, Reading>();

  constructor(
    /** Where the elements are: `column` counts in texels, or in numbers. */
    private readonly row: string = y,
    private readonly column: string = x,
    /** Distinguishes variables of the same source in several blocks of a kernel. */
    private readonly suffix = '',
  ) {}

  /** The element at this row, in column `column · width + shift + c`. */
  at(source: Source, c: number, shift = 0): string {
    const variable = `${source.name}_${shift < 0 ? 'minus' : 'plus'}${Math.abs(shift)}${this.suffix}`;
    let reading = this.readings.get(variable);
    if (!reading) {
      reading = source.line(variable, this.row, this.column, shift);
      this.readings.set(variable, reading);
      this.statements.push(...reading.statements);
    }
    return reading.at(0, c);
  }
}

/** An output in rows. A thread computes one texel of it (or one element), and can read any element of the inputs. */
interface RowOutput {
  readonly inputs: readonly Source[];
  /** Statements that come before those of the elements. Default: none. */
  readonly before?: readonly string[];
  /** The expression of the element in column x · width + c, c < width. It can add statements to `lines`. */
  readonly element: (lines: Lines, c: number) => string;
}

/** The columns of a thread's texel; one, if a fetch reads a single number. */
export const columnsOf = ({ width }: Geometry): number[] => Array.from({ length: width }, (_, c) => c);

/**
 * Programs for outputs in rows, all of one size: a launch computes as many outputs as the mode allows. In the GL modes a
 * thread computes a texel, four columns of one row; in the others, one element.
 */
export function rowPrograms(geometry: Geometry, [rows, columns]: Size, outputs: readonly RowOutput[]): Program[] {
  const { width, mostOutputs } = geometry;
  const launches: (readonly RowOutput[])[] = [];
  for (let n = 0; n < outputs.length; n += mostOutputs) launches.push(outputs.slice(n, n + mostOutputs));
  return launches.map((launch) => {
    const lines = new Lines();
    const results = launch.map(({ before = [], element }) => {
      lines.statements.push(...before);
      return columnsOf(geometry).map((c) => element(lines, c));
    });
    return {
      inputs: [...new Set(launch.flatMap(({ inputs }) => inputs))],
      outputs: launch.map(() => ({ rows, columns, layout: 'rows' as const })),
      threads: [Math.ceil(columns / width), rows] as const,
      statements: lines.statements.join('\n'),
      results,
    };
  });
}

/**
 * Reads the element in row 0 and in any column, which is known only when the kernel runs: an element of a vector. In the GL
 * modes the kernel chooses the number of the texel. `name` is the variable that holds the element.
 */
export function elementOf(
  { width }: Geometry,
  source: Source,
  column: string,
): { readonly statements: readonly string[]; readonly name: string } {
  const name = `${source.name}Element`;
  if (width === 1) {
    const lines = new Lines('0', column);
    const value = lines.at(source, 0);
    return { statements: [...lines.statements, `const ${name} = ${value};`], name };
  }
  const lines = new Lines('0', `${name}Texel`);
  const values = [0, 1, 2, 3].map((c) => lines.at(source, c));
  const statements = [
    `const ${name}Column = ${column};`,
    `const ${name}Texel = Math.floor(${name}Column / 4);`,
    `const ${name}InTexel = ${name}Column - ${name}Texel * 4;`,
    ...lines.statements,
    `let ${name} = ${values[0]};`,
    ...[1, 2, 3].map((c) => `if (${name}InTexel === ${c}) { ${name} = ${values[c]}; }`),
  ];
  return { statements, name };
}

/**
 * Statements that compute the number `name` for each example, whose row is `row`: the variables `name0`, `name1`, … In the GL
 * modes a thread has a texel of four examples. A loop computes them, because four copies would compile slowly.
 */
export function forEachExample(
  geometry: Geometry,
  name: string,
  statements: (row: string) => readonly string[],
): readonly string[] {
  const { width } = geometry;
  const columns = columnsOf(geometry);
  return [
    ...columns.map((c) => `let ${name}${c} = 0;`),
    `for (let example = 0; example < ${width}; example++) {`,
    ...statements(width === 1 ? x : `${x} * ${width} + example`),
    ...columns.map((c) => `if (example === ${c}) { ${name}${c} = ${name}; }`),
    '}',
  ];
}

interface ColumnLoop {
  readonly row: string;
  readonly columns: number;
  /** Distinguishes the variables of several such loops in a kernel. */
  readonly suffix: string;
  /** Sources that have only one row. Default: none. */
  readonly vectors?: readonly Source[];
}

/**
 * Statements for every column k < `columns` of a row, in a loop. `each` gets the elements of the sources, and of the vectors, in
 * that column, and the expression of k.
 */
export function forEachColumn(
  { width }: Geometry,
  sources: readonly Source[],
  { row, columns, suffix, vectors = [] }: ColumnLoop,
  each: (elements: readonly string[], k: string) => string,
): string[] {
  const inTexel = (block: string, texel: string | number, count: number): string[] => {
    const [lines, only] = [row, '0'].map((from) => new Lines(from, String(texel), `${suffix}${block}`));
    const statements = Array.from({ length: count }, (_, c) => {
      const elements = [
        ...sources.map((source) => lines.at(source, c)),
        ...vectors.map((source) => only.at(source, c)),
      ];
      const k =
        typeof texel === 'number' ? String(texel * width + c) : width === 1 ? texel : `${texel} * ${width} + ${c}`;
      return each(elements, k);
    });
    return [...lines.statements, ...only.statements, ...statements];
  };
  const turns = Math.floor(columns / width);
  const rest = columns - turns * width;
  return [
    ...(turns > 0 ? [`for (let k = 0; k < ${turns}; k++) {`, ...inTexel('k', 'k', width), '}'] : []),
    ...(rest > 0 ? inTexel('rest', turns, rest) : []),
  ];
}

/** The text of a program for GPU.js: the kernel, and for each further result of a thread a function that saves it. */
export function kernelText({ inputs, statements, results }: Program): {
  readonly main: string;
  readonly saved: readonly { readonly name: string; readonly source: string }[];
} {
  const [returned, ...others] = results;
  const saved = others.map((numbers, n) => {
    const parameters = numbers.map((_, c) => `c${c}`).join(', ');
    return {
      name: `save${n + 1}`,
      source: `function save${n + 1}(${parameters}) { return ${listOf(parameters.split(', '))}; }`,
    };
  });
  const calls = others.map((numbers, n) => `save${n + 1}(${numbers.join(', ')});`);
  const parameters = inputs.flatMap((input) => input.parameters).join(', ');
  const body = [statements, ...calls, `return ${listOf(returned)};`].filter(Boolean).join('\n');
  return { main: `function kernelOfLonghand(${parameters}) {\n${body}\n}`, saved };
}

const listOf = (numbers: readonly string[]): string => (numbers.length === 1 ? numbers[0] : `[${numbers.join(', ')}]`);
