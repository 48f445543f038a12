/** The project's folder, and the versions of the packages that it uses. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);

/** The project's folder. This file may lie in bench/ or in dist/bench/. */
export const project = path.dirname(require.resolve('longhand/package.json'));

export function projectVersion(): string {
  return versionIn(path.join(project, 'package.json'));
}

export function versionIn(manifest: string): string {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** The version of a package that the project depends on. */
export function packageVersion(name: string): string {
  return versionIn(path.join(packageFolder(name), 'package.json'));
}

/** Not every package exports its manifest, so we look for its folder. */
function packageFolder(name: string): string {
  const folder = require.resolve.paths(name)?.find((packages) => existsSync(path.join(packages, name)));
  return path.join(folder ?? '', name);
}
