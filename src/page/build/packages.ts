/** What a bundle of the page or of the site has from packages besides code: fonts, and licences. */
import { LICENCES_FILE, licencesOf } from '../../../build/licences.mjs';

/**
 * KaTeX's stylesheet names its fonts in three formats, and Inter's the font of every script. This plugin keeps the rules
 * `@font-face` that `isUsed` accepts, and of these WOFF2.
 */
export const usedFonts = (isUsed: (face: string) => boolean) => ({
  name: 'used-fonts',
  enforce: 'pre' as const,
  transform(code: string, id: string): string | null {
    if (!/\/(katex(\.min)?|inter\/index)\.css$/.test(id)) return null;
    const used = code.replace(/@font-face\s*\{[^}]*\}/g, (face) => (isUsed(face) ? face : ''));
    return used.replace(/,\s*url\([^)]*\.(woff|ttf)\)\s*format\([^)]*\)/g, '');
  },
});

/** What the plugins use of a bundle. */
interface Bundle {
  getModuleIds(): Iterable<string>;
  emitFile(file: { type: 'asset'; fileName: string; source: string }): string;
}

/**
 * Writes the licences of the packages in a bundle and its workers to a file, so that copies of the bundle have them. One plugin
 * is for the workers, which Vite builds first. `others`: files that are no modules; `note` is about them.
 */
export function licences(others: readonly string[] = [], note?: string) {
  const files = new Set(others);
  const add = (ids: Iterable<string>): void => {
    for (const id of ids) files.add(id.replace(/^\0/, '').replace(/\?.*$/, '')); // without what Vite's plugins add
  };
  return {
    forWorkers: () => ({
      name: 'licences-in-workers',
      generateBundle(this: Bundle): void {
        add(this.getModuleIds());
      },
    }),
    forPage: () => ({
      name: 'licences-in-page',
      apply: (_: unknown, { isSsrBuild }: { isSsrBuild?: boolean | undefined }) => isSsrBuild !== true,
      generateBundle(this: Bundle): void {
        add(this.getModuleIds());
        this.emitFile({ type: 'asset', fileName: LICENCES_FILE, source: licencesOf([...files], note) });
      },
    }),
  };
}
