/** The kernels that a reader can begin with: the steps of the documents, and those of assembly-starts.ts. */
import type { Mode } from '../../kernels/gpu/gpu-js.js';
import type { AdapterKind } from '../../kernels/webgpu/device.js';
import { type Kernel, sourceOf } from '../../kernels/webgpu/kernel.js';
import { BUFFER_STEPS, GL_STEPS } from '../steps/gpu-kernels.js';
import { stepsFor } from '../steps/webgpu-kernels.js';
import { LOOPS, TILE } from './assembly-starts.js';
import type { Language } from './languages.js';

export interface Start {
  readonly name: string;
  readonly source: string;
}

/** How many workgroups a step has, in the order of the document. A test compares them with those of the launches. */
const WORKGROUPS: readonly ((threads: number) => string)[] = [
  (threads) => `ceil(M * N / ${threads})`,
  ...[
    [1, 4],
    [4, 8],
    [8, 8],
    [8, 8],
  ].map(
    ([rows, columns]) =>
      (threads: number) =>
        `ceil(${tiles('M', rows)} * ceil(N / ${columns}) / ${threads})`,
  ),
  ...[64, 32].map((side) => () => `ceil(M / ${side}) * ceil(N / ${side})`),
];

const tiles = (extent: string, size: number): string => (size === 1 ? extent : `ceil(${extent} / ${size})`);

/** Of each language the naive kernel is the first. `mode`: of GPU.js, whose steps depend on whether there are textures. */
export function startsIn(language: Language, mode: Mode): readonly Start[] {
  if (language === 'wgsl') return startsFor('gpu');
  if (language === 'assemblyscript')
    return [
      { name: '1. three loops', source: LOOPS },
      { name: '2. a tile of 2×16', source: TILE },
    ];
  const steps = mode === 'webgl2' || mode === 'headlessgl' ? GL_STEPS : BUFFER_STEPS;
  return steps.map(({ name, tile: [rows, columns], isInTexels, text }) => {
    const tile = `// tile: ${rows}×${columns}${isInTexels ? ', in texels' : ''}`;
    return { name, source: `// ${name}\n${tile}\n${text}\n` };
  });
}

/** A step's kernel does not depend on the operands. */
const ANYWHERE = { data: new Float32Array(), address: 0, pitch: 1, rows: 1, columns: 1, transposed: false };

export const startsFor = (kind: AdapterKind): readonly Start[] =>
  stepsFor(kind).map(({ name, launch }, n) => {
    const { kernel } = launch(ANYWHERE, ANYWHERE, ANYWHERE);
    return { name, source: `// ${name}\n// workgroups: ${WORKGROUPS[n](kernel.threads)}\n${inLines(kernel)}` };
  });

/** The text of a kernel, each line indented by the brackets around it. */
function inLines(kernel: Kernel): string {
  let depth = 0;
  const indented = (line: string): string => {
    const closing = /^[})]+/.exec(line)?.[0].length ?? 0;
    const text = '  '.repeat(Math.max(0, depth - closing)) + line;
    for (const character of line) depth += Number('{('.includes(character)) - Number('})'.includes(character));
    return text;
  };
  const lines = sourceOf(kernel)
    .split('\n')
    .map((line) => line.trim());
  return `${lines.filter(Boolean).map(indented).join('\n')}\n`;
}
