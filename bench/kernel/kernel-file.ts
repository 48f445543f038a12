/**
 * A kernel of the reader's own: out `[M,N]` = a `[M,K]` · b `[K,N]` in WGSL. This file reads what its text declares; the section "Your own
 * kernel" of docs/webgpu-kernels.md describes it for readers.
 */
import type { Size } from '../steps/product-steps.js';
import { KernelError } from './compiled.js';

/** The matrices, each an array of its own, or all three in one array `memory`. */
export type Matrix = 'a' | 'b' | 'out';
const MATRICES: readonly Matrix[] = ['a', 'b', 'out'];

export interface ArrayBinding {
  readonly name: Matrix | 'memory';
  readonly binding: number;
  /** `var<storage, read>`. */
  readonly isReadOnly: boolean;
  /** How many numbers an element has: 1 of array<f32>, 4 of array<vec4f>. */
  readonly unit: 1 | 4;
}

export interface KernelFile {
  readonly code: string;
  readonly entryPoint: string;
  readonly arrays: readonly ArrayBinding[];
  /** The fields of the uniform buffer, in order; undefined if there is none. */
  readonly uniform?: { readonly binding: number; readonly fields: readonly string[] };
  /** The `override` constants that get a number, as the fields do. */
  readonly overrides: readonly string[];
  readonly workgroups: (size: Size) => readonly [number, number, number];
}

/** The numbers that a kernel can ask for, by name, as a field of its uniform buffer or as an `override` constant. */
export const NUMBERS: readonly string[] = [
  ...['M', 'K', 'N', 'out', 'outPitch', 'a', 'aPitch', 'b', 'bPitch'],
  ...['steps', 'aStride', 'bStride', 'start', 'startPitch', 'hasStart'],
];

export function readKernel(source: string): KernelFile {
  const code = withoutComments(source);
  const lineOf = (index: number): number => code.slice(0, index).split('\n').length;
  const entries = [...code.matchAll(/@compute\b[^{;]*?\bfn\s+(\w+)/g)];
  if (entries.length !== 1)
    throw new KernelError(
      `the file has ${entries.length} functions with @compute: write one, as in @compute @workgroup_size(64) fn main(…)`,
      entries.length > 1 ? lineOf(entries[1].index) : undefined,
    );
  const arrays: ArrayBinding[] = [];
  let uniform: KernelFile['uniform'];
  for (const { 0: text, 1: attributes, 2: space = '', 3: name, 4: type, index } of code.matchAll(DECLARATION)) {
    const fail = (why: string): never => {
      throw new KernelError(`${text.replace(/\s+/g, ' ').trim()} ${why}`, lineOf(index + text.search(/\S/)));
    };
    const place = (kind: string): number =>
      Number(
        new RegExp(`@${kind}\\s*\\(\\s*(\\d+)u?\\s*,?\\s*\\)`).exec(attributes)?.[1] ?? fail(`has no @${kind}(…)`),
      );
    if (place('group') !== 0) fail('is not in @group(0), the only one that is bound');
    const binding = place('binding');
    if (space.trim() === 'uniform') uniform = { binding, fields: fieldsOf(code, type.trim(), fail) };
    else arrays.push({ binding, ...arrayOf(name, space, type, fail) });
  }
  const overrides = [...code.matchAll(/\boverride\s+(\w+)/g)]
    .map(([, name]) => name)
    .filter((name) => NUMBERS.includes(name));
  const file = { code: source, entryPoint: entries[0][1], arrays, ...(uniform && { uniform }), overrides };
  checkArrays(file);
  return { ...file, workgroups: workgroupsOf(source) };
}

/** Attributes, `var<…> name: type;`. */
const DECLARATION = /((?:@\w+\s*\([^)]*\)\s*)+)var\s*(?:<([^>]*)>)?\s*(\w+)\s*:\s*([^;]+);/g;

/** Spaces in place of comments, so that lines and columns stay. */
export const withoutComments = (source: string): string =>
  source.replace(/\/\/[^\n]*|\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));

type Fail = (why: string) => never;

function arrayOf(name: string, space: string, type: string, fail: Fail): Omit<ArrayBinding, 'binding'> {
  if (name !== 'memory' && !MATRICES.includes(name as Matrix))
    fail('has another name than a, b, out or memory: what it should hold is not known');
  const [where, access = 'read'] = space.split(',').map((part) => part.trim());
  if (where !== 'storage') fail('is neither var<storage, …> nor var<uniform>');
  const element = /^array\s*<\s*(f32|vec4f|vec4\s*<\s*f32\s*>)\s*,?\s*>$/.exec(type.trim())?.[1];
  if (element === undefined) fail('is neither array<f32> nor array<vec4f>');
  if (access === 'read' && (name === 'out' || name === 'memory'))
    fail('is written to: it needs var<storage, read_write>');
  return { name: name as ArrayBinding['name'], isReadOnly: access === 'read', unit: element === 'f32' ? 1 : 4 };
}

function fieldsOf(code: string, type: string, fail: Fail): string[] {
  const body =
    new RegExp(`\\bstruct\\s+${type}\\s*{([^}]*)}`).exec(code)?.[1] ?? fail('has a type that is no struct of the file');
  const fields = body.split(',').map((field) => field.trim());
  return fields.filter(Boolean).map((field) => {
    const name = /^(\w+)\s*:\s*[ui]32$/.exec(field)?.[1];
    if (name === undefined || !NUMBERS.includes(name))
      fail(`has the field "${field}": fields are u32 or i32, with the names ${NUMBERS.join(', ')}`);
    return name;
  });
}

