/** What a run can compute with, and how a link says it. */
import type { Mode } from '../../kernels/gpu/gpu-js.js';

/** `gpu` is Longhand's own WebGPU backend; `webgpu` and `webgl2` are the GPU.js modes that use a browser's GPU. */
export type BackendName = 'wasm' | 'gpu' | (typeof OTHERS)[number];

/** `automatic`: `wasm` or `gpu`, the quicker one for the run's network. A run that has begun has a `BackendName`. */
export type BackendChoice = BackendName | 'automatic';

/** In a link after `backend=`. */
const OTHERS = ['webgpu', 'webgl2', 'reference'] as const satisfies readonly ('reference' | Mode)[];

/** In a link after `compute=`. */
const COMPUTE = new Map<string, BackendChoice>([
  ['cores', 'wasm'],
  ['gpu', 'gpu'],
  ['automatic', 'automatic'],
]);
const BACKENDS = new Map<string, BackendChoice>((['wasm', ...OTHERS] as const).map((name) => [name, name]));

/** The names that the choice has in a link, the first before the others, and the words of each. Older links say `machine=`. */
export const LINK_CHOICES: readonly (readonly [name: string, choices: ReadonlyMap<string, BackendChoice>])[] = [
  ['compute', COMPUTE],
  ['backend', BACKENDS],
  ['machine', BACKENDS],
];

/** The parameter of a link and its value. */
export function choiceInLink(choice: BackendChoice): readonly [string, string] {
  const [word] = [...COMPUTE].find(([, one]) => one === choice) ?? [];
  return word === undefined ? ['backend', choice] : ['compute', word];
}
