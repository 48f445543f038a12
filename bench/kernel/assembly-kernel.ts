/**
 * A kernel in AssemblyScript: compiled, with operands in its memory and guard values around them. The section "Your own kernel" of
 * docs/kernels.md describes its text for readers. In Node and in pages.
 */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../../src/core/backend.js';
import type { Compiler } from '../assemblyscript.js';
import { type Operands, productOf } from '../steps/product-steps.js';
import {
  type Compiled,
  type Place,
  type Prepared,
  type Workplace,
  GUARD,
  KernelError,
  fillInTurns,
  writtenOutside,
} from './compiled.js';

export type LoadCompiler = () => Promise<Compiler>;

/**
 * The matrices lie below this address, and what the kernel itself allocates above it, so that its heap can grow. Untouched
 * pages of the memory cost nothing.
 */
const OWN_MEMORY = 64 * 2 ** 20;
const PAGE = 2 ** 16;
/** How many guard values stand beside a matrix: as many as the widest tiles that people write. */
const GUARDS = 1024;
/** And behind the last one, for what goes astray: 1 MiB. */
const LAST_GUARDS = 2 ** 18;
/** For a kernel's own constants and lists. */
const OWN_PAGES = 1024;
/** A matrix begins at a multiple of 64 bytes. */
const ALIGNED = 16;

const PARAMETERS = '(out: usize, a: usize, b: usize, M: i32, K: i32, N: i32)';
type Product = (out: number, a: number, b: number, M: number, K: number, N: number) => void;

export class AssemblyWorkplace implements Workplace {
  private compiler: Compiler | undefined;
  private backend: Backend | undefined;

  constructor(private readonly loadCompiler: LoadCompiler) {}

  async compile(source: string): Promise<Compiled> {
    this.compiler ??= await this.loadCompiler();
    for (const features of [['simd', 'relaxed-simd'], ['simd']]) {
      const binary = await translate(this.compiler, source, features);
      if (WebAssembly.validate(binary)) return new AssemblyKernel(await WebAssembly.compile(binary));
    }
    throw new KernelError('this engine refuses the WebAssembly that the compiler made: does it have SIMD?');
  }

  async longhand(): Promise<Backend> {
    return (this.backend ??= await createWasmBackend({ threads: 1 }));
  }

  release(): void {
    // what kernels have is in the memory of JavaScript
  }
}

