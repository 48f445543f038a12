/** A kernel: WGSL with its parameters. A launch: a kernel with their values, and how many groups of threads run. */
import type { AdapterKind } from './device.js';

/** How a kernel sees the memory of all tensors: as single numbers, or as groups of four. */
type Element = 'f32' | 'vec4f';

export interface Kernel {
  /** Two kernels of one name are the same. */
  readonly name: string;
  readonly element: Element;
  /** Names of whole numbers, then of f32 numbers: the code reads them as `p.name`. */
  readonly whole: readonly string[];
  readonly real?: readonly string[];
  /** A list of groups of four whole numbers after these: `p.list`. Default: none. */
  readonly list?: number;
  /** Threads of a workgroup. */
  readonly threads: number;
  /**
   * Functions, and the body of `main`. It computes for one `index`, which runs over all threads, or with `isGrouped` for the workgroup
   * `group` and the thread `thread` in it.
   */
  readonly functions?: string;
  readonly body: string;
  readonly isGrouped?: boolean;
  /** The body uses operations of subgroups, WebGPU's optional feature, and knows its number in the subgroup as `lane`. */
  readonly inSubgroups?: boolean;
}

/** A number of a call, which may differ from replay to replay; `call`: its place in the list of calls. */
export interface Datum {
  readonly call: number;
  readonly index: number;
}

/** A matrix product `[M,K]`·`[K,N]`, added up over `steps` blocks of a and b. Several kernels compute it: see matmul.ts. */
export interface Product {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly steps: number;
  readonly aTransposed: boolean;
  readonly bTransposed: boolean;
}

/** A step of an LSTM with its product: hPrev·Wh and (2)–(4), or dz·Whᵀ and (4′)–(2′). Several kernels compute it: see cell.ts. */
export interface CellStep {
  readonly pass: 'forward' | 'backward';
  readonly kind: AdapterKind;
  readonly B: number;
  readonly H: number;
}

export interface Launch {
  readonly kernel: Kernel;
  readonly whole: Readonly<Record<string, number>>;
  readonly real?: Readonly<Record<string, Datum>>;
  readonly list?: readonly (number | Datum)[];
  readonly groups: number;
  /** What it computes, if other tiles have the same parameters: see tiles.ts. */
  readonly tiled?: Product | CellStep;
}

/** Four numbers of `list`, or one name, have 4 bytes each. */
export const PARAMETER_BYTES = 512;
/** How many groups of four numbers a list can have, after 32 bytes of other parameters. */
export const LONGEST_LIST = (PARAMETER_BYTES - 32) / 16;
/** The most workgroups along one axis, on every device. */
const WIDEST = 65535;

/** Groups of threads in two axes. */
export function gridOf({ groups }: Launch): [number, number] {
  const rows = Math.ceil(groups / WIDEST);
  return [Math.ceil(groups / rows), rows];
}

/** Where a parameter lies: the index of its four bytes. */
export function parameterIndex({ whole, real = [] }: Kernel, name: string): number {
  const index = [...whole, ...real].indexOf(name);
  if (index < 0) throw new Error(`webgpu: no parameter ${name}`);
  return index;
}

/** The first index of the list: WGSL aligns it to 16 bytes. */
export const listIndex = ({ whole, real = [] }: Kernel): number => 4 * Math.ceil((whole.length + real.length) / 4);

export function sourceOf({
  element,
  whole,
  real = [],
  list,
  threads,
  functions = '',
  body,
  isGrouped,
  inSubgroups,
}: Kernel): string {
  const fields = [
    ...whole.map((name) => `${name}: u32`),
    ...real.map((name) => `${name}: f32`),
    ...(list === undefined ? [] : [`list: array<vec4u, ${list}>`]),
  ];
  return `
${inSubgroups ? 'enable subgroups;' : ''}
struct Parameters { ${fields.join(', ')} }
@group(0) @binding(0) var<storage, read_write> memory: array<${element}>;
@group(0) @binding(1) var<uniform> p: Parameters;
${functions}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) thread: u32,
  ${inSubgroups ? '@builtin(subgroup_invocation_id) lane: u32,' : ''}
) {
  let group = workgroup.y * grid.x + workgroup.x;
  ${isGrouped ? '' : `let index = group * ${threads}u + thread;`}
  ${body}
}`;
}

