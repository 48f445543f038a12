/** The steps of docs/webgpu-kernels.md as kernels to begin with. */
import type { AdapterKind } from '../../kernels/webgpu/device.js';
import { type Kernel, sourceOf } from '../../kernels/webgpu/kernel.js';
import { stepsFor } from '../steps/webgpu-kernels.js';

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
