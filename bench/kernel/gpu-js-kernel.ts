/**
 * A kernel in GPU.js: the steps of docs/gpu-kernels.md, and the reader's own. The section "Your own kernel" of that document describes its
 * text for readers. In Node and in pages.
 */
import type { Mode } from '../../kernels/gpu/gpu-js.js';
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { type OpenMode, openMode } from '../../kernels/gpu/modes.js';
import type { Backend } from '../../src/core/backend.js';
import { type KernelStep, depthIn, prepareKernel } from '../steps/gpu-kernels.js';
import type { Operands, Ready } from '../steps/product-steps.js';
import { messageOf } from '../program.js';
import { type Compiled, type Prepared, type Workplace, GUARD, KernelError } from './compiled.js';
import { withoutComments } from './kernel-file.js';

type Text = Omit<KernelStep, 'name'> & {
  /** How many lines of the file stand before the function. */
  readonly skipped: number;
};

const MOST_DEPTH = 256;
/** The characters of a message. Some drivers add the whole text that GPU.js made. */
const MOST_WORDS = 400;

export class GpuJsWorkplace implements Workplace {
  private opened: OpenMode | undefined;
  private backend: { readonly mode: Mode; readonly backend: Backend } | undefined;

  /** Kernels run in the first of these modes that works. */
  constructor(private readonly modes: readonly Mode[]) {}

  async compile(source: string): Promise<Compiled> {
    const text = readText(source);
    const { mode, backend } = (this.backend ??= await firstBackend(this.modes));
    this.opened ??= await openMode(mode);
    checkMode(text, this.opened);
    return new GpuJsKernel(this.opened, text, backend.description);
  }

  async longhand(): Promise<Backend> {
    return (this.backend ??= await firstBackend(this.modes)).backend;
  }

  get lost(): string | undefined {
    return this.opened?.gpu.context?.isContextLost() === true ? 'its WebGL context' : undefined;
  }

  async release(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    await opened?.close();
  }
}

/** A backend checks whether its mode computes correctly. */
async function firstBackend(modes: readonly Mode[]): Promise<{ mode: Mode; backend: Backend }> {
  const refusals: string[] = [];
  for (const mode of modes) {
    try {
      return { mode, backend: await createGpuBackend({ mode }) };
    } catch (error) {
      refusals.push(messageOf(error));
    }
  }
  throw new KernelError(`GPU.js does not run here: ${refusals.join('; ')}`);
}

/** The line `// tile: 2×4, in texels`, and one function. */
function readText(source: string): Text {
  const lineOf = (index: number): number => source.slice(0, index).split('\n').length;
  const found = /^[ \t]*\/\/[ \t]*tile:[ \t]*(\d+)[ \t]*[×x][ \t]*(\d+)[ \t]*(,[ \t]*in texels)?[ \t]*$/m.exec(source);
  if (!found)
    throw new KernelError('no line says which rows and columns a thread computes: add one such as // tile: 1×4');
  const [rows, columns] = [Number(found[1]), Number(found[2])];
  const isInTexels = (found[3] as string | undefined) !== undefined;
  const fits = isInTexels ? columns === 4 && rows >= 1 : rows * columns >= 1 && rows * columns <= 4;
  if (!fits)
    throw new KernelError(
      `a tile of ${rows}×${columns}${isInTexels ? ' in texels' : ''}: ${isInTexels ? 'a texel is 4 columns, so write 1×4, 2×4 and so on' : 'a thread returns 1 to 4 numbers'}`,
      lineOf(found.index),
    );
  const { text, skipped } = functionIn(withoutComments(source));
  const depth = depthIn(text);
  if (depth === 0) throw new KernelError('K is divided by 0');
  if (depth > MOST_DEPTH)
    throw new KernelError(`K is divided by ${depth}, counting all its divisors: at most ${MOST_DEPTH} are possible`);
  return { tile: [rows, columns], isInTexels, text, skipped };
}

