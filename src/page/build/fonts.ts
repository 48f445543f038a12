/**
 * KaTeX's stylesheet names all its fonts in three formats, and Inter's the font of every script. This keeps the few that the
 * page uses, in WOFF2.
 */
import type { Plugin } from 'vite';

const USED = /KaTeX_(Main|Size[12])-Regular|KaTeX_Math-Italic|inter-latin-wght/;

export function usedFonts(): Plugin {
  return {
    name: 'used-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!/\/(katex(\.min)?|inter\/index)\.css$/.test(id)) return null;
      const used = code.replace(/@font-face\s*\{[^}]*\}/g, (face) => (USED.test(face) ? face : ''));
      return used.replace(/,\s*url\([^)]*\.(woff|ttf)\)\s*format\([^)]*\)/g, '');
    },
  };
}
