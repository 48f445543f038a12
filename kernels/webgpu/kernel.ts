/** A kernel: WGSL with its parameters. A launch: a kernel with their values, and how many groups of threads run. */

/** How a kernel sees the memory of all tensors: as single numbers, or as groups of four. */
export type Element = 'f32' | 'vec4f';

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
}

/** A number of a call, which may differ from replay to replay; `call`: its place in the list of calls. */
export interface Datum {
  readonly call: number;
  readonly index: number;
}

export interface Launch {
  readonly kernel: Kernel;
  readonly whole: Readonly<Record<string, number>>;
  readonly real?: Readonly<Record<string, Datum>>;
  readonly list?: readonly (number | Datum)[];
  readonly groups: number;
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
}: Kernel): string {
  const fields = [
    ...whole.map((name) => `${name}: u32`),
    ...real.map((name) => `${name}: f32`),
    ...(list === undefined ? [] : [`list: array<vec4u, ${list}>`]),
  ];
  return `
struct Parameters { ${fields.join(', ')} }
@group(0) @binding(0) var<storage, read_write> memory: array<${element}>;
@group(0) @binding(1) var<uniform> p: Parameters;
${functions}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) thread: u32,
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
