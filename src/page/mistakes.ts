/** The planted mistakes that the page offers: for the gradient check, and for a run that trains with one. */
import type { Backend, Operations } from '../core/backend.js';
import { DataError } from '../core/errors.js';
import { PLANTED_MISTAKES as all } from '../mistakes/planted-mistakes.mjs';

export const PLANTED_MISTAKES = all.filter(({ onPage }) => onPage);

/** Undefined for `none`, and for an id that the page does not offer. */
export const mistakeOf = (id: string) => PLANTED_MISTAKES.find((mistake) => mistake.id === id);

/** The operations of an LSTM's cells: those that a planted mistake replaces. */
export type Cells = Pick<Operations, 'lstmCellForward' | 'lstmCellBackward'>;

/**
 * Gives a backend the cells of a src/equations/lstm.ts with a mistake; undefined: it keeps its own. Its products and updates
 * stay. Throws a DataError for a backend whose tensors are not on the host, because these cells are plain TypeScript.
 */
export function withCells(backend: Backend, cells: Cells | undefined): Backend {
  if (!cells) return backend;
  if (backend.isOnHost !== true) throw new DataError('only WebAssembly and plain TypeScript can train with a mistake');
  const own: Cells = {
    lstmCellForward(h, c, gates, ...inputs) {
      cells.lstmCellForward(h, c, gates, ...inputs);
      for (const written of [h, c, gates]) backend.upload(written);
    },
    lstmCellBackward(dz, dc, dcPrev, ...inputs) {
      cells.lstmCellBackward(dz, dc, dcPrev, ...inputs);
      for (const written of [dz, dc, dcPrev]) backend.upload(written);
    },
  };
  return Object.assign(backend, own);
}
