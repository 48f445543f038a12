/** Where the project lies, built or not, and the versions of what it uses. */
import { existsSync, readFileSync } from 'node:fs';
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

/** Of a package that the project itself depends on. */
export function packageVersion(name: string): string {
  return versionIn(path.join(packageFolder(name), 'package.json'));
}

/** Not every package exports its manifest, so it is looked for where the project's packages lie. */
function packageFolder(name: string): string {
  const folder = require.resolve.paths(name)?.find((candidate) => existsSync(path.join(candidate, name)));
  return path.join(folder ?? '', name);
}
