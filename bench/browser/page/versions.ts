/** In pages, replaces bench/versions.ts: the versions that bundle.ts has read. */
declare const VERSIONS: Readonly<Record<string, string | undefined>>;

export function packageVersion(name: string): string {
  return VERSIONS[name] ?? 'unknown';
}

export function projectVersion(): string {
  return packageVersion('longhand');
}

export function isBundled(name: string): boolean {
  return VERSIONS[name] !== undefined;
}
