/** What a run can compute with, and how a link says it. */
import type { Mode } from '../../kernels/gpu/gpu-js.js';

/** `gpu` is Longhand's own WebGPU backend; `webgpu` and `webgl2` are the GPU.js modes that use a browser's GPU. */
export type BackendName = 'wasm' | 'gpu' | (typeof OTHERS)[number];

/** `automatic`: `wasm` or `gpu`, the quicker one for the run's network. A run that has begun has a `BackendName`. */
export type BackendChoice = BackendName | 'automatic';

/** In a link after `backend=`. */
const OTHERS = ['webgpu', 'webgl2', 'reference'] as const satisfies readonly ('reference' | Mode)[];

/** In a link after `compute=`. */
const COMPUTE: Readonly<Record<string, BackendChoice>> = { cores: 'wasm', gpu: 'gpu', automatic: 'automatic' };

/** The choice of a link, `compute=` before `backend=`. Older links say `machine=`. Undefined if it names none. */
export function choiceOf(query: URLSearchParams): BackendChoice | undefined {
  const name = query.get('backend') ?? query.get('machine');
  const [, compute] = Object.entries(COMPUTE).find(([word]) => word === query.get('compute')) ?? [];
  return compute ?? (['wasm', ...OTHERS] as const).find((backend) => backend === name);
}

/** The parameter of a link and its value. */
export function choiceInLink(choice: BackendChoice): readonly [string, string] {
  const [word] = Object.entries(COMPUTE).find(([, one]) => one === choice) ?? [];
  return word === undefined ? ['backend', choice] : ['compute', word];
}
