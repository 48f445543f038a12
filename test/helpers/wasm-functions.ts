/** σ, tanh and exp of both wasm builds: their errors on f32 numbers of every size. */
import { PORTABLE, RELAXED } from '../../kernels/wasm/binaries.js';

const COUNT = 1 << 16;
export const [X, OUT] = [1 << 20, (1 << 20) + 4 * COUNT];
const FUNCTIONS = {
  sigmoidOf: (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  tanhOf: Math.tanh,
  expOf: (x: number) => (x < -80 ? 0 : Math.exp(x)),
};
type Functions = Record<keyof typeof FUNCTIONS, (out: number, x: number, size: number) => void>;

export const builds = Object.entries({ portable: PORTABLE, relaxed: RELAXED })
  .map(([name, text]) => [name, Buffer.from(text, 'base64')] as const)
  .filter(([, bytes]) => WebAssembly.validate(bytes));

export function instantiate(bytes: Buffer<ArrayBuffer>) {
  const memory = new WebAssembly.Memory({ initial: 32, maximum: 65536, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const functions = exports as unknown as Functions;
  const [x, out] = [new Float32Array(memory.buffer, X, COUNT), new Float32Array(memory.buffer, OUT, COUNT)];
  return { functions, x, bits: new Uint32Array(memory.buffer, X, COUNT), out };
}

/** The distance between neighbouring f32 numbers at `value`. */
const spacing = (value: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(value)))) - 23);

export function describeFunctions(stride: number): void {
  test.each(
    builds.flatMap(([build, bytes]) =>
      (['sigmoidOf', 'tanhOf', 'expOf'] as const).map((name) => [build, name, bytes] as const),
    ),
  )(`%s build, %s: every ${stride}th f32 is within 4 ulp of the correctly rounded value`, (_, name, bytes) => {
    const { functions, x, bits, out } = instantiate(bytes);
    const exact = FUNCTIONS[name];
    const smallest = name === 'expOf' ? 2 ** 31 : 0; // only exp of negative numbers is needed
    let worst = 0;
    for (let first = smallest; first < 2 ** 32; first += stride * COUNT) {
      const count = Math.min(COUNT, Math.ceil((2 ** 32 - first) / stride));
      for (let n = 0; n < count; n++) bits[n] = first + stride * n;
      functions[name](OUT, X, COUNT);
      for (let n = 0; n < count; n++) {
        if (Number.isNaN(x[n])) {
          if (!Number.isNaN(out[n])) worst = Infinity;
          continue;
        }
        const expected = Math.fround(exact(x[n]));
        worst = Math.max(worst, Math.abs(out[n] - expected) / (expected === 0 ? 2 ** -149 : spacing(expected)));
      }
    }
    expect(worst).toBeLessThanOrEqual(4);
  });
}
