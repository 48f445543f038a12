/** σ, tanh and exp of both wasm builds: their errors on f32 numbers of every size, and their exact values. */
import { PORTABLE, RELAXED } from '../../kernels/wasm/binaries.js';

describe('σ, tanh and exp', () => {
  const COUNT = 1 << 16;
  const [X, OUT] = [1 << 20, (1 << 20) + 4 * COUNT];
  const FUNCTIONS = {
    sigmoidOf: (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
    tanhOf: Math.tanh,
    expOf: (x: number) => (x < -80 ? 0 : Math.exp(x)),
  };
  type Functions = Record<keyof typeof FUNCTIONS, (out: number, x: number, size: number) => void>;

  const builds = Object.entries({ portable: PORTABLE, relaxed: RELAXED })
    .map(([name, text]) => [name, Buffer.from(text, 'base64')] as const)
    .filter(([, bytes]) => WebAssembly.validate(bytes));

  function instantiate(bytes: Buffer<ArrayBuffer>) {
    const memory = new WebAssembly.Memory({ initial: 32, maximum: 65536, shared: true });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    const functions = exports as unknown as Functions;
    const [x, out] = [new Float32Array(memory.buffer, X, COUNT), new Float32Array(memory.buffer, OUT, COUNT)];
    return { functions, x, bits: new Uint32Array(memory.buffer, X, COUNT), out };
  }

  /** The distance between neighbouring f32 numbers at `value`. */
  const spacing = (value: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(value)))) - 23);

  test.each(
    builds.flatMap(([build, bytes]) =>
      (['sigmoidOf', 'tanhOf', 'expOf'] as const).map((name) => [build, name, bytes] as const),
    ),
  )('%s build, %s: every 4099th f32 is within 4 ulp of the correctly rounded value', (_, name, bytes) => {
    const { functions, x, bits, out } = instantiate(bytes);
    const exact = FUNCTIONS[name];
    const smallest = name === 'expOf' ? 2 ** 31 : 0; // only exp of negative numbers is needed
    let worst = 0;
    for (let first = smallest; first < 2 ** 32; first += 4099 * COUNT) {
      for (let n = 0; n < COUNT; n++) bits[n] = first + 4099 * n;
      functions[name](OUT, X, COUNT);
      for (let n = 0; n < COUNT; n++) {
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

  test.each(builds)('%s build: exact at 0 and ±∞, NaN stays NaN', (_, bytes) => {
    const { functions, x, out } = instantiate(bytes);
    x.set([0, -0, Infinity, -Infinity, NaN, 0, 0, 0]);
    functions.sigmoidOf(OUT, X, 8);
    expect([...out.slice(0, 5)]).toEqual([0.5, 0.5, 1, 0, NaN]);
    functions.tanhOf(OUT, X, 8);
    expect([...out.slice(0, 5)]).toEqual([0, -0, 1, -1, NaN]);
    x.set([0, -0, -80.00001, -Infinity, NaN]);
    functions.expOf(OUT, X, 8);
    expect([...out.slice(0, 5)]).toEqual([1, 1, 0, 0, NaN]);
  });
});
