/** The memory of the WebAssembly backend does not grow. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { Random } from '../../src/core/rng.js';
import { Model } from '../../src/network/model.js';
import { Network } from '../../src/network/network.js';
import { Adam } from '../../src/training/optimisers.js';

export function describeSteadyMemory({ steps, models, batches }: Record<'steps' | 'models' | 'batches', number>): void {
  const sizes = { T: 3, B: 2, I: 2, H: 5, C: 3 };

  test(`does not grow over ${steps} steps, nor over ${models} models that are made and disposed of`, async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const model = new Model(backend, sizes);
    const adam = new Adam(backend, model.parameters);
    const step = (one: Model, itsAdam: Adam): void => {
      one.forward();
      one.backward();
      itsAdam.update(0.01);
    };
    step(model, adam);
    new Model(backend, sizes).dispose();
    const bytes = (): number => model.activations.x.data.buffer.byteLength;
    const before = bytes();
    for (let n = 0; n < steps; n++) step(model, adam);
    for (let n = 0; n < models; n++) {
      const other = new Model(backend, sizes);
      const otherAdam = new Adam(backend, other.parameters);
      step(other, otherAdam);
      otherAdam.dispose();
      other.dispose();
    }
    expect(bytes()).toBe(before);
  });

  test(`does not grow if the lengths of the sequences change with every batch, of ${batches}`, async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const [T, B] = [7, 12];
    const network = { inputs: 3, layers: [{ hidden: 20 }, { hidden: 20 }], outputs: 3 };
    const many = new Network(backend, network, { T, B });
    const random = new Random(1);
    const step = (lengths: number[]): void => {
      many.setTargets({ labels: new Uint8Array(B), lengths });
      many.forward();
      many.backward();
    };
    step(Array<number>(B).fill(T)); // the longest first: every copy is then large enough
    const bytes = (): number => backend.allocate([1]).data.buffer.byteLength;
    const before = bytes();
    for (let n = 0; n < batches; n++) step(Array.from({ length: B }, () => 1 + random.below(T)).sort((a, b) => b - a));
    expect(bytes()).toBe(before);
  });
}
