/** Compiles the AssemblyScript in assembly/. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageVersion, project } from './versions.js';

/** AssemblyScript's compiler. Its name is not a literal, since its typings would redefine Array for the whole project. */
export interface Compiler {
  main(
    parameters: readonly string[],
    options: {
      writeFile(name: string, contents: string | Uint8Array): void;
      /** Default: those of the computer. */
      readFile?(name: string): string | null;
      listFiles?(folder: string): string[];
    },
  ): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
}
const compilerName = 'assemblyscript/asc' as string;

export const loadCompiler = async (): Promise<Compiler> =>
  ((await import(compilerName)) as { readonly default: Compiler }).default;

/** Compiles one file of bench/assembly, with SIMD and `features`. */
export async function compileAssembly(
  file: string,
  features: readonly string[],
  options: readonly string[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const asc = await loadCompiler();
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
  return { portable: await compiledOnce('peak.ts', []), relaxed: await compiledOnce('peak.ts', ['relaxed-simd']) };
}

/** The same, from dist/ if an earlier run has compiled it: compiling takes longer than measuring the peak. */
async function compiledOnce(file: string, features: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const source = readFileSync(path.join(project, 'bench/assembly', file));
  const made = [packageVersion('assemblyscript'), file, ...features].join('\n');
  const digest = createHash('sha256').update(`${made}\n`).update(source).digest('hex');
  const place = path.join(project, 'dist/peak', `${digest}.wasm`);
  if (!existsSync(place)) {
    mkdirSync(path.dirname(place), { recursive: true });
    const own = `${place}-${process.pid}`; // renamed when it is whole, since another run may read it
    writeFileSync(own, await compileAssembly(file, features));
    renameSync(own, place);
  }
  return Uint8Array.from(readFileSync(place));
}
