/** In pages, replaces bench/programs/rivals.ts: each rival is a module of the site. */
import { LeftOutError } from '../../program.js';
import { isBundled, packageVersion } from './versions.js';

export async function loadRival(name: string): Promise<unknown> {
  if (!isBundled(name))
    throw new LeftOutError(`${name} is not installed (run npm ci --ignore-scripts in bench/rivals)`);
  return import(`/rivals/${name}.js`);
}

export const rivalVersion = packageVersion;

export function rivalFile(...parts: string[]): string {
  return ['/rivals', ...parts].join('/').replace(/\/+/g, '/'); // as path.join does in Node
}