/** Of a terminal. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** Throws a KernelError with the compiler's first message and its line. */
async function translate(
  compiler: Compiler,
  source: string,
  features: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await compiler.main(
    [
      ...['kernel.ts', '--outFile', 'kernel.wasm', '-O3'],
      ...['--importMemory', '--memoryBase', String(OWN_MEMORY)],
      ...features.flatMap((feature) => ['--enable', feature]),
    ],
    {
      readFile: (name) => (name === 'kernel.ts' ? source : null),
      writeFile: (_, contents) => void (binary = Uint8Array.from(contents as Uint8Array)),
      listFiles: () => [],
    },
  );
  if (!error && binary) return binary;
  const first = stderr
    .toString()
    .replace(COLOURS, '')
    .split('\n\n')
    .find((message) => message.startsWith('ERROR'));
  const line = /in kernel\.ts\((\d+),/.exec(first ?? '')?.[1];
  const words = /^ERROR (.*)/.exec(first ?? '')?.[1] ?? error?.message ?? 'the compiler wrote nothing';
  throw new KernelError(words, line === undefined ? undefined : Number(line));
}

class AssemblyKernel implements Compiled {
  readonly executor = 'WebAssembly with SIMD, 1 thread';
  readonly longhand = 'longhand-wasm';

  constructor(private readonly module: WebAssembly.Module) {}

  async prepare(operands: Operands): Promise<Prepared> {
    const places = placesFor(operands);
    const memory = new WebAssembly.Memory({ initial: OWN_MEMORY / PAGE + OWN_PAGES });
    const needed = WebAssembly.Module.imports(this.module).find(
      (one) => one.module !== 'env' || !PROVIDED.includes(one.name),
    );
    if (needed) throw new KernelError(`the kernel needs ${needed.module}.${needed.name}, which nothing provides here`);
    const { exports } = await instantiate(this.module, memory);
    const { product } = exports;
    if (typeof product !== 'function' || product.length !== 6)
      throw new KernelError(
        `the file exports no function with six parameters named product: write export function product${PARAMETERS}: void`,
      );
    return new PreparedAssembly(operands, places, memory, product as Product);
  }
}

async function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<WebAssembly.Instance> {
  try {
    return await WebAssembly.instantiate(module, { env: environmentOf(memory) });
  } catch (error) {
    if (!(error instanceof WebAssembly.LinkError)) throw error;
    throw new KernelError(`the kernel's constants need more than ${(OWN_PAGES * PAGE) / 2 ** 20} MiB`);
  }
}

const PROVIDED: readonly string[] = ['memory', 'abort', 'seed'];

const environmentOf = (memory: WebAssembly.Memory) => ({
  memory,
  seed: () => 1, // of Math.random
  /** Of `assert`, and of a list's element that does not exist. */
  abort(message: number, file: number, line: number): never {
    const isOwn = textAt(memory, file) === 'kernel.ts'; // not a file of AssemblyScript's library
    const words = `the kernel stopped: ${textAt(memory, message) || 'it called abort'}`;
    throw new KernelError(words, isOwn && line > 0 ? line : undefined);
  },
});

/** A string of AssemblyScript: its length in bytes lies before it. */
function textAt({ buffer }: WebAssembly.Memory, address: number): string {
  if (address === 0) return '';
  const bytes = new Uint32Array(buffer, address - 4, 1)[0];
  return String.fromCharCode(...new Uint16Array(buffer, address, bytes / 2));
}

interface Places {
  readonly out: Place;
  readonly a: Place;
  readonly b: Place;
  /** Of the numbers from address 0 to the last guard. */
  readonly length: number;
}

function placesFor({ size }: Operands): Places {
  const [M, K, N] = size;
  let length = GUARDS;
  const place = (rows: number, columns: number): Place => {
    const at = length;
    length = Math.ceil((at + rows * columns) / ALIGNED) * ALIGNED + GUARDS;
    return { at, pitch: columns, rows, columns };
  };
  const [out, a, b] = [place(M, N), place(M, K), place(K, N)];
  length += LAST_GUARDS;
  const most = OWN_MEMORY / 4;
  if (length > most)
    throw new KernelError(
      `the matrices of ${productOf(size)} and the numbers around them are ${length}; ${most} fit: time a smaller product`,
    );
  return { out, a, b, length };
}

class PreparedAssembly implements Prepared {
  readonly unsteady =
    'the kernel depends on what a call before it left in memory, so look for a sum or a variable that does not begin anew';
  private readonly before: Float32Array<ArrayBuffer>;

  constructor(
    readonly operands: Operands,
    private readonly places: Places,
    private readonly memory: WebAssembly.Memory,
    private readonly product: Product,
  ) {
    this.before = new Float32Array(places.length).fill(GUARD);
    this.fill([NaN], operands);
  }

  /** A new view each time: a kernel may let the memory grow. */
  private get numbers(): Float32Array {
    return new Float32Array(this.memory.buffer, 0, this.places.length);
  }

  fill(numbers: readonly number[], { a, b }: Pick<Operands, 'a' | 'b'>): void {
    const { places, before } = this;
    before.set(a, places.a.at);
    before.set(b, places.b.at);
    fillInTurns(before.subarray(places.out.at, places.out.at + places.out.rows * places.out.columns), numbers);
    this.numbers.set(this.before);
  }

  repeat(count: number): Promise<void> {
    const { size } = this.operands;
    const [out, a, b] = [this.places.out, this.places.a, this.places.b].map(({ at }) => 4 * at);
    try {
      for (let n = 0; n < count; n++) this.product(out, a, b, ...size);
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(stopped(error, `the kernel stopped at ${productOf(size)}`));
    }
  }

  read(): ReturnType<Prepared['read']> {
    const { numbers } = this;
    const { out, a, b } = this.places;
    const result = numbers.slice(out.at, out.at + out.rows * out.columns);
    return Promise.resolve({ result, outside: writtenOutside('memory', numbers, this.before, { out, a, b }) });
  }

  dispose(): void {
    // JavaScript frees the memory
  }
}

function stopped(error: unknown, where: string): Error {
  if (error instanceof RangeError) return new KernelError(`${where}: its calls are nested too deeply`);
  if (error instanceof TypeError) return new KernelError(`${where}: its parameters are not ${PARAMETERS}`);
  if (!(error instanceof WebAssembly.RuntimeError)) return error instanceof Error ? error : new Error(String(error));
  const hint = error.message.includes('out of bounds')
    ? '. An address is in bytes, so number n of a matrix is at a + 4 * n; one below 0 or far beyond a matrix is no memory'
    : '';
  return new KernelError(`${where}: ${error.message}${hint}`);
}