/** Whether the kernel asks for this number. */
export const names = ({ uniform, overrides }: Pick<KernelFile, 'uniform' | 'overrides'>, name: string): boolean =>
  overrides.includes(name) || (uniform?.fields.includes(name) ?? false);

function checkArrays(file: Pick<KernelFile, 'arrays' | 'uniform' | 'overrides'>): void {
  const given = file.arrays.map(({ name }) => name).sort();
  if (given.join() !== 'memory' && given.join() !== 'a,b,out')
    throw new KernelError(
      `the file declares ${given.join(', ') || 'no array'}: declare three arrays a, b and out, or one array memory with all three`,
    );
  const needed =
    given.length === 1
      ? [...MATRICES, ...MATRICES.map(pitchOf)]
      : file.arrays.filter(({ unit }) => unit === 4).map(({ name }) => pitchOf(name));
  const missing = needed.filter((name) => !names(file, name));
  if (missing.length > 0)
    throw new KernelError(
      `the file does not ask for ${missing.join(', ')}: ${given.length === 1 ? 'in memory' : 'in an array of vec4f'} rows begin at multiples of four numbers, ` +
        'so name these fields in the struct of its var<uniform>',
    );
}

export const pitchOf = (name: string): string => `${name}Pitch`;

/** The line `// workgroups: ceil(N / 8), ceil(M / 8)`: their number along x, and perhaps y and z. */
function workgroupsOf(source: string): KernelFile['workgroups'] {
  const found = /^[ \t]*\/\/[ \t]*workgroups:(.*)$/m.exec(source);
  if (!found)
    throw new KernelError(
      'no line says how many workgroups run: add one such as // workgroups: ceil(M / 8) * ceil(N / 8), or with commas for x, y and z',
    );
  const line = source.slice(0, found.index).split('\n').length;
  const parts = splitAtCommas(found[1]);
  return ([M, K, N]) => {
    const counts = parts.map((part) => valueOf(part, { M, K, N }, line));
    if (parts.length > 3)
      throw new KernelError(`workgroups: ${parts.length} numbers, but a grid has at most 3 axes`, line);
    const bad = counts.findIndex((count) => !Number.isInteger(count) || count < 1 || count > MOST_GROUPS);
    if (bad >= 0)
      throw new KernelError(
        `workgroups: ${parts[bad].trim()} is ${counts[bad]} for M ${M}, K ${K}, N ${N}: write a whole number from 1 to ${MOST_GROUPS}, perhaps with ceil(…)`,
        line,
      );
    const alongY = counts.length === 1 ? Math.ceil(counts[0] / WIDEST) : 1; // as `gridOf` of the backend's kernels
    if (counts.length === 1) return [Math.ceil(counts[0] / alongY), alongY, 1];
    if (counts.some((count) => count > WIDEST))
      throw new KernelError(`workgroups: at most ${WIDEST} run along one axis`, line);
    return [counts[0], counts[1], counts[2] ?? 1];
  };
}

/** Along one axis, on every device. */
const WIDEST = 65535;
const MOST_GROUPS = WIDEST ** 2;

/** At commas outside of brackets. */
function splitAtCommas(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    depth += Number(character === '(') - Number(character === ')');
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

const FUNCTIONS: Readonly<Record<string, (...values: number[]) => number>> = {
  ceil: Math.ceil,
  min: Math.min,
  max: Math.max,
};

/** The value of a sum such as `ceil(M / 64) * ceil(N / 64)`. No text is evaluated as a program. */
function valueOf(text: string, sizes: Readonly<Record<string, number>>, line: number): number {
  const tokens = text.match(/\d+|[A-Za-z]\w*|\S/g) ?? [];
  let at = 0;
  const fail = (): never => {
    const words = 'write numbers, M, K, N, + - * / ( ), ceil, min and max';
    throw new KernelError(
      `workgroups: "${text.trim()}" is not understood at "${tokens[at] ?? 'its end'}": ${words}`,
      line,
    );
  };
  const skip = (token: string): void => {
    if (tokens[at] !== token) fail();
    at++;
  };
  const chain = (operators: string, operand: () => number): number => {
    let value = operand();
    while (at < tokens.length && operators.includes(tokens[at])) {
      const operator = tokens[at++];
      const next = operand();
      value =
        operator === '+'
          ? value + next
          : operator === '-'
            ? value - next
            : operator === '*'
              ? value * next
              : value / next;
    }
    return value;
  };
  const sum = (): number => chain('+-', product);
  const product = (): number => chain('*/', factor);
  const factor = (): number => {
    const token = tokens[at++] ?? '';
    if (/^\d/.test(token)) return Number(token);
    if (Object.hasOwn(sizes, token)) return sizes[token];
    if (token === '(' || Object.hasOwn(FUNCTIONS, token)) {
      if (token !== '(') skip('(');
      const values = [sum()];
      while (token !== '(' && tokens[at] === ',') {
        at++;
        values.push(sum());
      }
      skip(')');
      return token === '(' ? values[0] : FUNCTIONS[token](...values);
    }
    at--;
    return fail();
  };
  const value = sum();
  return at < tokens.length ? fail() : value;
}
