/** Compiles the AssemblyScript in assembly/. */
import { project } from './versions.js';

/** AssemblyScript's compiler. Its name is not a literal, since its typings would redefine Array for the whole project. */
interface Compiler {
  main(
    parameters: readonly string[],
    options: { writeFile(name: string, contents: string | Uint8Array): void },
  ): Promise<{ error: Error | null }>;
}
const compilerName = 'assemblyscript/asc' as string;

/** Compiles one file of bench/assembly, with SIMD and `features`. */
export async function compileAssembly(
  file: string,
  features: readonly string[],
  options: readonly string[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const { default: asc } = (await import(compilerName)) as { default: Compiler };
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error } = await asc.main(
    [
      `bench/assembly/${file}`,
      '--outFile',
      'out.wasm',
      '--runtime',
      'stub',
      '-O3',
      '--noAssert',
      '--baseDir',
      project,
      ...options,
      ...['simd', ...features].flatMap((feature) => ['--enable', feature]),
    ],
    { writeFile: (_, contents) => void (binary = Uint8Array.from(contents as Uint8Array)) },
  );
  if (error || !binary) throw new Error(`bench/assembly/${file}: ${error?.message ?? 'the compiler wrote no binary'}`);
  return binary;
}

/** assembly/peak.ts, compiled without and with relaxed SIMD. */
export interface PeakBinaries {
  readonly portable: Uint8Array<ArrayBuffer>;
  readonly relaxed: Uint8Array<ArrayBuffer>;
}

export async function compilePeak(): Promise<PeakBinaries> {
  return {
    portable: await compileAssembly('peak.ts', []),
    relaxed: await compileAssembly('peak.ts', ['relaxed-simd']),
  };
}
