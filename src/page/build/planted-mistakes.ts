/** `virtual:planted-mistakes`: for every mistake that the page offers, the operations of a src/equations/lstm.ts with that mistake. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { PLANTED_MISTAKES } from '../mistakes.js';

const project = fileURLToPath(new URL('../../..', import.meta.url));

export const LSTM_FILE = path.join(project, 'src/equations/lstm.ts');
const LIST_FILE = path.join(project, 'src/mistakes/planted-mistakes.mjs');
export const DERIVATION_FILE = path.join(project, 'docs/derivation.md');

export const readLstm = (): string => readFileSync(LSTM_FILE, 'utf8');

/** The first and last line (counted from 1) of each equation in src/equations/lstm.ts, from the links in docs/derivation.md: `4′` → [89, 93]. */
export function equationLines(): Map<string, readonly [number, number]> {
  const links = readFileSync(DERIVATION_FILE, 'utf8').matchAll(
    /\[\((\d′?)\)\]\(\.\.\/src\/equations\/lstm\.ts#L(\d+)-L(\d+)\)/g,
  );
  return new Map([...links].map(([, equation, first, last]) => [equation, [Number(first), Number(last)]]));
}

const NAME = 'virtual:planted-mistakes';
const QUERY = '?mistake=';

/** The list in the page holds only the mistakes that it offers. */
export function plantedMistakes(): Plugin {
  return {
    name: 'planted-mistakes',
    enforce: 'pre',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : id.startsWith(LSTM_FILE + QUERY) ? id : null),
    load(id) {
      if (id === `\0${NAME}`) return allMistakes();
      if (id === LIST_FILE) return `export const PLANTED_MISTAKES = ${JSON.stringify(PLANTED_MISTAKES)};`;
      if (!id.startsWith(LSTM_FILE + QUERY)) return null;
      this.addWatchFile(LSTM_FILE);
      return lstmWith(Number(id.slice((LSTM_FILE + QUERY).length)));
    },
  };
}

function allMistakes(): string {
  const imports = PLANTED_MISTAKES.map(
    (_, n) =>
      `import { lstmCellForward as forward${n}, lstmCellBackward as backward${n} } from '${LSTM_FILE}${QUERY}${n}';`,
  );
  const entries = PLANTED_MISTAKES.map(
    ({ id }, n) => `'${id}': { lstmCellForward: forward${n}, lstmCellBackward: backward${n} },`,
  );
  return `${imports.join('\n')}\nexport default {\n${entries.join('\n')}\n};\n`;
}

/** src/equations/lstm.ts with mistake n. Throws an Error if src/equations/lstm.ts does not have the right line exactly once. */
function lstmWith(n: number): string {
  const { id, right, wrong } = PLANTED_MISTAKES[n];
  const parts = readLstm().split(right);
  if (parts.length !== 2)
    throw new Error(`mistake ${id}: src/equations/lstm.ts has “${right}” ${parts.length - 1} times`);
  return parts.join(wrong);
}
