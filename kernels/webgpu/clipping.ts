/**
 * Clipping, (9) and (10). All gradients of a call are computed in one launch, as Adam's updates are. A norm has three: sums of squares of
 * parts, one factor, the products. Each sum is a tree of a fixed form, so the same gradients give the same bits. Nothing is read back.
 */
import { OutOfMemoryError } from '../../src/core/errors.js';
import type { Place } from './allocations.js';
import { type Datum, type Kernel, type Launch, LONGEST_LIST } from './kernel.js';
import type { Memory } from './memory.js';

const THREADS = 64;
/** Groups of four numbers that a thread computes. */
const QUADS = 16;
const QUADS_A_GROUP = THREADS * QUADS;

/** A kernel for groups `n` of four numbers. The list has four numbers for each gradient: address, first workgroup, size, columns. */
const ofGradients = (
  kernel: Pick<Kernel, 'name' | 'whole' | 'real' | 'functions'>,
  start: string,
  each: string,
  end = '',
): Kernel => ({
  ...kernel,
  element: 'vec4f',
  threads: THREADS,
  whole: ['gradients', 'groups', ...kernel.whole],
  list: LONGEST_LIST,
  isGrouped: true,
  body: `
  if (group >= p.groups) { return; }
  var one = 0u;
  while (one + 1 < p.gradients && group >= p.list[one + 1].y) { one++; } // the last gradient that begins at this group or before
  let gradient = p.list[one];
  ${start}
  for (var i = 0u; i < ${QUADS}u; i++) {
    let n = ((group - gradient.y) * ${QUADS}u + i) * ${THREADS}u + thread;
    if (n >= gradient.z) { break; }
    let g = memory[gradient.x + n];
    ${each}
  }
  ${end}`,
});

/** A test of the bits: a compiler may assume that no number is NaN. */
const BITS = 'const SIGN = 0x80000000u; const INFINITY = 0x7f800000u;';

/** (9) */
const CLIP_BY_VALUE = ofGradients(
  { name: 'clipByValue', whole: [], real: ['limit'], functions: BITS },
  '',
  `let isNaN = (bitcast<vec4u>(g) & vec4u(~SIGN)) > vec4u(INFINITY);
    memory[gradient.x + n] = select(clamp(g, vec4f(-p.limit), vec4f(p.limit)), g, isNaN);`,
);

/** A square of g overflows above 2⁶⁴. So there is a second sum, of the squares of g·2⁻⁸⁰. */
const SCALE = '0x1p-80';

/** The sum of the threads' numbers; only thread 0 gets it. */
const TREE = `
var<workgroup> sums: array<vec2f, ${THREADS}>;
fn total(thread: u32, own: vec2f) -> vec2f {
  sums[thread] = own;
  for (var half = ${THREADS / 2}u; half > 0; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { sums[thread] += sums[thread + half]; }
  }
  return sums[thread];
}`;

/** Both sums of a workgroup's numbers. The numbers that end a row, beyond its columns, may be anything. */
const SQUARES = ofGradients(
  { name: 'clipByNorm squares', whole: ['sums'], functions: TREE },
  'let pitch = (gradient.w + 3) / 4; var squares = vec4f(); var scaled = vec4f();',
  `let isColumn = vec4u(4 * (n % pitch)) + vec4u(0, 1, 2, 3) < vec4u(gradient.w);
    let value = select(vec4f(), g, isColumn);
    let small = value * ${SCALE};
    squares = fma(value, value, squares);
    scaled = fma(small, small, scaled);`,
  `let both = total(thread, vec2f(dot(squares, vec4f(1)), dot(scaled, vec4f(1))));
  if (thread == 0) { memory[p.sums + group] = vec4f(both, 0, 0); }`,
);

/** (10) limit/‖g‖, or 1; as two factors, so that neither is too small for f32. */
const FACTOR: Kernel = {
  name: 'clipByNorm factor',
  element: 'vec4f',
  threads: THREADS,
  whole: ['sums', 'groups', 'factor'],
  real: ['limit'],
  isGrouped: true,
  functions: `${BITS}
  fn isFinite(sum: f32) -> bool { return bitcast<u32>(sum) < INFINITY; }
  ${TREE}`,
  body: `
  var own = vec2f();
  for (var n = thread; n < p.groups; n += ${THREADS}u) { own += memory[p.sums + n].xy; }
  let sums = total(thread, own);
  if (thread != 0) { return; }
  var factors = vec2f(1);
  if (isFinite(sums.x)) {
    if (sqrt(sums.x) > p.limit) { factors.y = p.limit / sqrt(sums.x); }
  } else if (isFinite(sums.y)) {
    if (sqrt(sums.y) > p.limit * ${SCALE}) { factors = vec2f(${SCALE}, p.limit / sqrt(sums.y)); }
  }
  memory[p.factor] = vec4f(factors, 0, 0);`,
};

const PRODUCTS = ofGradients(
  { name: 'clipByNorm products', whole: ['factor'] },
  'let factors = memory[p.factor]; if (factors.y == 1) { return; }',
  'memory[gradient.x + n] = g * factors.x * factors.y;',
);

/** Gradients in one launch: their list, and how many workgroups they have. */
interface Listed {
  readonly list: readonly number[];
  readonly whole: { readonly gradients: number; readonly groups: number };
  readonly groups: number;
}

/** The gradients in as few launches as the lists allow. */
function listsOf(gradients: readonly Place[]): Listed[] {
  const lists: Listed[] = [];
  for (let first = 0; first < gradients.length; first += LONGEST_LIST) {
    let groups = 0;
    const some = gradients.slice(first, first + LONGEST_LIST);
    const list = some.flatMap(({ address, rows, pitch, columns }) => {
      const begin = groups;
      groups += Math.ceil((rows * pitch) / QUADS_A_GROUP);
      return [address, begin, rows * pitch, columns];
    });
    lists.push({ list, whole: { gradients: some.length, groups }, groups });
  }
  return lists;
}

export const clipByValue = (gradients: readonly Place[], limit: Datum): Launch[] =>
  listsOf(gradients).map((listed) => ({ kernel: CLIP_BY_VALUE, ...listed, real: { limit } }));

export function clipByNorm(gradients: readonly Place[], limit: Datum, scratch: Memory['scratch']): Launch[] {
  const lists = listsOf(gradients);
  const groups = lists.reduce((sum, listed) => sum + listed.groups, 0);
  const sums = scratch(groups + 1);
  if (sums === undefined) throw new OutOfMemoryError(`webgpu: no memory is left for ${groups} sums of clipByNorm`);
  const factor = sums + groups;
  let before = 0;
  const squares = lists.map((listed) => {
    const place = sums + before;
    before += listed.groups;
    return { kernel: SQUARES, ...listed, whole: { ...listed.whole, sums: place } };
  });
  return [
    ...squares,
    { kernel: FACTOR, whole: { sums, groups, factor }, real: { limit }, groups: 1 },
    ...lists.map((listed) => ({ kernel: PRODUCTS, ...listed, whole: { ...listed.whole, factor } })),
  ];
}
