/** In pages, replaces bench/versions.ts and bench/programs/rivals.ts. */
import { LeftOutError } from '../../program.js';

/** The versions of the packages in the bundle, which site.ts has read. */
declare const VERSIONS: Readonly<Record<string, string | undefined>>;

export function packageVersion(name: string): string {
  return VERSIONS[name] ?? 'unknown';
}

export function projectVersion(): string {
  return packageVersion('longhand');
}

export const rivalVersion = packageVersion;

/** Each rival is a module of the site. */
export async function loadRival(name: string): Promise<unknown> {
  if (VERSIONS[name] === undefined)
    throw new LeftOutError(`${name} is not installed (run npm ci --ignore-scripts in bench/rivals)`);
  return import(new URL(`rivals/${name}.js`, location.href).href); // in the folder of worker.js
}

export function rivalFile(...parts: string[]): string {
  const name = ['rivals', ...parts].join('/').replace(/\/+/g, '/'); // as path.join does in Node
  return new URL(name, location.href).href;
}

/** For one thread, hides Web Workers, otherwise sets their number. */
export function provideWebWorkers(threads: number): void {
  if (threads === 1) Object.assign(globalThis, { Worker: undefined });
  else Object.defineProperty(navigator, 'hardwareConcurrency', { value: threads });
}

/** A page has them. */
export const provideWebGpu = (): Promise<void> => Promise.resolve();