/** Text for n = 0 … count - 1. */
export const times = (count: number, text: (n: number) => string, separator = '\n'): string =>
  Array.from({ length: count }, (_, n) => text(n)).join(separator);

/** The four numbers of a group. */
export const LANES = ['x', 'y', 'z', 'w'] as const;

/*
 * eˣ, σ and tanh in WGSL, of one number or of four. WGSL's own `exp` and `tanh` have another error on each driver, and `tanh` of a
 * large number may be NaN. As in kernels/wasm/assembly/math.ts: eˣ = 2ⁿ·eʳ, then one division.
 */

/** `exp_` for x ≤ 0, `sigmoid` and `tanh_`, within 4 units in the last place where the result is a normal number. NaN stays NaN. */
export function mathOf(type: Element): string {
  const [I, U, SHIFT] = type === 'f32' ? ['i32', 'u32', '23u'] : ['vec4i', 'vec4u', 'vec4u(23u)'];
  return `
// 2ⁿ; n is a whole number in -126 … 127
fn powerOfTwo(n: ${type}) -> ${type} { return bitcast<${type}>((${I}(n) + ${I}(127)) << ${SHIFT}); }

// eʳ - 1, r = x - n·ln 2. Its error is at most 4e-9 of eʳ. The first part of ln 2 is 355/512, and n times it is exact. It is a product
// of whole numbers, because Mesa adds the two parts if both are multiplied by the same n, and then rounds n·ln 2.
fn expOfRestMinus1(x: ${type}, n: ${type}) -> ${type} {
  let first = ${type}(${I}(n) * ${I}(355));
  let r = fma(n, ${type}(2.12194440e-4), fma(first, ${type}(-1.0 / 512.0), x));
  var q = fma(r, ${type}(1.3811662e-3), ${type}(8.3701350e-3));
  q = fma(q, r, ${type}(4.1668527e-2));
  q = fma(q, r, ${type}(1.6666509e-1));
  q = fma(q, r, ${type}(4.9999994e-1));
  return fma(q, r * r, r);
}

// A test of the bits: a compiler may assume that no number is NaN.
fn keepNaN(result: ${type}, x: ${type}) -> ${type} {
  let isNaN = (bitcast<${U}>(x) & ${U}(0x7fffffffu)) > ${U}(0x7f800000u);
  return select(result, x, isNaN);
}

fn expOf(x: ${type}) -> ${type} {
  let n = round(x * 1.44269504);
  let power = powerOfTwo(n);
  return fma(expOfRestMinus1(x, n), power, power);
}

// 0 below -80, where a quotient of it could be subnormal
fn exp_(x: ${type}) -> ${type} {
  let limited = clamp(x, ${type}(-80.0), ${type}(0.0));
  return keepNaN(select(expOf(limited), ${type}(0.0), x < ${type}(-80.0)), x);
}

fn sigmoid(x: ${type}) -> ${type} {
  let limited = clamp(x, ${type}(-80.0), ${type}(20.0)); // beyond, σ is 0 and 1
  let E = expOf(limited);
  return keepNaN(select(E / (E + 1.0), ${type}(0.0), x < ${type}(-80.0)), x);
}

// E = e²ˣ - 1 is computed as one number, so that it keeps its digits near 0
fn tanh_(x: ${type}) -> ${type} {
  let twice = 2.0 * clamp(x, ${type}(-15.0), ${type}(15.0)); // beyond, tanh is ±1
  let n = round(twice * 1.44269504);
  let power = powerOfTwo(n);
  let E = fma(expOfRestMinus1(twice, n), power, power - 1.0);
  return keepNaN(E / (E + 2.0), x);
}`;
}
