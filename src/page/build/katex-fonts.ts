/** KaTeX's stylesheet names all fonts in three formats. This keeps the few that the page uses, in WOFF2. */
import type { Plugin } from 'vite';

const USED = /KaTeX_(Main|Math|Size[12])/;

export function katexFonts(): Plugin {
  return {
    name: 'katex-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!/katex(\.min)?\.css$/.test(id)) return null;
      const used = code.replace(/@font-face\s*\{[^}]*\}/g, (face) => (USED.test(face) ? face : ''));
      return used.replace(/,\s*url\([^)]*\.(woff|ttf)\)\s*format\([^)]*\)/g, '');
    },
  };
}
