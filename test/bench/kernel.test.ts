/** `npm run bench -- kernel`: what a kernel's text declares, and what is said about a wrong one. No time is asserted. */
import { loadCompiler } from '../../bench/assemblyscript.js';
import { KernelError } from '../../bench/kernel/compiled.js';
import { readKernel } from '../../bench/kernel/kernel-file.js';
import type { Language } from '../../bench/kernel/languages.js';
import { type News, RunError, runKernel } from '../../bench/kernel/drive.js';
import { KernelSession } from '../../bench/kernel/session.js';
import { startsFor, startsIn } from '../../bench/kernel/starts.js';
import type { Device } from '../../kernels/webgpu/device.js';
import type { Size } from '../../bench/steps/product-steps.js';
import { stepsFor } from '../../bench/steps/webgpu-kernels.js';
import { describeWebGpu } from '../helpers/webgpu.js';

/** Rows without padding, in three arrays. */
const KERNEL = `// workgroups: ceil(N / 8), ceil(M / 8)
struct Sizes { M: u32, K: u32, N: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> p: Sizes; // not a comment: @group(1) @binding(9) var<storage> c: array<f32>;
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y;
  let column = id.x;
  if (row >= p.M || column >= p.N) { return; }
  var sum = 0.0;
  for (var k = 0u; k < p.K; k++) { sum = fma(a[row * p.K + k], b[k * p.N + column], sum); }
  out[row * p.N + column] = sum;
}`;

/** The text with one change. */
const changed = (from: string, to: string): string => {
  expect(KERNEL).toContain(from);
  return KERNEL.replace(from, to);
};
const refusal = (source: string): unknown => {
  try {
    readKernel(source).workgroups([7, 5, 3]);
    return undefined;
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return [error.line, error.message];
  }
};

describe('what a text declares', () => {
  test('arrays, the fields of the uniform buffer, and workgroups', () => {
    const file = readKernel(KERNEL);
    expect(file).toMatchObject({ entryPoint: 'main', overrides: [], uniform: { binding: 3, fields: ['M', 'K', 'N'] } });
    expect(file.arrays.map(({ name, binding, isReadOnly }) => [name, binding, isReadOnly])).toEqual([
      ['a', 0, true],
      ['b', 1, true],
      ['out', 2, false],
    ]);
    expect(file.workgroups([17, 5, 8])).toEqual([1, 3, 1]);
  });

  test.each([
    ['ceil(M * N / 64)', [7, 5, 30], [4, 1, 1]],
    ['ceil(M/4) * max(N, 2 + K) - (1), 1, min(M, 9)', [7, 5, 3], [13, 1, 7]],
    ['8 - 2 - 1', [7, 5, 3], [5, 1, 1]],
    ['M * N', [1000, 1, 1000], [62500, 16, 1]], // as gridOf
  ] as const)('workgroups: %s', (text, size, groups) => {
    expect(readKernel(changed('ceil(N / 8), ceil(M / 8)', text)).workgroups(size)).toEqual(groups);
  });

  test.each([
    ['@compute', '@fragment', undefined, /^the file has 0 functions with @compute/],
    ['// workgroups', '// groups', undefined, /^no line says how many workgroups run: add one such as/],
    ['ceil(M / 8)', 'M / 8', 1, /^workgroups: M \/ 8 is 0\.875 for M 7, K 5, N 3: write a whole number/],
    ['ceil(M / 8)', 'floor(M)', 1, /^workgroups: "floor\(M\)" is not understood at "floor"/],
    ['ceil(M / 8)', '(M', 1, /is not understood at "its end"/],
    ['@group(0) @binding(1)', '@group(1) @binding(1)', 4, /is not in @group\(0\)/],
    ['> b: array<f32>', '> c: array<f32>', 4, /has another name than a, b, out or memory/],
    ['> b: array<f32>', '> b: array<u32>', 4, /is neither array<f32> nor array<vec4f>/],
    ['read_write> out', 'read> out', 5, /is written to: it needs var<storage, read_write>/],
    ['K: u32', 'depth: u32', 6, /has the field "depth: u32": fields are u32 or i32, with the names M, K, N, out,/],
    ['> b: array<f32>', '> b: array<vec4f>', undefined, /^the file does not ask for bPitch: in an array of vec4f/],
    ['var<storage, read> b', 'var<private> b', 4, /is neither var<storage/],
  ])('%s → %s is refused', (from, to, line, message) => {
    expect(refusal(changed(from, to))).toEqual([line, expect.stringMatching(message)]);
  });

  test('the steps of docs/webgpu-kernels.md have the workgroups of their launches', () => {
    for (const kind of ['software', 'gpu'] as const)
      for (const [n, { source }] of startsFor(kind).entries())
        for (const [M, K, N] of [
          [1, 1, 1],
          [7, 5, 3],
          [130, 20, 133],
          [600, 64, 700],
        ] as const) {
          const place = (rows: number, columns: number) => {
            return {
              data: new Float32Array(),
              address: 0,
              pitch: Math.ceil(columns / 4),
              rows,
              columns,
              transposed: false,
            };
          };
          const { groups } = stepsFor(kind)[n].launch(place(M, N), place(M, K), place(K, N));
          expect([kind, n, readKernel(source).workgroups([M, K, N])]).toEqual([kind, n, [groups, 1, 1]]);
        }
  });
});

