import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../..', import.meta.url));

export const LSTM_FILE = path.join(project, 'src/equations/lstm.ts');
export const LIST_FILE = path.join(project, 'src/exercises/planted-mistakes.mjs');
export const DERIVATION_FILE = path.join(project, 'docs/derivation.md');

export const readLstm = (): string => readFileSync(LSTM_FILE, 'utf8');

/** The first and last line (counted from 1) of each equation in src/equations/lstm.ts, from the links in docs/derivation.md: `4′` → [89, 93]. */
export function equationLines(): Map<string, readonly [number, number]> {
  const links = readFileSync(DERIVATION_FILE, 'utf8').matchAll(
    /\[\((\d′?)\)\]\(\.\.\/src\/equations\/lstm\.ts#L(\d+)-L(\d+)\)/g,
  );
  return new Map([...links].map(([, equation, first, last]) => [equation, [Number(first), Number(last)]]));
}
