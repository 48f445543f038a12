/**
 * A program that prints a digest of what each operation computes, at every size of the backend suite, and of a whole training, on both
 * builds. With the argument `wide`, products use the tiles for merged vectors. Each operation runs once at low addresses, and once at
 * addresses around 2³¹, where such a merging has been wrong before. test/kernels/merging.test.ts compares its outputs.
 */
import { createHash } from 'node:crypto';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { WasmExports } from '../../kernels/wasm/runner.js';
import type { Backend } from '../../src/core/backend.js';
import type { Tensor } from '../../src/core/tensor.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { train } from '../../src/door/train.js';
import { CASES } from './operation-cases.js';
import { smallImages } from './small-data.js';

if (process.argv.includes('wide')) {
  const { instantiate } = WebAssembly;
  const choosing = async (module: WebAssembly.Module, imports: WebAssembly.Imports) => {
    const { exports } = (await instantiate(module, imports)) as unknown as { exports: WasmExports };
    return { exports: { ...exports, setWide: () => exports.setWide(1) } };
  };
  Object.assign(WebAssembly, { instantiate: choosing });
}

const digests: Record<string, string> = {};
const digestOf = (tensors: readonly Tensor[]): string => {
  const hash = createHash('sha256');
  for (const { data } of tensors) hash.update(new Uint8Array(Float32Array.from(data).buffer));
  return hash.digest('hex').slice(0, 16);
};

function digestEachCase(backend: Backend, build: string): void {
  for (const { name, outputs, inputs, prepare, draw, run } of CASES) {
    const random = new Random(3);
    const [out, given] = [outputs, inputs].map((shapes) => shapes.map((shape) => backend.allocate(shape)));
    for (const tensor of [...out, ...given]) fillRandom(tensor, () => draw?.(random) ?? random.normal(0, 1));
    prepare?.(given);
    for (const tensor of [...out, ...given]) backend.upload(tensor);
    run(backend, out, given);
    digests[`${build}: ${name}`] = digestOf(out);
    for (const tensor of [...out, ...given]) backend.free(tensor);
  }
}

/** Numbers below 2³¹ bytes that are left for the operations. Most tensors of the cases are larger. */
const LEFT = 64;

for (const deterministic of [true, false]) {
  const backend = await createWasmBackend({ threads: 1, deterministic });
  const build = backend.description.includes('portable') ? 'portable' : 'relaxed';
  digestEachCase(backend, build);
  const model = await train(backend, smallImages(60, 7, 5), { batchSize: 20, trainingIters: 400, hidden: 37 });
  digests[`${build}: a training`] = digestOf(model.parameters.map(({ value }) => value));
  await backend.dispose();

  const high = await createWasmBackend({ threads: 1, deterministic });
  const { byteOffset } = high.allocate([1]).data as Float32Array;
  high.allocate([(2 ** 31 - byteOffset) / 4 - LEFT]); // never written, so it needs no memory
  digestEachCase(high, `${build}, around 2³¹`);
  await high.dispose();
}
console.log(JSON.stringify(digests));