const HEAD = 'export function product(out: usize, a: usize, b: usize, M: i32, K: i32, N: i32): void {';
const NEXT = /^wrong at \[7,5\]·\[5,3\]: The first product is right, but the next one/;

const newSession = (): KernelSession => new KernelSession({ loadCompiler, modes: ['webasm'] });

describe.each<[Language, string]>([
  ['assemblyscript', 'longhand-wasm'],
  ['gpu.js', 'longhand-gpu-webasm'],
])('%s', (language, longhand) => {
  const session = newSession();
  const asked = { ask: session.answer.bind(session) };
  const starts = startsIn(language, 'webasm');
  const outcome = async (source: string): Promise<unknown> => {
    try {
      const compared = [{ name: 'naive', source: starts[0].source }];
      const rows = await runKernel(
        asked,
        { language, source, size: [20, 12, 24], compared, isQuick: true },
        () => undefined,
      );
      return rows.map(({ name }) => name);
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      return [error.line, error.message];
    }
  };
  const mistakes: Record<string, [start: number, from: string, to: string, line: number | undefined, RegExp][]> = {
    assemblyscript: [
      [0, 'k < K', 'k < K - 1', undefined, /^wrong at \[7,5\]·\[5,3\]: .* sum of only the first 4 of its 5 terms\.$/],
      [0, 'n < N', 'n < N - 1', undefined, /The last column, 2, was never written\.$/],
      [1, 'n + 16 <= N', 'n + 5 <= N', undefined, /^wrong at \[65,18\]·\[18,70\]: out at row 1, column 0 is/],
      [0, 'sum);', 'sum); store<f32>(b + 8, 1);', undefined, /It writes into b, at row 0, column 2\.$/],
      [
        0,
        '  for (let m',
        '  store<f32>(out + ((M * N) << 2), 1);\n  for (let m',
        undefined,
        /is right, but it writes outside of out: 1 place after the last number\.$/,
      ],
      [
        0,
        'out +',
        '<usize>-8 +',
        undefined,
        /^the kernel stopped at \[7,5\]·\[5,3\]: memory access out of bounds\. An address is in bytes/,
      ],
      [0, 'let sum: f32', 'let total: f32', 7, /^TS2304: Cannot find name 'sum'\.$/],
      [0, 'function product', 'function multiply', undefined, /^the file exports no function with six parameters/],
      [0, 'let sum', 'assert(n > 9, "far"); let sum', 5, /^the kernel stopped: far$/],
      [0, 'let sum', 'const far = [n][n + 9]; let sum', undefined, /^the kernel stopped: Index out of range$/],
      [0, 'M: i32', 'M: i64', undefined, /: its parameters are not \(out: usize/],
      [0, HEAD, `let isDone = false;\n${HEAD} if (isDone) return; isDone = true;`, undefined, NEXT],
      [0, HEAD, `let calls = 0;\n${HEAD} if (++calls > 3) return;`, undefined, /^wrong after many products: /],
      [0, 'sum: f32 = 0', 'sum: f32 = load<f32>(b + (K * N + 5000) * 4)', undefined, /^wrong at \[7,5\]/],
      [1, 'n += isWhole ? 16 : 1', 'n += isWhole ? 16 : N - n >= 8 ? 8 : 1', undefined, /^wrong at \[6,7\]·\[7,29\]/],
    ],
    'gpu.js': [
      [0, 'k < K', 'k < K - 4', undefined, /^wrong at \[7,5\]·\[5,3\]: .* sum of only the first 4 of its 5 terms\.$/],
      [0, 'k < K', 'k <= K', undefined, /^wrong at \[7,5\]/],
      [0, 'sum +=', 'total +=', 6, /^cannot assign to "total": total \+= a/],
      [3, 'tile: 2×2', 'tile: 1×2', undefined, /^a thread computes 4 numbers: a tile of 1×2 has 2$/],
      [3, 'tile: 2×2', 'tile: 2×4', 2, /^a tile of 2×4: a thread returns 1 to 4 numbers$/],
      [0, 'tile: 1×1', 'tile: 1×4, in texels', undefined, /^mode webasm has no texels/],
      [0, '// tile', '// tiles', undefined, /^no line says which rows and columns/],
      [0, 'let sum = 0', 'let sum = none', 4, /^Identifier is not defined: none$/],
      [0, 'return sum', 'return sum + none', 8, /^Identifier is not defined: none$/],
      [0, 'K; k++', 'K / 0; k++', undefined, /^K is divided by 0$/],
      [0, 'k < K', 'k < K / 128 * 64', undefined, /^wrong at \[19,131\]·.* only the first 128 of its 131 terms\.$/],
      [0, 'a, b)', 'a, b, c)', 3, /^the function has other parameters than two/],
      [0, 'return', 'sum =', 3, /^the function returns nothing/],
      [0, 'function', 'function one() { return 1; }\nfunction', 4, /^the file has 2 functions/],
    ],
  };

  test('every start is right at all odd sizes', async () => {
    for (const { name, source } of starts)
      expect([name, await outcome(source)]).toEqual([name, ['your kernel', 'naive', longhand]]);
  });

  test.each(mistakes[language])('start %i, %s → %s', async (start, from, to, line, message) => {
    const { source } = starts[start];
    expect(source).toContain(from);
    expect(await outcome(source.replace(from, to))).toEqual([line, expect.stringMatching(message)]);
  });
});

await describeWebGpu(() => {
  const session = newSession();
  const asked = { ask: session.answer.bind(session) };
  const SIZE: Size = [20, 12, 24];

  const outcome = async (source: string): Promise<unknown> => {
    const news: News[] = [];
    try {
      const compared = [{ name: 'naive', source: startsFor('software')[0].source }];
      const rows = await runKernel(asked, { language: 'wgsl', source, size: SIZE, compared, isQuick: true }, (one) =>
        news.push(one),
      );
      return [...rows.map(({ name }) => name), ...news.map(({ kind }) => kind)];
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      return [error.line, error.message];
    }
  };
  const TIMED = ['your kernel', 'naive', 'longhand-webgpu', 'executor', 'right', 'times', 'times'];

  test('a right kernel is timed: rows without padding, override constants, four columns at a time', async () => {
    expect(await outcome(KERNEL)).toEqual(TIMED);
    const constants = ['override M: u32;', 'override K: u32;', 'override N: u32;'].join('\n');
    const specialised = changed('struct Sizes { M: u32, K: u32, N: u32 }', constants)
      .replace(/.*var<uniform>.*/, '')
      .replaceAll('p.', '');
    expect(await outcome(specialised)).toEqual(TIMED);
    expect(await outcome(startsFor('software')[2].source)).toEqual(TIMED);
  });

  test.each([
    [
      'k < p.K',
      'k < p.K - 1',
      /^wrong at \[7,5\]·\[5,3\]: out at row 0, column 0 is -0\.428.*, and should be -0\.433.* ± .*; 21 of 21 elements are wrong, and this is the first\. Every wrong element is the sum of only the first 4 of its 5 terms\.$/,
    ],
    ['k = 0u', 'k = 1u', /sum of all but the first of its 5 terms\.$/],
    ['sum);', 'sum) * 0.0;', /sum of none of its 5 terms\.$/],
    ['k < p.K', 'k <= p.K', /wrong, and this is the first\.$/],
    ['= sum;', '= max(out[row * p.N + column], sum);', NEXT],
    ['= sum;', '+= sum;', /is NaN, .* The kernel adds the product to what out held before: it should set out\.$/],
    [
      'row >= p.M',
      'row >= min(p.M, 64)',
      /^wrong at \[65,18\]·\[18,70\]: out at row 64, .* The last row, 64, was never written\.$/,
    ],
    ['ceil(M / 8)', '1', /^wrong at \[33,64\]·\[64,65\]: .* The rows 8 to 32 were never written\.$/],
    ['column >= p.N', 'column >= p.N - 2', /The columns 1 to 2 were never written\.$/],
    [
      '= sum;',
      '= sum; // all are right, but the last column is, too\n  if (row == 0) { out[p.M * p.N + 8] = 1.0; }',
      /: Every element of out is right, but it writes outside of out: 9 places after the last number\.$/,
    ],
    [
      'row >= p.M || column >= p.N',
      'row >= p.M || column >= p.N || (row ^ column) == 1',
      /Elements never written: 3 of 21, the first at row 0, column 1\.$/,
    ],
  ])('%s → %s is wrong', async (from, to, message) => {
    expect(await outcome(changed(from, to))).toEqual([undefined, expect.stringMatching(message)]);
  });

  test('a write into b is found, where the arrays lie in one memory', async () => {
    const { source } = startsFor('software')[0];
    const writes = source.replace('= sum;', '= sum; memory[p.b + 1] = 2.0;');
    expect(await outcome(writes)).toEqual([
      undefined,
      expect.stringContaining('It writes into b, at row 0, column 1.'),
    ]);
  });

  test('what the driver refuses has its line; after it, and after a lost device, the next kernel runs', async () => {
    const message = expect.stringMatching(/unresolved value 'rows'/) as string;
    expect(await outcome(changed('row >= p.M', 'row >= rows'))).toEqual([11, message]);
    expect(await outcome(changed('8, 8)', '64, 64)'))).toEqual([undefined, expect.stringMatching(/workgroup/)]);
    const { ask } = asked;
    asked.ask = async (question) => {
      const { workplace } = session as unknown as { readonly workplace: { readonly device?: Device } | undefined };
      workplace?.device?.gpu.destroy(); // as a driver does whose kernel runs too long
      return ask(question);
    };
    expect(await outcome(KERNEL)).toEqual([
      undefined,
      expect.stringMatching(/^the device was lost \(.*\): the kernel ran too long/),
    ]);
    asked.ask = ask;
    expect(await outcome(KERNEL)).toEqual(TIMED);
  });
});
