/** Where the project lies, built or not, and the versions of what it uses. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);

/** The folder of the project: this file may lie in bench/ or in dist/bench/. */
export const project = path.dirname(require.resolve('longhand/package.json'));

export function projectVersion(): string {
  return versionIn(path.join(project, 'package.json'));
}

export function versionIn(manifest: string): string {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