function functionIn(code: string): Pick<Text, 'text' | 'skipped'> {
  const found = [...code.matchAll(/\bfunction\b/g)];
  const lineOf = (index: number): number => code.slice(0, index).split('\n').length;
  if (found.length !== 1)
    throw new KernelError(
      `the file has ${found.length === 0 ? 'no function' : `${found.length} functions`}: write one, function product(a, b) { … }`,
      found.length === 0 ? undefined : lineOf(found[1].index),
    );
  const [{ index }] = found;
  const text = code.slice(index).trim();
  if (code.slice(0, index).trim() !== '')
    throw new KernelError('before the function stands something else than comments', lineOf(code.search(/\S/)));
  if (!/^function\s*\w*\s*\(\s*\w+\s*,\s*\w+\s*\)/.test(text))
    throw new KernelError('the function has other parameters than two, the matrices a and b', lineOf(index));
  if (!/\breturn\b/.test(text))
    throw new KernelError('the function returns nothing: it returns a number, or a list of up to four', lineOf(index));
  return { text, skipped: lineOf(index) - 1 };
}

function checkMode({ isInTexels, tile: [rows] }: Text, { mode, geometry: { width, mostOutputs } }: OpenMode): void {
  if (!isInTexels) return;
  if (width !== 4)
    throw new KernelError(
      `mode ${mode} has no texels: begin with a kernel whose tile is in single numbers, such as 2×2`,
    );
  if (rows > mostOutputs) throw new KernelError(`a launch writes at most ${mostOutputs} textures here, not ${rows}`);
}

class GpuJsKernel implements Compiled {
  readonly longhand: string;

  constructor(
    private readonly opened: OpenMode,
    private readonly text: Text,
    readonly executor: string,
  ) {
    this.longhand = `longhand-gpu-${opened.mode}`;
  }

  async prepare(operands: Operands): Promise<Prepared> {
    const ready = await prepareKernel(this.opened, this.text, operands, GUARD);
    if (typeof ready === 'string') throw new KernelError(ready);
    return new PreparedGpuJs(operands, ready, this.text);
  }
}

/** Each launch has a new output, so a kernel neither sees what out held before nor writes outside of it. */
class PreparedGpuJs implements Prepared {
  readonly unsteady = 'look for Math.random(), and for an index outside of a and b';

  constructor(
    readonly operands: Operands,
    private readonly ready: Ready,
    private readonly text: Text,
  ) {}

  /** GPU.js compiles at the first call. */
  async repeat(count: number): Promise<void> {
    try {
      await this.ready.repeat(count);
    } catch (error) {
      throw this.explained(error);
    }
  }

  async read(): ReturnType<Prepared['read']> {
    try {
      return { result: Float32Array.from(await this.ready.result()), outside: undefined };
    } catch (error) {
      throw this.explained(error);
    }
  }

  dispose(): void {
    this.ready.dispose();
  }

  private explained(error: unknown): KernelError {
    const message = messageOf(error).trim();
    const all = message.replace(/ on line \d+, position \d+/, '').replace(/\s+/g, ' ');
    const words = all.length > MOST_WORDS ? `${all.slice(0, MOST_WORDS)} …` : all;
    const line = lineOf(message, this.text.text.split('\n'));
    return new KernelError(words, line === undefined ? undefined : line + this.text.skipped);
  }
}

/**
 * The line of the function, from 1, that a message of GPU.js means. Its parser counts lines from the first one. What translates counts them
 * from the last one, but begins 17 characters after the place, and then quotes the place.
 */
function lineOf(message: string, lines: readonly string[]): number | undefined {
  const parsed = /\((\d+):\d+\)/.exec(message)?.[1];
  if (parsed !== undefined) return Number(parsed);
  const [, left = '', quoted = ''] = / on line (\d+), position \d+:\s*(.*)/.exec(message) ?? [];
  const has = lines.slice(0, lines.length + 1 - Number(left)).map((line) => line.includes(quoted));
  const n = has.lastIndexOf(true);
  return quoted === '' || n < 0 ? undefined : n + 1;
}
